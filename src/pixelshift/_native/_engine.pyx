"""A picture file to another, without a pixel in Python."""

from libc.math cimport isnan
from libc.stddef cimport ptrdiff_t, size_t
from libc.stdint cimport int32_t, uint8_t
from libc.string cimport memset

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/engine.h":
    ctypedef enum pixelshift_resample_filter:
        pass
    ctypedef enum pixelshift_engine_status:
        PIXELSHIFT_ENGINE_OK
        PIXELSHIFT_ENGINE_UNSUPPORTED
        PIXELSHIFT_ENGINE_DAMAGED
        PIXELSHIFT_ENGINE_NO_MEMORY
        PIXELSHIFT_ENGINE_TIMEOUT
        PIXELSHIFT_ENGINE_TOO_LARGE
        PIXELSHIFT_ENGINE_OUTSIDE
    ctypedef struct pixelshift_engine_turn:
        int transpose, flip, flop
    ctypedef struct pixelshift_engine_canvas:
        int left, top, width, height
        uint8_t colour[3]
    ctypedef struct pixelshift_colour_sharpening:
        float m1, m2, x1, y2, y3
    ctypedef enum pixelshift_engine_sharpen_kind:
        PIXELSHIFT_ENGINE_SHARPEN_MILD
        PIXELSHIFT_ENGINE_SHARPEN_LIGHT
    ctypedef struct pixelshift_engine_sharpen:
        pixelshift_engine_sharpen_kind kind
        const int32_t *mask
        size_t radius
        pixelshift_colour_sharpening curve
    ctypedef enum pixelshift_engine_format:
        PIXELSHIFT_ENGINE_JPEG
        PIXELSHIFT_ENGINE_PNG
        PIXELSHIFT_ENGINE_WEBP
    ctypedef struct pixelshift_engine_box:
        double left, top, right, bottom
    ctypedef struct pixelshift_engine_overlay:
        const uint8_t *pixels
        ptrdiff_t stride
        int width, height, left, top
    ctypedef struct pixelshift_engine_jpeg:
        int quality, full_chroma, progressive, optimise_coding
    ctypedef struct pixelshift_engine_png:
        int level, adaptive, keep_grey
    ctypedef enum pixelshift_engine_webp_preset:
        pass
    ctypedef struct pixelshift_engine_webp:
        int quality, alpha_quality, effort, lossless, near_lossless, smart_subsample, smart_deblock, exact
        pixelshift_engine_webp_preset preset
    ctypedef struct pixelshift_engine_job:
        const uint8_t *data
        size_t size
        pixelshift_engine_format source, sink
        int reference
        int scale, chroma_scale
        pixelshift_engine_box area, box
        pixelshift_engine_turn turn
        pixelshift_engine_canvas canvas
        int width, height
        pixelshift_resample_filter filter
        pixelshift_engine_sharpen sharpen
        pixelshift_engine_overlay overlay
        pixelshift_engine_jpeg jpeg
        pixelshift_engine_png png
        pixelshift_engine_webp webp
        const uint8_t *metadata
        size_t metadata_size
        size_t output_limit
        double deadline
        pixelshift_cpu_level level
    pixelshift_engine_status pixelshift_engine_run(const pixelshift_engine_job *job, uint8_t **output, size_t *size) nogil
    pixelshift_engine_status pixelshift_engine_encode(const pixelshift_engine_job *job, const uint8_t *pixels,
                                                      ptrdiff_t stride, int channels, uint8_t **output,
                                                      size_t *size) nogil
    pixelshift_engine_status pixelshift_engine_filter(const pixelshift_engine_job *job, uint8_t *result,
                                                      const uint8_t *pixels, int channels) nogil
    void pixelshift_engine_free(uint8_t *output) nogil

# In the order of pixelshift_resample_filter.
_FILTERS = ("nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3", "mks2013", "mks2021")
_FORMATS = {"jpeg": PIXELSHIFT_ENGINE_JPEG, "png": PIXELSHIFT_ENGINE_PNG, "webp": PIXELSHIFT_ENGINE_WEBP}
_SCALES = (1, 2, 3, 4, 8)
_FAR = (1 << 30) - 1  # so that the sum of two is an int
cdef enum:
    _MASK_LIMIT = 64
_SIDE_LIMIT = 1 << 20  # so that the bytes of a few rows are an int
_SIDE_LIMITS = {"jpeg": 65_535, "png": _SIDE_LIMIT, "webp": 16_383}
# In the order of pixelshift_engine_webp_preset.
_PRESETS = ("default", "picture", "photo", "drawing", "icon", "text")
# Per sink, its options and what they are when nobody says.
_OPTIONS = {
    "jpeg": {"quality": 80, "full_chroma": False, "progressive": False, "optimise_coding": True},
    "png": {"level": 6, "adaptive": True},
    "webp": {
        "quality": 80, "alpha_quality": 100, "effort": 4, "lossless": False, "near_lossless": False,
        "smart_subsample": False, "smart_deblock": False, "exact": False, "preset": "default",
    },
}
_REASONS = {
    PIXELSHIFT_ENGINE_UNSUPPORTED: "unsupported",
    PIXELSHIFT_ENGINE_DAMAGED: "damaged",
    PIXELSHIFT_ENGINE_TIMEOUT: "timeout",
    PIXELSHIFT_ENGINE_TOO_LARGE: "too-large",
}


class EngineError(Exception):
    """The engine did not finish; ``reason`` is unsupported, damaged, timeout or too-large."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def _check_segments(const uint8_t[::1] segments):
    """JPEG: whole segments only, APPn or COM, so that the sink may trust their lengths."""
    cdef Py_ssize_t at = 0, end = segments.shape[0]
    while at < end:
        if end - at < 4 or segments[at] != 0xFF or not (0xE0 <= segments[at + 1] <= 0xEF or segments[at + 1] == 0xFE):
            raise ValueError("metadata must be whole APPn or COM segments")
        length = segments[at + 2] << 8 | segments[at + 3]
        if length < 2 or at + 2 + length > end:
            raise ValueError("a metadata segment is longer than what was given")
        at += 2 + length


def _check_chunks(const uint8_t[::1] chunks):
    """PNG: whole ancillary chunks only, so that header and pixels stay the sink's own."""
    cdef Py_ssize_t at = 0, end = chunks.shape[0], length
    while at < end:
        if end - at < 12 or not 0x61 <= chunks[at + 4] <= 0x7A:
            raise ValueError("metadata must be whole ancillary chunks")
        length = <Py_ssize_t>chunks[at] << 24 | chunks[at + 1] << 16 | chunks[at + 2] << 8 | chunks[at + 3]
        if length > end - at - 12:
            raise ValueError("a metadata chunk is longer than what was given")
        at += 12 + length


def _check_riff(const uint8_t[::1] chunks):
    """WebP: whole chunks with their padding, at most one of each kind that the container has flags for."""
    cdef Py_ssize_t at = 0, end = chunks.shape[0], length
    kinds = {b"ICCP", b"EXIF", b"XMP "}
    while at < end:
        kind = bytes(chunks[at : at + 4])
        if end - at < 8 or kind not in kinds:
            raise ValueError("metadata must be whole chunks, at most one of each of ICCP, EXIF and XMP")
        kinds.remove(kind)
        length = chunks[at + 4] | chunks[at + 5] << 8 | chunks[at + 6] << 16 | <Py_ssize_t>chunks[at + 7] << 24
        length += length & 1
        if length > end - at - 8:
            raise ValueError("a metadata chunk is longer than what was given")
        at += 8 + length


_CHECKS = {"jpeg": _check_segments, "png": _check_chunks, "webp": _check_riff}


def _within(str name, value, int low, int high):
    """A whole number in that range."""
    if not low <= value <= high:
        raise ValueError(f"{name} is {low} to {high}, not {value}")
    if value % 1:
        raise ValueError(f"{name} is a whole number, not {value}")
    return int(value)


def _place_of(str name, value, tuple choices):
    """The place of one of several names."""
    if value not in choices:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(choices)}")
    return choices.index(value)


cdef double _deadline(double deadline) except? -1:
    if isnan(deadline):
        raise ValueError("a deadline is a number of seconds, not NaN")
    return deadline


cdef _set_options(pixelshift_engine_job *job, str sink, dict given):
    unknown = set(given) - set(_OPTIONS[sink])
    if unknown:
        raise ValueError(f"{sink} has no option {', '.join(sorted(unknown))}")
    options = _OPTIONS[sink] | given
    if sink == "jpeg":
        job.jpeg.quality = _within("quality", options["quality"], 1, 100)
        job.jpeg.full_chroma = bool(options["full_chroma"])
        job.jpeg.progressive = bool(options["progressive"])
        job.jpeg.optimise_coding = bool(options["optimise_coding"])
    elif sink == "png":
        job.png.level = _within("level", options["level"], 0, 9)
        job.png.adaptive = bool(options["adaptive"])
    else:
        job.webp.quality = _within("quality", options["quality"], 0, 100)
        job.webp.alpha_quality = _within("alpha_quality", options["alpha_quality"], 0, 100)
        job.webp.effort = _within("effort", options["effort"], 0, 6)
        job.webp.lossless = bool(options["lossless"])
        job.webp.near_lossless = bool(options["near_lossless"])
        job.webp.smart_subsample = bool(options["smart_subsample"])
        job.webp.smart_deblock = bool(options["smart_deblock"])
        job.webp.exact = bool(options["exact"])
        job.webp.preset = <pixelshift_engine_webp_preset><int>_place_of("preset", options["preset"], _PRESETS)


cdef _set_sink(pixelshift_engine_job *job, str sink, width, height, dict options, bytes metadata):
    """``metadata`` is not copied: it must live as long as the job."""
    if sink not in _FORMATS:
        raise ValueError(f"the engine writes {', '.join(_FORMATS)}, not {sink}")
    job.sink = _FORMATS[sink]
    job.width = _within(f"the width of a {sink}", width, 1, _SIDE_LIMITS[sink])
    job.height = _within(f"the height of a {sink}", height, 1, _SIDE_LIMITS[sink])
    _set_options(job, sink, options or {})
    if metadata:
        _CHECKS[sink](metadata)
        job.metadata = metadata
        job.metadata_size = len(metadata)


cdef _set_overlay(pixelshift_engine_job *job, const uint8_t[:, :, ::1] overlay, at):
    if overlay is None:
        return
    if overlay.shape[2] != 4:
        raise ValueError(f"an overlay is RGBA, not of {overlay.shape[2]} channels")
    job.overlay.height = _within("the overlay's height", overlay.shape[0], 1, _FAR)
    job.overlay.width = _within("the overlay's width", overlay.shape[1], 1, _FAR)
    left, top = at
    job.overlay.left = _within("the overlay's left", left, -_FAR, _FAR)
    job.overlay.top = _within("the overlay's top", top, -_FAR, _FAR)
    job.overlay.stride = 4 * overlay.shape[1]
    job.overlay.pixels = &overlay[0, 0, 0]


cdef _set_canvas(pixelshift_engine_job *job, canvas):
    if canvas is None:
        return
    left, top, width, height, colour = canvas
    red, green, blue = colour  # by name: subscripts are not checked here
    job.canvas.left = _within("the picture's left", left, 0, job.width - 1)
    job.canvas.top = _within("the picture's top", top, 0, job.height - 1)
    job.canvas.width = _within("the picture's width", width, 1, job.width - left)
    job.canvas.height = _within("the picture's height", height, 1, job.height - top)
    job.canvas.colour[0] = _within("a colour", red, 0, 255)
    job.canvas.colour[1] = _within("a colour", green, 0, 255)
    job.canvas.colour[2] = _within("a colour", blue, 0, 255)


cdef class Sharpening:
    """How to sharpen: without a ``mask`` by the mild 3x3 kernel, else L of CIELAB against its Gaussian.

    ``mask`` holds whole weights from the middle out, falling, 20 at most; what is added to L has the slope ``m1`` up to
    a difference of ``x1`` and ``m2`` beyond, ``y2`` at most and ``-y3`` at least.
    """

    cdef pixelshift_engine_sharpen how
    cdef int32_t weights[_MASK_LIMIT]

    def __cinit__(self, mask=(), *, float m1=0, float m2=0, float x1=0, float y2=0, float y3=0):
        if len(mask) > _MASK_LIMIT:
            raise ValueError(f"a mask has at most {_MASK_LIMIT} weights, not {len(mask)}")
        if not mask:
            self.how.kind = PIXELSHIFT_ENGINE_SHARPEN_MILD
            return
        for i, weight in enumerate(mask):
            self.weights[i] = _within("a weight", weight, 1, self.weights[i - 1] if i else 20)
        self.how.kind = PIXELSHIFT_ENGINE_SHARPEN_LIGHT
        self.how.mask = self.weights
        self.how.radius = len(mask) - 1
        self.how.curve.m1, self.how.curve.m2, self.how.curve.x1 = m1, m2, x1
        self.how.curve.y2, self.how.curve.y3 = y2, y3


cdef _set_sharpening(pixelshift_engine_job *job, Sharpening sharpening):
    if sharpening is not None:
        job.sharpen = sharpening.how


cdef _check(pixelshift_engine_status status):
    """Raises what went wrong."""
    if status == PIXELSHIFT_ENGINE_NO_MEMORY:
        raise MemoryError
    if status == PIXELSHIFT_ENGINE_OUTSIDE:
        raise ValueError("the box must lie within the area, the area within the picture, and neither may be empty")
    if status != PIXELSHIFT_ENGINE_OK:
        raise EngineError(_REASONS[status])


cdef bytes _result(pixelshift_engine_status status, uint8_t *output, size_t size):
    """The bytes, or what went wrong as an exception."""
    _check(status)
    try:
        return output[:size]
    finally:
        pixelshift_engine_free(output)


def run(const uint8_t[::1] data not None, *, str source, str sink, width, height, box, area=None,
        str kernel="lanczos3", scale=8, chroma_scale=0, turn=(False, False, False), canvas=None,
        Sharpening sharpen=None,
        const uint8_t[:, :, ::1] overlay=None, overlay_at=(0, 0), dict options=None, const uint8_t[::1] metadata=None,
        size_t output_limit=1 << 26, double deadline=0.0, bint reference=False, cpu=None):
    """Makes ``box`` (left, top, right, bottom; stored pixels) of a picture a new file of ``width`` x ``height`` pixels.

    Pixels outside ``area`` are never looked at; by default it is the box, rounded outwards. ``source`` and ``sink`` are
    formats; ``options`` are the sink's: for ``"jpeg"`` quality, full_chroma, progressive and optimise_coding, for
    ``"png"`` level and adaptive, for ``"webp"`` quality, alpha_quality, effort, lossless, near_lossless,
    smart_subsample, smart_deblock, exact and preset. ``metadata`` is what the sink writes along: for JPEG finished
    marker segments, for PNG chunks, for WebP RIFF chunks. ``scale`` n decodes a JPEG at n/8,
    ``chroma_scale`` its chroma (0: as libjpeg would).
    ``turn`` (transpose, flip, flop) is done to the result, in that order; width and height are those of the picture
    turned. ``canvas`` (left, top, width, height, RGB) says where on the output it lies where it is smaller, and what
    colour is beside it; pictures with alpha and grey ones are unsupported then. ``sharpen`` is done to that.
    ``overlay`` (height, width, 4: RGBA, not premultiplied) is laid over that, its corner at ``overlay_at`` (left, top),
    clipped; pictures with alpha and grey ones are unsupported then. ``deadline`` is in seconds of CLOCK_MONOTONIC, 0
    for none. ``reference`` leaves our own decoders out, for comparison: the result is the same, unless a plane is
    decoded to 2x2 samples a block or ``chroma_scale`` is given. See ``native/include/pixelshift/engine.h``. The GIL is
    released for the whole call.

    :raises ValueError: an argument out of range.
    :raises MemoryError: an allocation failed.
    :raises EngineError: the engine cannot do it, or the file is damaged.
    """
    cdef pixelshift_engine_job job
    cdef uint8_t *output = NULL
    cdef size_t output_size = 0
    cdef pixelshift_engine_status status
    memset(&job, 0, sizeof(job))
    if source not in _FORMATS:
        raise ValueError(f"the engine reads {', '.join(_FORMATS)}, not {source}")
    if data.shape[0] == 0:
        raise EngineError("damaged")
    kept = None if metadata is None else bytes(metadata)  # what is checked is what is written
    _set_sink(&job, sink, width, height, options, kept)
    if scale not in _SCALES or chroma_scale not in (0, *_SCALES):
        raise ValueError(f"scale is one of {_SCALES}, not {scale} or {chroma_scale}")
    job.data = &data[0]
    job.size = data.shape[0]
    job.source = _FORMATS[source]
    job.reference = reference
    job.scale = scale
    job.chroma_scale = chroma_scale
    job.box.left, job.box.top, job.box.right, job.box.bottom = box
    job.area.left, job.area.top, job.area.right, job.area.bottom = area or _around(box)
    job.turn.transpose, job.turn.flip, job.turn.flop = (bool(part) for part in turn)
    _set_canvas(&job, canvas)
    job.filter = <pixelshift_resample_filter><int>_place_of("kernel", kernel, _FILTERS)
    _set_sharpening(&job, sharpen)
    _set_overlay(&job, overlay, overlay_at)
    job.output_limit = output_limit
    job.deadline = _deadline(deadline)
    job.level = level_of(cpu)
    with nogil:
        status = pixelshift_engine_run(&job, &output, &output_size)
    return _result(status, output, output_size)


def encode(const uint8_t[:, :, ::1] pixels not None, *, str sink, dict options=None, const uint8_t[::1] metadata=None,
           size_t output_limit=1 << 62, double deadline=0.0, cpu=None):
    """The file of ``pixels`` (height, width, 1 grey, 2 grey + alpha, 3 RGB or 4 RGBA) in the format ``sink``.

    ``options``, ``metadata`` and ``deadline`` are those of :func:`run`, and so are the errors.
    """
    cdef pixelshift_engine_job job
    cdef uint8_t *output = NULL
    cdef size_t output_size = 0
    cdef pixelshift_engine_status status
    cdef int channels = pixels.shape[2]
    cdef ptrdiff_t stride = pixels.shape[1] * channels
    memset(&job, 0, sizeof(job))
    if not 1 <= channels <= 4:
        raise ValueError(f"pixels have 1 to 4 channels, not {channels}")
    kept = None if metadata is None else bytes(metadata)
    _set_sink(&job, sink, pixels.shape[1], pixels.shape[0], options, kept)
    job.png.keep_grey = True
    job.output_limit = output_limit
    job.deadline = _deadline(deadline)
    job.level = level_of(cpu)
    with nogil:
        status = pixelshift_engine_encode(&job, &pixels[0, 0, 0], stride, channels, &output, &output_size)
    return _result(status, output, output_size)


def filtered(const uint8_t[:, :, ::1] pixels not None, uint8_t[:, :, ::1] result not None, *,
             Sharpening sharpen not None, double deadline=0.0, cpu=None):
    """Sharpens ``pixels`` (height, width, 1 grey, 2 grey + alpha, 3 RGB or 4 RGBA) into ``result``, another array.

    ``deadline`` and errors are those of :func:`run`.
    """
    cdef pixelshift_engine_job job
    cdef pixelshift_engine_status status
    cdef int channels = pixels.shape[2]
    memset(&job, 0, sizeof(job))
    if not (1 <= channels <= 4 and 0 < pixels.shape[0] <= _SIDE_LIMIT and 0 < pixels.shape[1] <= _SIDE_LIMIT):
        raise ValueError(f"pixels have 1 to 4 channels, and 1 to {_SIDE_LIMIT} rows and columns")
    if (result.shape[0], result.shape[1], result.shape[2]) != (pixels.shape[0], pixels.shape[1], channels):
        raise ValueError("the result must have the shape of the pixels")
    job.height = pixels.shape[0]
    job.width = pixels.shape[1]
    _set_sharpening(&job, sharpen)
    job.deadline = _deadline(deadline)
    job.level = level_of(cpu)
    with nogil:
        status = pixelshift_engine_filter(&job, &result[0, 0, 0], &pixels[0, 0, 0], channels)
    _check(status)


def _around(box):
    left, top, right, bottom = (float(edge) for edge in box)
    return left // 1, top // 1, -(-right // 1), -(-bottom // 1)
