"""Edits in CIELAB of 8-bit sRGB, and luminance in linear light."""

from libc.stddef cimport size_t
from libc.stdint cimport int16_t, uint8_t, uint16_t

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/colour.h" nogil:
    ctypedef struct pixelshift_colour_tables:
        pass
    void pixelshift_colour_tables_init(pixelshift_colour_tables *tables)
    ctypedef struct pixelshift_colour_adjustment:
        float scale
        float offset
        float aa
        float ab
        float ba
        float bb
    ctypedef struct pixelshift_colour_planes:
        uint16_t *light
        int16_t *a
        int16_t *b
    ctypedef struct pixelshift_colour_kernels_table:
        void (*adjust)(
            uint8_t *, const uint8_t *, const pixelshift_colour_tables *, const pixelshift_colour_adjustment *, size_t,
            size_t) nogil
        void (*split)(
            pixelshift_colour_planes, const uint8_t *, const pixelshift_colour_tables *, size_t, size_t) nogil
        void (*join)(uint8_t *, pixelshift_colour_planes, const pixelshift_colour_tables *, size_t, size_t) nogil
        void (*lightness)(uint8_t *, const uint8_t *, const pixelshift_colour_tables *, size_t, size_t) nogil
        void (*luminance)(uint8_t *, const uint8_t *, const pixelshift_colour_tables *, size_t, size_t) nogil
    const pixelshift_colour_kernels_table *pixelshift_colour_kernels(pixelshift_cpu_level level)


cdef class Curves:
    """The transfer curve of sRGB both ways, for the functions below."""

    cdef pixelshift_colour_tables tables

    def __cinit__(self):
        pixelshift_colour_tables_init(&self.tables)


cdef const pixelshift_colour_kernels_table *_kernels(cpu) except NULL:
    return pixelshift_colour_kernels(level_of(cpu))


cdef size_t _pixels(const uint8_t[:, :, ::1] picture, Py_ssize_t rows, Py_ssize_t columns) except 0:
    if picture.shape[2] not in (3, 4) or picture.shape[0] * picture.shape[1] == 0:
        raise ValueError(f"a picture of RGB or RGBA is wanted, not {picture.shape[0]}x{picture.shape[1]}x"
                         f"{picture.shape[2]}")
    if rows != picture.shape[0] or columns != picture.shape[1]:
        raise ValueError("source and result must be of one size")
    return picture.shape[0] * picture.shape[1]


cdef pixelshift_colour_planes _planes(
        uint16_t[:, ::1] light, int16_t[:, :, ::1] chroma, const uint8_t[:, :, ::1] picture) except *:
    cdef pixelshift_colour_planes planes
    _pixels(picture, light.shape[0], light.shape[1])
    if chroma.shape[0] != 2:
        raise ValueError("chroma has two planes, a and b")
    _pixels(picture, chroma.shape[1], chroma.shape[2])
    planes.light = &light[0, 0]
    planes.a = &chroma[0, 0, 0]
    planes.b = &chroma[1, 0, 0]
    return planes


def adjust(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] src, Curves curves not None, *, light, chroma, cpu=None):
    """L to ``light[0] * L + light[1]``, (a, b) by the 2x2 matrix ``chroma`` (row by row); alpha stays."""
    cdef const pixelshift_colour_kernels_table *kernels = _kernels(cpu)
    cdef size_t pixels = _pixels(src, dst.shape[0], dst.shape[1])
    if dst.shape[2] != src.shape[2]:
        raise ValueError("source and result must have the same channels")
    cdef pixelshift_colour_adjustment by
    by.scale, by.offset = light
    by.aa, by.ab, by.ba, by.bb = chroma
    with nogil:
        kernels.adjust(&dst[0, 0, 0], &src[0, 0, 0], &curves.tables, &by, pixels, src.shape[2])


def split(uint16_t[:, ::1] light, int16_t[:, :, ::1] chroma, const uint8_t[:, :, ::1] src, Curves curves not None, *,
          cpu=None):
    """L in 1/327.67, and a and b (the planes of ``chroma``) in 1/256, fractions cut."""
    cdef const pixelshift_colour_kernels_table *kernels = _kernels(cpu)
    cdef pixelshift_colour_planes planes = _planes(light, chroma, src)
    with nogil:
        kernels.split(planes, &src[0, 0, 0], &curves.tables, src.shape[0] * src.shape[1], src.shape[2])


def join(uint8_t[:, :, ::1] dst, uint16_t[:, ::1] light, int16_t[:, :, ::1] chroma, Curves curves not None, *,
         cpu=None):
    """The inverse of :func:`split`, into the colours of ``dst``; its alpha stays."""
    cdef const pixelshift_colour_kernels_table *kernels = _kernels(cpu)
    cdef pixelshift_colour_planes planes = _planes(light, chroma, dst)
    with nogil:
        kernels.join(&dst[0, 0, 0], planes, &curves.tables, dst.shape[0] * dst.shape[1], dst.shape[2])


def lightness(uint8_t[:, ::1] dst, const uint8_t[:, :, ::1] src, Curves curves not None, *, cpu=None):
    """L 0-100 with its fraction cut."""
    cdef const pixelshift_colour_kernels_table *kernels = _kernels(cpu)
    cdef size_t pixels = _pixels(src, dst.shape[0], dst.shape[1])
    with nogil:
        kernels.lightness(&dst[0, 0], &src[0, 0, 0], &curves.tables, pixels, src.shape[2])


def luminance(uint8_t[:, ::1] dst, const uint8_t[:, :, ::1] src, Curves curves not None, *, cpu=None):
    """The grey level of equal luminance, by Rec. 709 weights on linear light."""
    cdef const pixelshift_colour_kernels_table *kernels = _kernels(cpu)
    cdef size_t pixels = _pixels(src, dst.shape[0], dst.shape[1])
    with nogil:
        kernels.luminance(&dst[0, 0], &src[0, 0, 0], &curves.tables, pixels, src.shape[2])
