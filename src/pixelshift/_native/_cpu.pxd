cdef extern from "pixelshift/cpu.h":
    ctypedef enum pixelshift_cpu_level:
        PIXELSHIFT_CPU_SCALAR
        PIXELSHIFT_CPU_AVX2
        PIXELSHIFT_CPU_NEON

cdef pixelshift_cpu_level level_of(cpu) except *
