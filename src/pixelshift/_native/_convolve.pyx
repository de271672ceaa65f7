"""Gaussian blur by integer masks, and correlation with any kernel, on 8-bit pictures."""

from libc.stddef cimport size_t
from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport free, malloc

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/convolve.h" nogil:
    ctypedef struct pixelshift_convolve_mask:
        pass
    ctypedef struct pixelshift_convolve_shape:
        size_t rows
        size_t columns
        size_t channels
    ctypedef struct pixelshift_convolve_kernels_table:
        void (*correlate)(
            uint8_t *, const uint8_t *const *, const double *, size_t, double, double, size_t) nogil
        void (*correlate_real)(
            float *, const uint8_t *const *, const double *, size_t, double, double, size_t) nogil
    const pixelshift_convolve_kernels_table *pixelshift_convolve_kernels(pixelshift_cpu_level level)
    int pixelshift_convolve_mask_init(pixelshift_convolve_mask *mask, const int32_t *weight, size_t radius)
    size_t pixelshift_convolve_scratch_bytes(
        const pixelshift_convolve_shape *shape, const pixelshift_convolve_mask *mask)
    void pixelshift_convolve_along_rows(
        uint8_t *dst, const uint8_t *src, const pixelshift_convolve_shape *shape,
        const pixelshift_convolve_mask *mask, size_t first, size_t last, pixelshift_cpu_level level, void *scratch)
    void pixelshift_convolve_along_columns(
        uint8_t *dst, const uint8_t *src, const pixelshift_convolve_shape *shape,
        const pixelshift_convolve_mask *mask, size_t first, size_t last, pixelshift_cpu_level level, void *scratch)

cdef extern from "pixelshift/blend.h" nogil:
    ctypedef struct pixelshift_blend_kernels_table:
        void (*unpremultiply_real)(uint8_t *, const float *, size_t) nogil
    const pixelshift_blend_kernels_table *pixelshift_blend_kernels(pixelshift_cpu_level level)


def blur(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] src, *, const int32_t[::1] mask, int axis, rows, cpu=None):
    """Rows ``(first, last)`` of ``src`` blurred along ``axis`` (0 columns, 1 rows), rounded.

    ``mask`` holds the weights from the middle out: falling, 20 at most, 1 at least. Raises ValueError for masks, shapes,
    rows and levels that do not fit.
    """
    cdef pixelshift_cpu_level level = level_of(cpu)
    cdef size_t first, last
    if (dst.shape[0], dst.shape[1], dst.shape[2]) != (src.shape[0], src.shape[1], src.shape[2]):
        raise ValueError("dst and src must be of one shape")
    if min(src.shape[0], src.shape[1], src.shape[2]) < 1 or &dst[0, 0, 0] == &src[0, 0, 0]:
        raise ValueError("dst and src must be two pictures with pixels")
    begin, end = rows  # by name: subscripts are not checked here
    if not 0 <= begin <= end <= src.shape[0]:
        raise ValueError(f"rows {begin} to {end} are not in the picture")
    first, last = begin, end
    cdef pixelshift_convolve_mask prepared
    if mask.shape[0] < 1 or not pixelshift_convolve_mask_init(&prepared, &mask[0], mask.shape[0] - 1):
        raise ValueError("a mask must fall from at most 20 to at least 1, over at most 16384 samples, summing to 65000")
    cdef pixelshift_convolve_shape shape
    shape.rows = src.shape[0]
    shape.columns = src.shape[1]
    shape.channels = src.shape[2]
    cdef void *scratch = malloc(pixelshift_convolve_scratch_bytes(&shape, &prepared))
    if scratch == NULL:
        raise MemoryError
    with nogil:
        if axis == 1:
            pixelshift_convolve_along_rows(
                &dst[0, 0, 0], &src[0, 0, 0], &shape, &prepared, first, last, level, scratch)
        else:
            pixelshift_convolve_along_columns(
                &dst[0, 0, 0], &src[0, 0, 0], &shape, &prepared, first, last, level, scratch)
        free(scratch)


def correlate(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] padded, const double[:, ::1] kernel, *,
              double scale, double offset, rows, bint premultiplied=False, cpu=None):
    """Rows ``(first, last)`` of the correlation, ``sum / scale + offset``, clipped, fraction cut.

    ``padded`` exceeds ``dst`` by the kernel's sides less one. Where it is RGBA with ``premultiplied`` colours, ``dst``
    gets them as they are without that; alpha that leaves its range counts until it is written. Raises ValueError for
    what does not fit.
    """
    cdef pixelshift_cpu_level level = level_of(cpu)
    cdef const pixelshift_convolve_kernels_table *kernels = pixelshift_convolve_kernels(level)
    cdef const pixelshift_blend_kernels_table *blending = pixelshift_blend_kernels(level)
    cdef Py_ssize_t height = kernel.shape[0], width = kernel.shape[1], channels = dst.shape[2]
    if min(dst.shape[0], dst.shape[1], dst.shape[2], height, width) < 1 or padded.shape[2] != channels or (
            padded.shape[0] != dst.shape[0] + height - 1 or padded.shape[1] != dst.shape[1] + width - 1):
        raise ValueError("the padded picture must exceed the result by the kernel's sides, less one")
    begin, end = rows  # by name: subscripts are not checked here
    if not 0 <= begin <= end <= dst.shape[0]:
        raise ValueError(f"rows {begin} to {end} are not in the picture")
    if premultiplied and channels != 4:
        raise ValueError(f"premultiplied pictures have four channels, not {channels}")
    cdef Py_ssize_t first = begin, last = end, taps = 0, samples = dst.shape[1] * channels, y, j, i, t
    cdef const uint8_t **tap = <const uint8_t **>malloc(height * width * sizeof(uint8_t *))
    cdef double *weight = <double *>malloc(height * width * sizeof(double))
    cdef float *line = <float *>malloc(samples * sizeof(float))
    if tap == NULL or weight == NULL or line == NULL:
        free(tap)
        free(weight)
        free(line)
        raise MemoryError
    with nogil:
        for j in range(height):
            for i in range(width):
                if kernel[j, i] != 0.0:
                    weight[taps] = kernel[j, i]
                    tap[taps] = &padded[first + j, i, 0]
                    taps += 1
        for y in range(first, last):
            if premultiplied:
                kernels.correlate_real(line, tap, weight, taps, scale, offset, samples)
                blending.unpremultiply_real(&dst[y, 0, 0], line, dst.shape[1])
            else:
                kernels.correlate(&dst[y, 0, 0], tap, weight, taps, scale, offset, samples)
            for t in range(taps):
                tap[t] += padded.shape[1] * channels
        free(tap)
        free(weight)
        free(line)
