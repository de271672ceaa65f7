"""A JPEG to a resized JPEG, without a pixel in Python."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from pixelshift._native._cpu import current

cdef extern from "pixelshift/cpu.h":
    ctypedef enum pixelshift_cpu_level:
        PIXELSHIFT_CPU_SCALAR
        PIXELSHIFT_CPU_AVX2

cdef extern from "pixelshift/jpeg.h":
    ctypedef enum pixelshift_resample_filter:
        pass
    ctypedef enum pixelshift_jpeg_status:
        PIXELSHIFT_JPEG_OK
        PIXELSHIFT_JPEG_UNSUPPORTED
        PIXELSHIFT_JPEG_DAMAGED
        PIXELSHIFT_JPEG_NO_MEMORY
        PIXELSHIFT_JPEG_TIMEOUT
        PIXELSHIFT_JPEG_TOO_LARGE
        PIXELSHIFT_JPEG_OUTSIDE
    ctypedef enum pixelshift_jpeg_decoder:
        PIXELSHIFT_JPEG_OWN
        PIXELSHIFT_JPEG_LIBJPEG
    ctypedef struct pixelshift_jpeg_box:
        double left, top, right, bottom
    ctypedef struct pixelshift_jpeg_job:
        const uint8_t *data
        size_t size
        pixelshift_jpeg_decoder decoder
        int scale
        pixelshift_jpeg_box box
        int width, height
        pixelshift_resample_filter filter
        int quality, full_chroma, progressive, optimise_coding
        const uint8_t *markers
        size_t markers_size
        size_t output_limit
        double deadline
        pixelshift_cpu_level level
    pixelshift_jpeg_status pixelshift_jpeg_resize(const pixelshift_jpeg_job *job, uint8_t **output, size_t *size) nogil
    void pixelshift_jpeg_free(uint8_t *output) nogil

# In the order of pixelshift_resample_filter.
_FILTERS = ("nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3", "mks2013", "mks2021")
_REASONS = {
    PIXELSHIFT_JPEG_UNSUPPORTED: "unsupported",
    PIXELSHIFT_JPEG_DAMAGED: "damaged",
    PIXELSHIFT_JPEG_TIMEOUT: "timeout",
    PIXELSHIFT_JPEG_TOO_LARGE: "too-large",
}
_SIDE_LIMIT = 65535


class JpegError(Exception):
    """The chain did not finish; ``reason`` is unsupported, damaged, timeout or too-large."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def _check_markers(const uint8_t[::1] markers):
    """Whole segments only, APPn or COM, so that the sink may trust their lengths."""
    cdef Py_ssize_t at = 0, end = markers.shape[0]
    while at < end:
        if end - at < 4 or markers[at] != 0xFF or not (0xE0 <= markers[at + 1] <= 0xEF or markers[at + 1] == 0xFE):
            raise ValueError("markers must be whole APPn or COM segments")
        length = markers[at + 2] << 8 | markers[at + 3]
        if length < 2 or at + 2 + length > end:
            raise ValueError("a marker segment is longer than what was given")
        at += 2 + length


def resize(const uint8_t[::1] data not None, *, int width, int height, box, str kernel="lanczos3", int scale=8,
           int quality=80, bint full_chroma=False, bint progressive=False, bint optimise_coding=True,
           const uint8_t[::1] markers=None, size_t output_limit=1 << 26, double deadline=0.0, str decoder="own", cpu=None):
    """Resizes the part ``box`` (left, top, right, bottom; stored pixels) of a JPEG to a new JPEG.

    See ``native/include/pixelshift/jpeg.h`` for what is handled. The GIL is released for the whole call.
    ``deadline`` is in seconds of CLOCK_MONOTONIC, 0 for none. ``decoder`` ``"libjpeg"`` leaves our own entropy decoder
    and inverse DCT out, for comparison: the result is the same.

    :raises ValueError: an argument out of range.
    :raises MemoryError: an allocation failed.
    :raises JpegError: this chain cannot do it, or the file is damaged.
    """
    cdef pixelshift_jpeg_job job
    cdef uint8_t *output = NULL
    cdef size_t output_size = 0
    cdef pixelshift_jpeg_status status
    if data.shape[0] == 0:
        raise JpegError("damaged")
    if not (0 < width <= _SIDE_LIMIT and 0 < height <= _SIDE_LIMIT):
        raise ValueError(f"a JPEG has 1 to {_SIDE_LIMIT} pixels a side, not {width} x {height}")
    if scale not in (1, 2, 4, 8) or not 1 <= quality <= 100:
        raise ValueError("scale is 1, 2, 4 or 8 and quality 1 to 100")
    job.data = &data[0]
    job.size = data.shape[0]
    job.decoder = PIXELSHIFT_JPEG_LIBJPEG if decoder == "libjpeg" else PIXELSHIFT_JPEG_OWN
    job.scale = scale
    job.box.left, job.box.top, job.box.right, job.box.bottom = box
    job.width = width
    job.height = height
    job.filter = <pixelshift_resample_filter><int>_FILTERS.index(kernel)
    job.quality = quality
    job.full_chroma = full_chroma
    job.progressive = progressive
    job.optimise_coding = optimise_coding
    job.markers = NULL
    job.markers_size = 0
    if markers is not None and markers.shape[0] > 0:
        _check_markers(markers)
        job.markers = &markers[0]
        job.markers_size = markers.shape[0]
    job.output_limit = output_limit
    job.deadline = deadline
    job.level = PIXELSHIFT_CPU_SCALAR if (cpu or current()) == "scalar" else PIXELSHIFT_CPU_AVX2
    with nogil:
        status = pixelshift_jpeg_resize(&job, &output, &output_size)
    if status == PIXELSHIFT_JPEG_NO_MEMORY:
        raise MemoryError
    if status == PIXELSHIFT_JPEG_OUTSIDE:
        raise ValueError("the box must lie within the picture and not be empty")
    if status != PIXELSHIFT_JPEG_OK:
        raise JpegError(_REASONS[status])
    try:
        return output[:output_size]
    finally:
        pixelshift_jpeg_free(output)
