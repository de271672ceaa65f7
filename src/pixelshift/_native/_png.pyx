"""A PNG file to an array."""

from libc.stddef cimport ptrdiff_t, size_t
from libc.stdint cimport int32_t, uint8_t

import numpy as np

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/png.h":
    ctypedef enum pixelshift_engine_status:
        PIXELSHIFT_ENGINE_OK
        PIXELSHIFT_ENGINE_UNSUPPORTED
        PIXELSHIFT_ENGINE_DAMAGED
        PIXELSHIFT_ENGINE_NO_MEMORY
        PIXELSHIFT_ENGINE_TIMEOUT
    ctypedef struct pixelshift_png_info:
        int32_t width, height, channels, bits, rows, harmed
    pixelshift_engine_status pixelshift_png_inspect(pixelshift_png_info *info, const uint8_t *data, size_t size) nogil
    pixelshift_engine_status pixelshift_png_decode(pixelshift_png_info *info, const uint8_t *data, size_t size,
                                                   uint8_t *pixels, ptrdiff_t stride, double deadline,
                                                   pixelshift_cpu_level level) nogil

_REASONS = {
    PIXELSHIFT_ENGINE_UNSUPPORTED: "unsupported",
    PIXELSHIFT_ENGINE_DAMAGED: "damaged",
    PIXELSHIFT_ENGINE_TIMEOUT: "timeout",
}


class PngError(Exception):
    """Not decoded; ``reason`` is unsupported (interlaced), damaged or timeout."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


cdef _check(pixelshift_engine_status status):
    if status == PIXELSHIFT_ENGINE_NO_MEMORY:
        raise MemoryError
    if status != PIXELSHIFT_ENGINE_OK:
        raise PngError(_REASONS[status])


def decode(const uint8_t[::1] data not None, *, double deadline=0.0, cpu=None):
    """(pixels, rows): an array (height, width, channels) of uint8, and how many rows of it the file still held.

    Channels are 1 grey, 2 grey + alpha, 3 RGB or 4 RGBA, as the file has them; palettes become RGB or RGBA, and of 16
    bits the high byte is kept. The rows after ``rows`` are zero. The GIL is released. ``deadline`` is in seconds of
    CLOCK_MONOTONIC, 0 for none.

    :raises PngError: no PNG, or nothing that says where its pixels are; interlaced; or out of time.
    :raises MemoryError: an allocation failed.
    """
    cdef pixelshift_png_info info
    cdef pixelshift_engine_status status
    cdef pixelshift_cpu_level level
    cdef uint8_t[:, :, ::1] view
    if data.shape[0] == 0:
        raise PngError("damaged")
    _check(pixelshift_png_inspect(&info, &data[0], data.shape[0]))
    pixels = np.zeros((info.height, info.width, info.channels), np.uint8)
    view = pixels
    level = level_of(cpu)
    with nogil:
        status = pixelshift_png_decode(&info, &data[0], data.shape[0], &view[0, 0, 0],
                                       <ptrdiff_t>info.width * info.channels, deadline, level)
    _check(status)
    return pixels, info.rows
