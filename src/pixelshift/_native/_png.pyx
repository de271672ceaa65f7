"""A PNG file to an array."""

from libc.math cimport isnan
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
    ctypedef struct pixelshift_png_decoder
    pixelshift_engine_status pixelshift_png_open(pixelshift_png_decoder **decoder, pixelshift_png_info *info,
                                                 const uint8_t *data, size_t size, pixelshift_cpu_level level) nogil
    pixelshift_engine_status pixelshift_png_read(pixelshift_png_decoder *decoder, pixelshift_png_info *info,
                                                 uint8_t *pixels, ptrdiff_t stride, double deadline) nogil
    void pixelshift_png_close(pixelshift_png_decoder *decoder) nogil

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

    :raises ValueError: an unknown level, or a deadline that is NaN.
    :raises PngError: no PNG, or nothing that says where its pixels are; interlaced; or out of time.
    :raises MemoryError: an allocation failed.
    """
    cdef pixelshift_png_info info
    cdef pixelshift_png_decoder *decoder = NULL
    cdef pixelshift_engine_status status
    cdef uint8_t[:, :, ::1] view
    if data.shape[0] == 0:
        raise PngError("damaged")
    if isnan(deadline):
        raise ValueError("a deadline is a number of seconds, not NaN")
    _check(pixelshift_png_open(&decoder, &info, &data[0], data.shape[0], level_of(cpu)))
    try:
        pixels = np.zeros((info.height, info.width, info.channels), np.uint8)
        view = pixels
        with nogil:
            status = pixelshift_png_read(decoder, &info, &view[0, 0, 0],
                                         <ptrdiff_t>info.width * info.channels, deadline)
        _check(status)
    finally:
        pixelshift_png_close(decoder)
    return pixels, info.rows
