"""What draws the eye in 8-bit pictures, on a grid of cells."""

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/saliency.h" nogil:
    ctypedef struct pixelshift_saliency_marks:
        uint8_t *detail
        uint8_t *colour
        uint8_t *skin
    ctypedef struct pixelshift_saliency_kernels_table:
        void (*luma)(uint8_t *, const uint8_t *, size_t) nogil
        void (*mark)(
            pixelshift_saliency_marks, const uint8_t *, const uint8_t *, const uint8_t *, size_t) nogil
        uint64_t (*sum)(const uint8_t *, size_t) nogil
    const pixelshift_saliency_kernels_table *pixelshift_saliency_kernels(pixelshift_cpu_level level)


cdef const pixelshift_saliency_kernels_table *_kernels(cpu) except NULL:
    return pixelshift_saliency_kernels(level_of(cpu))


def mark_cells(int64_t[:, :, ::1] cells, const uint8_t[:, :, ::1] pixels, *, cpu=None):
    """Sum the marks of RGB ``pixels`` for detail, colour and skin into ``cells`` (3, rows, columns).

    Cell i of n along a side spans from ``side * i // n``. Raises ValueError for other channels, no pixels, or more
    cells than pixels along a side.
    """
    cdef const pixelshift_saliency_kernels_table *kernels = _kernels(cpu)
    cdef Py_ssize_t height = pixels.shape[0], width = pixels.shape[1]
    cdef Py_ssize_t rows = cells.shape[1], columns = cells.shape[2]
    if cells.shape[0] != 3 or pixels.shape[2] != 3 or not 1 <= rows <= height or not 1 <= columns <= width:
        raise ValueError(f"cannot mark {height}x{width}x{pixels.shape[2]} on {cells.shape[0]}x{rows}x{columns} cells")
    cells[:, :, :] = 0
    cdef uint8_t *memory = <uint8_t *>malloc(5 * width)
    if memory == NULL:
        raise MemoryError
    cdef uint8_t *luma = memory
    cdef uint8_t *above = memory + width
    cdef uint8_t *other
    cdef pixelshift_saliency_marks marks
    marks.detail = memory + 2 * width
    marks.colour = memory + 3 * width
    marks.skin = memory + 4 * width
    cdef Py_ssize_t y, row, column, start, stop
    with nogil:
        row = 0
        for y in range(height):
            while y >= height * (row + 1) // rows:
                row += 1
            kernels.luma(luma, &pixels[y, 0, 0], width)
            kernels.mark(marks, &pixels[y, 0, 0], luma, above if y > 0 else luma, width)
            start = 0
            for column in range(columns):
                stop = width * (column + 1) // columns
                cells[0, row, column] += <int64_t>kernels.sum(marks.detail + start, stop - start)
                cells[1, row, column] += <int64_t>kernels.sum(marks.colour + start, stop - start)
                cells[2, row, column] += <int64_t>kernels.sum(marks.skin + start, stop - start)
                start = stop
            other = above
            above = luma
            luma = other
        free(memory)


def luma(uint8_t[:, ::1] dst, const uint8_t[:, :, ::1] pixels, *, cpu=None):
    """Rec. 601 luma of RGB ``pixels``."""
    cdef const pixelshift_saliency_kernels_table *kernels = _kernels(cpu)
    if pixels.shape[2] != 3 or dst.shape[0] != pixels.shape[0] or dst.shape[1] != pixels.shape[1]:
        raise ValueError("dst must have the rows and columns of an RGB picture")
    if pixels.shape[0] and pixels.shape[1]:
        with nogil:
            kernels.luma(&dst[0, 0], &pixels[0, 0, 0], pixels.shape[0] * pixels.shape[1])


def histogram(int64_t[::1] counts, const uint8_t[:, :] values):
    """Count the values of a plane, whose rows may be strided, into 256 bins."""
    if counts.shape[0] != 256:
        raise ValueError("counts must have 256 bins")
    counts[:] = 0
    # Two tables, so that runs of one value do not wait for each other's store.
    cdef int64_t other[256]
    cdef Py_ssize_t x, y, pairs = values.shape[1] // 2 * 2
    for x in range(256):
        other[x] = 0
    with nogil:
        for y in range(values.shape[0]):
            for x in range(0, pairs, 2):
                counts[values[y, x]] += 1
                other[values[y, x + 1]] += 1
            if pairs < values.shape[1]:
                counts[values[y, pairs]] += 1
    for x in range(256):
        counts[x] += other[x]
