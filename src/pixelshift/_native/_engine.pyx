"""A picture file to another, without a pixel in Python."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from pixelshift._native._cpu import current

cdef extern from "pixelshift/cpu.h":
    ctypedef enum pixelshift_cpu_level:
        PIXELSHIFT_CPU_SCALAR
        PIXELSHIFT_CPU_AVX2

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
    ctypedef enum pixelshift_engine_format:
        PIXELSHIFT_ENGINE_JPEG
    ctypedef struct pixelshift_engine_box:
        double left, top, right, bottom
    ctypedef struct pixelshift_engine_jpeg:
        int quality, full_chroma, progressive, optimise_coding
    ctypedef struct pixelshift_engine_job:
        const uint8_t *data
        size_t size
        pixelshift_engine_format source, sink
        int reference
        int scale, chroma_scale
        pixelshift_engine_box area, box
        int width, height
        pixelshift_resample_filter filter
        pixelshift_engine_jpeg jpeg
        const uint8_t *metadata
        size_t metadata_size
        size_t output_limit
        double deadline
        pixelshift_cpu_level level
    pixelshift_engine_status pixelshift_engine_run(const pixelshift_engine_job *job, uint8_t **output, size_t *size) nogil
    void pixelshift_engine_free(uint8_t *output) nogil

# In the order of pixelshift_resample_filter.
_FILTERS = ("nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3", "mks2013", "mks2021")
_FORMATS = {"jpeg": PIXELSHIFT_ENGINE_JPEG}
_SCALES = (1, 2, 3, 4, 8)
_SIDE_LIMITS = {"jpeg": 65_535}
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


cdef _set_jpeg(pixelshift_engine_job *job, int quality=80, bint full_chroma=False, bint progressive=False,
               bint optimise_coding=True):
    if not 1 <= quality <= 100:
        raise ValueError(f"quality is 1 to 100, not {quality}")
    job.jpeg.quality = quality
    job.jpeg.full_chroma = full_chroma
    job.jpeg.progressive = progressive
    job.jpeg.optimise_coding = optimise_coding


cdef _set_options(pixelshift_engine_job *job, str sink, dict options):
    known = {"jpeg": ("quality", "full_chroma", "progressive", "optimise_coding")}[sink]
    unknown = set(options) - set(known)
    if unknown:
        raise ValueError(f"{sink} has no option {', '.join(sorted(unknown))}")
    _set_jpeg(job, options.get("quality", 80), options.get("full_chroma", False), options.get("progressive", False),
              options.get("optimise_coding", True))


def run(const uint8_t[::1] data not None, *, str source, str sink, int width, int height, box, area=None,
        str kernel="lanczos3", int scale=8, int chroma_scale=0, dict options=None, const uint8_t[::1] metadata=None,
        size_t output_limit=1 << 26, double deadline=0.0, bint reference=False, cpu=None):
    """Makes ``box`` (left, top, right, bottom; stored pixels) of a picture a new file of ``width`` x ``height`` pixels.

    Pixels outside ``area`` are never looked at; by default it is the box, rounded outwards. ``source`` and ``sink`` are
    formats; ``options`` are the sink's: for ``"jpeg"`` quality, full_chroma, progressive and optimise_coding.
    ``metadata`` is what the sink writes along: for JPEG finished marker segments. ``scale`` n decodes a JPEG at n/8, ``chroma_scale`` its
    chroma (0: as libjpeg would).
    ``deadline`` is in seconds of CLOCK_MONOTONIC, 0 for none. ``reference`` leaves our own decoders out, for
    comparison: the result is the same. See ``native/include/pixelshift/engine.h``. The GIL is released for the whole
    call.

    :raises ValueError: an argument out of range.
    :raises MemoryError: an allocation failed.
    :raises EngineError: the engine cannot do it, or the file is damaged.
    """
    cdef pixelshift_engine_job job
    cdef uint8_t *output = NULL
    cdef size_t output_size = 0
    cdef pixelshift_engine_status status
    if source not in _FORMATS or sink not in _FORMATS:
        raise ValueError(f"the engine reads and writes {', '.join(_FORMATS)}, not {source} to {sink}")
    if data.shape[0] == 0:
        raise EngineError("damaged")
    if not (0 < width <= _SIDE_LIMITS[sink] and 0 < height <= _SIDE_LIMITS[sink]):
        raise ValueError(f"a {sink} has 1 to {_SIDE_LIMITS[sink]} pixels a side, not {width} x {height}")
    if scale not in _SCALES or chroma_scale not in (0, *_SCALES):
        raise ValueError(f"scale is one of {_SCALES}, not {scale} or {chroma_scale}")
    job.data = &data[0]
    job.size = data.shape[0]
    job.source = _FORMATS[source]
    job.sink = _FORMATS[sink]
    job.reference = reference
    job.scale = scale
    job.chroma_scale = chroma_scale
    job.box.left, job.box.top, job.box.right, job.box.bottom = box
    job.area.left, job.area.top, job.area.right, job.area.bottom = area or _around(box)
    job.width = width
    job.height = height
    job.filter = <pixelshift_resample_filter><int>_FILTERS.index(kernel)
    _set_options(&job, sink, options or {})
    job.metadata = NULL
    job.metadata_size = 0
    if metadata is not None and metadata.shape[0] > 0:
        _check_segments(metadata)
        job.metadata = &metadata[0]
        job.metadata_size = metadata.shape[0]
    job.output_limit = output_limit
    job.deadline = deadline
    job.level = PIXELSHIFT_CPU_SCALAR if (cpu or current()) == "scalar" else PIXELSHIFT_CPU_AVX2
    with nogil:
        status = pixelshift_engine_run(&job, &output, &output_size)
    if status == PIXELSHIFT_ENGINE_NO_MEMORY:
        raise MemoryError
    if status == PIXELSHIFT_ENGINE_OUTSIDE:
        raise ValueError("the box must lie within the area, the area within the picture, and neither may be empty")
    if status != PIXELSHIFT_ENGINE_OK:
        raise EngineError(_REASONS[status])
    try:
        return output[:output_size]
    finally:
        pixelshift_engine_free(output)


def _around(box):
    left, top, right, bottom = (float(edge) for edge in box)
    return left // 1, top // 1, -(-right // 1), -(-bottom // 1)
