"""The instruction-set levels of this machine."""

cdef extern from "pixelshift/cpu.h":
    pixelshift_cpu_level pixelshift_cpu_detect()
    pixelshift_cpu_level pixelshift_cpu_current()

_NAMES = {PIXELSHIFT_CPU_SCALAR: "scalar", PIXELSHIFT_CPU_AVX2: "avx2", PIXELSHIFT_CPU_NEON: "neon"}


def detected():
    """The highest level that the CPU allows: ``"scalar"``, ``"avx2"`` on x86-64, ``"neon"`` on 64-bit ARM."""
    return _NAMES[pixelshift_cpu_detect()]


def current():
    """The level in force, after ``PIXELSHIFT_CPU`` has lowered it."""
    return _NAMES[pixelshift_cpu_current()]


cdef pixelshift_cpu_level level_of(cpu) except *:
    """The level called ``cpu``, or the one in force for None. Raises ValueError for any other but ``"scalar"``."""
    cdef pixelshift_cpu_level in_force = pixelshift_cpu_current()
    if cpu is None or cpu == _NAMES[in_force]:
        return in_force
    if cpu == "scalar":
        return PIXELSHIFT_CPU_SCALAR
    raise ValueError(f"this process runs no kernels for {cpu!r}")
