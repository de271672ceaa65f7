"""Compositing of 8-bit pictures, in place."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/blend.h" nogil:
    ctypedef enum pixelshift_blend_mode:
        PIXELSHIFT_BLEND_CLEAR
        PIXELSHIFT_BLEND_SOURCE
        PIXELSHIFT_BLEND_OVER
        PIXELSHIFT_BLEND_IN
        PIXELSHIFT_BLEND_OUT
        PIXELSHIFT_BLEND_ATOP
        PIXELSHIFT_BLEND_DEST
        PIXELSHIFT_BLEND_DEST_OVER
        PIXELSHIFT_BLEND_DEST_IN
        PIXELSHIFT_BLEND_DEST_OUT
        PIXELSHIFT_BLEND_DEST_ATOP
        PIXELSHIFT_BLEND_XOR
        PIXELSHIFT_BLEND_ADD
        PIXELSHIFT_BLEND_SATURATE
        PIXELSHIFT_BLEND_MULTIPLY
        PIXELSHIFT_BLEND_SCREEN
        PIXELSHIFT_BLEND_OVERLAY
        PIXELSHIFT_BLEND_DARKEN
        PIXELSHIFT_BLEND_LIGHTEN
        PIXELSHIFT_BLEND_COLOUR_DODGE
        PIXELSHIFT_BLEND_COLOUR_BURN
        PIXELSHIFT_BLEND_HARD_LIGHT
        PIXELSHIFT_BLEND_SOFT_LIGHT
        PIXELSHIFT_BLEND_DIFFERENCE
        PIXELSHIFT_BLEND_EXCLUSION
    ctypedef struct pixelshift_blend_kernels_table:
        void (*rgba)(uint8_t *, const uint8_t *, size_t, pixelshift_blend_mode, uint32_t) nogil
        void (*over_rgb)(uint8_t *, const uint8_t *, size_t, uint32_t) nogil
        void (*premultiply)(uint8_t *, const uint8_t *, size_t) nogil
        void (*unpremultiply)(uint8_t *, const uint8_t *, size_t) nogil
    const pixelshift_blend_kernels_table *pixelshift_blend_kernels(pixelshift_cpu_level level)

_MODES = {
    "clear": PIXELSHIFT_BLEND_CLEAR,
    "source": PIXELSHIFT_BLEND_SOURCE,
    "over": PIXELSHIFT_BLEND_OVER,
    "in": PIXELSHIFT_BLEND_IN,
    "out": PIXELSHIFT_BLEND_OUT,
    "atop": PIXELSHIFT_BLEND_ATOP,
    "dest": PIXELSHIFT_BLEND_DEST,
    "dest-over": PIXELSHIFT_BLEND_DEST_OVER,
    "dest-in": PIXELSHIFT_BLEND_DEST_IN,
    "dest-out": PIXELSHIFT_BLEND_DEST_OUT,
    "dest-atop": PIXELSHIFT_BLEND_DEST_ATOP,
    "xor": PIXELSHIFT_BLEND_XOR,
    "add": PIXELSHIFT_BLEND_ADD,
    "saturate": PIXELSHIFT_BLEND_SATURATE,
    "multiply": PIXELSHIFT_BLEND_MULTIPLY,
    "screen": PIXELSHIFT_BLEND_SCREEN,
    "overlay": PIXELSHIFT_BLEND_OVERLAY,
    "darken": PIXELSHIFT_BLEND_DARKEN,
    "lighten": PIXELSHIFT_BLEND_LIGHTEN,
    "colour-dodge": PIXELSHIFT_BLEND_COLOUR_DODGE,
    "colour-burn": PIXELSHIFT_BLEND_COLOUR_BURN,
    "hard-light": PIXELSHIFT_BLEND_HARD_LIGHT,
    "soft-light": PIXELSHIFT_BLEND_SOFT_LIGHT,
    "difference": PIXELSHIFT_BLEND_DIFFERENCE,
    "exclusion": PIXELSHIFT_BLEND_EXCLUSION,
}

MODES = tuple(_MODES)


cdef const pixelshift_blend_kernels_table *_kernels(cpu) except NULL:
    return pixelshift_blend_kernels(level_of(cpu))


def blend(uint8_t[:, :, ::1] base, const uint8_t[:, :, ::1] overlay, *, Py_ssize_t left, Py_ssize_t top,
          str mode="over", bint tile=False, uint32_t opacity=255, cpu=None):
    """Lay RGBA ``overlay`` with its corner at (left, top), clipped, onto RGBA ``base``; ``tile`` repeats it everywhere.

    Nothing lies outside the overlay: modes that keep only what it covers clear the rest. Of RGB bases only ``over`` is
    known. Raises ValueError for shapes, modes, opacities above 255, offsets beyond 2^31 and levels that do not fit.
    """
    cdef const pixelshift_blend_kernels_table *kernels = _kernels(cpu)
    cdef Py_ssize_t height = base.shape[0], width = base.shape[1], channels = base.shape[2]
    cdef Py_ssize_t rows = overlay.shape[0], columns = overlay.shape[1]
    if mode not in _MODES:
        raise ValueError(f"blend {mode!r} is not one of {', '.join(MODES)}")
    if overlay.shape[2] != 4 or not (channels == 4 or (channels == 3 and mode == "over")):
        raise ValueError(f"cannot blend {overlay.shape[2]} channels onto {channels} by {mode!r}")
    if opacity > 255 or not -(1 << 31) <= left < 1 << 31 or not -(1 << 31) <= top < 1 << 31:
        raise ValueError(f"opacity {opacity} or offset ({left}, {top}) is out of range")
    if min(height, width, rows, columns) == 0:
        raise ValueError("a picture without pixels cannot be blended")
    cdef pixelshift_blend_mode known = _MODES[mode]
    cdef bint clears = mode in ("clear", "source", "in", "out", "dest-in", "dest-atop")
    cdef Py_ssize_t x, y, row, first, span
    cdef Py_ssize_t begin = 0 if tile else min(max(left, 0), width)
    cdef Py_ssize_t end = width if tile else max(min(left + columns, width), begin)
    with nogil:
        for y in range(height):
            row = y - top
            if tile:
                row = (row % rows + rows) % rows
            if row < 0 or row >= rows or begin == end:
                if clears:
                    memset(&base[y, 0, 0], 0, width * channels)
                continue
            if clears:
                memset(&base[y, 0, 0], 0, begin * channels)
                if end < width:
                    memset(&base[y, end, 0], 0, (width - end) * channels)
            x = begin
            while x < end:
                first = ((x - left) % columns + columns) % columns
                span = min(columns - first, end - x)
                if channels == 3:
                    kernels.over_rgb(&base[y, x, 0], &overlay[row, first, 0], span, opacity)
                else:
                    kernels.rgba(&base[y, x, 0], &overlay[row, first, 0], span, known, opacity)
                x += span


def premultiply(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] src, *, cpu=None):
    """Weight the colours of RGBA ``src`` by alpha, fractions cut; ``dst`` may be ``src``."""
    cdef const pixelshift_blend_kernels_table *kernels = _kernels(cpu)
    _check_same(dst, src)
    if src.shape[0] and src.shape[1]:
        with nogil:
            kernels.premultiply(&dst[0, 0, 0], &src[0, 0, 0], src.shape[0] * src.shape[1])


def unpremultiply(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] src, *, cpu=None):
    """Undo :func:`premultiply`, clipped and cut; where alpha is 0 colours become 0."""
    cdef const pixelshift_blend_kernels_table *kernels = _kernels(cpu)
    _check_same(dst, src)
    if src.shape[0] and src.shape[1]:
        with nogil:
            kernels.unpremultiply(&dst[0, 0, 0], &src[0, 0, 0], src.shape[0] * src.shape[1])


cdef _check_same(uint8_t[:, :, ::1] dst, const uint8_t[:, :, ::1] src):
    if src.shape[2] != 4 or (dst.shape[0], dst.shape[1], dst.shape[2]) != (src.shape[0], src.shape[1], 4):
        raise ValueError("dst and src must be RGBA and of one size")
