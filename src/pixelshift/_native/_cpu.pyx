"""The instruction-set levels of this machine."""

cdef extern from "pixelshift/cpu.h":
    ctypedef enum pixelshift_cpu_level:
        PIXELSHIFT_CPU_SCALAR
        PIXELSHIFT_CPU_AVX2
    pixelshift_cpu_level pixelshift_cpu_detect()
    pixelshift_cpu_level pixelshift_cpu_current()

_NAMES = {PIXELSHIFT_CPU_SCALAR: "scalar", PIXELSHIFT_CPU_AVX2: "avx2"}


def detected():
    """The highest level that cpuid allows: ``"scalar"`` or ``"avx2"``."""
    return _NAMES[pixelshift_cpu_detect()]


def current():
    """The level in force, after ``PIXELSHIFT_CPU`` has lowered it."""
    return _NAMES[pixelshift_cpu_current()]
