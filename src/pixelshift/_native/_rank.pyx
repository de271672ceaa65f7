"""Median and contrast-limited equalisation of 8-bit pictures."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport free, malloc

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/rank.h" nogil:
    int PIXELSHIFT_RANK_MEDIAN_SIDE_LIMIT
    ctypedef struct pixelshift_rank_source:
        const uint8_t *samples
        size_t stride
        size_t columns
        size_t channels
        size_t width
        size_t height
    size_t pixelshift_rank_scratch_bytes(const pixelshift_rank_source *source)
    void pixelshift_rank_median(
        uint8_t *dst, const pixelshift_rank_source *source, size_t first, size_t last, pixelshift_cpu_level level,
        void *scratch)
    void pixelshift_rank_equalise(
        uint8_t *dst, const pixelshift_rank_source *source, size_t first, size_t last, uint32_t slope,
        pixelshift_cpu_level level, void *scratch)

MEDIAN_SIDE_LIMIT = PIXELSHIFT_RANK_MEDIAN_SIDE_LIMIT


cdef pixelshift_rank_source _source(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] padded, first, last) except *:
    if min(dst.shape[0], dst.shape[1], dst.shape[2]) < 1 or dst.shape[2] != padded.shape[2]:
        raise ValueError("both pictures need the same channels, and pixels")
    if padded.shape[0] < dst.shape[0] or padded.shape[1] < dst.shape[1] or padded.shape[0] - dst.shape[0] > 65534:
        raise ValueError("the padded picture must exceed the result by the window's sides, less one, up to 65534")
    if not 0 <= first <= last <= dst.shape[0]:
        raise ValueError(f"rows {first} to {last} are not in the picture")
    cdef pixelshift_rank_source source
    source.samples = &padded[0, 0, 0]
    source.stride = padded.shape[1] * padded.shape[2]
    source.columns = dst.shape[1]
    source.channels = dst.shape[2]
    source.width = padded.shape[1] - dst.shape[1] + 1
    source.height = padded.shape[0] - dst.shape[0] + 1
    return source


def median(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] padded, *, rows, cpu=None):
    """Rows ``(first, last)`` of the median; the window is what ``padded`` has more than ``dst``, plus one.

    Of an even count the upper of the two middle values counts. Raises ValueError for shapes, rows and levels that do
    not fit, and for windows above 255 a side.
    """
    cdef pixelshift_cpu_level level = level_of(cpu)
    begin, end = rows  # once: what is checked is what counts
    cdef pixelshift_rank_source source = _source(dst, padded, begin, end)
    cdef size_t first = begin, last = end
    if max(source.width, source.height) > PIXELSHIFT_RANK_MEDIAN_SIDE_LIMIT:
        raise ValueError(f"a median window has at most {PIXELSHIFT_RANK_MEDIAN_SIDE_LIMIT} pixels a side")
    cdef void *scratch = malloc(pixelshift_rank_scratch_bytes(&source))
    if scratch == NULL:
        raise MemoryError
    with nogil:
        pixelshift_rank_median(&dst[0, 0, 0], &source, first, last, level, scratch)
        free(scratch)


def equalise(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] padded, *, rows, uint32_t slope, cpu=None):
    """Rows ``(first, last)`` of contrast-limited equalisation; the window is given as for :func:`median`."""
    cdef pixelshift_cpu_level level = level_of(cpu)
    begin, end = rows  # once: what is checked is what counts
    cdef pixelshift_rank_source source = _source(dst, padded, begin, end)
    cdef size_t first = begin, last = end
    cdef void *scratch = malloc(pixelshift_rank_scratch_bytes(&source))
    if scratch == NULL:
        raise MemoryError
    with nogil:
        pixelshift_rank_equalise(&dst[0, 0, 0], &source, first, last, slope, level, scratch)
        free(scratch)
