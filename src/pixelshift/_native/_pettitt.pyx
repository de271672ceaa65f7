"""The kernels of the recursive Pettitt statistic, one by one, for tests and benchmarks of the kernels themselves."""

from libc.stdint cimport int32_t, int64_t

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/pettitt.h" nogil:
    ctypedef struct pixelshift_pettitt_range:
        int64_t highest
        int64_t lowest
    ctypedef struct pixelshift_pettitt_table:
        pixelshift_pettitt_range (*pass_i32)(int32_t *sums, const double *values, int64_t count, double pivot) noexcept nogil
        pixelshift_pettitt_range (*pass_i64)(int64_t *sums, const double *values, int64_t count, double pivot) noexcept nogil
    const pixelshift_pettitt_table *pixelshift_pettitt_kernels(pixelshift_cpu_level level)


cdef const pixelshift_pettitt_table *kernels(cpu) except NULL:
    return pixelshift_pettitt_kernels(level_of(cpu))


cdef int check(Py_ssize_t sums, Py_ssize_t values) except -1:
    if sums != values or sums == 0:
        raise ValueError(f"as many sums as values are needed, and at least one, not {sums} and {values}")
    return 0


def pass_i32(int32_t[::1] sums, const double[::1] values, double pivot, *, cpu=None):
    """Adds the prefix sums of ``[value < pivot] - [value > pivot]`` to the sums; the new ``(highest, lowest)``."""
    check(sums.shape[0], values.shape[0])
    cdef pixelshift_pettitt_range found
    cdef const pixelshift_pettitt_table *table = kernels(cpu)
    with nogil:
        found = table.pass_i32(&sums[0], &values[0], values.shape[0], pivot)
    return found.highest, found.lowest


def pass_i64(int64_t[::1] sums, const double[::1] values, double pivot, *, cpu=None):
    """:func:`pass_i32` for sums beyond 32 bits."""
    check(sums.shape[0], values.shape[0])
    cdef pixelshift_pettitt_range found
    cdef const pixelshift_pettitt_table *table = kernels(cpu)
    with nogil:
        found = table.pass_i64(&sums[0], &values[0], values.shape[0], pivot)
    return found.highest, found.lowest
