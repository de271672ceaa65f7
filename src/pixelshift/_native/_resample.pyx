"""Antialiased resampling of 8-bit pictures."""

from functools import lru_cache

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int16_t, int32_t, uint8_t

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level
from pixelshift._native._pair cimport Memory, Pair, allocate, borrow, give_back, known

cdef extern from "pixelshift/resample.h" nogil:
    int PIXELSHIFT_RESAMPLE_SIDE_LIMIT
    ctypedef enum pixelshift_resample_filter:
        PIXELSHIFT_RESAMPLE_NEAREST
        PIXELSHIFT_RESAMPLE_LINEAR
        PIXELSHIFT_RESAMPLE_CUBIC
        PIXELSHIFT_RESAMPLE_MITCHELL
        PIXELSHIFT_RESAMPLE_LANCZOS2
        PIXELSHIFT_RESAMPLE_LANCZOS3
        PIXELSHIFT_RESAMPLE_MKS2013
        PIXELSHIFT_RESAMPLE_MKS2021
    ctypedef struct pixelshift_resample_spec:
        int32_t in_ "in"
        int32_t out
        double low
        double high
        pixelshift_resample_filter filter
        int32_t repeat_edges
    ctypedef struct pixelshift_resample_axis:
        int32_t bits
        int32_t taps
        int32_t *start
        int32_t *count
        int16_t *weight
    ctypedef struct pixelshift_resample_plan:
        pass
    ctypedef struct pixelshift_resample_stream:
        pass
    size_t pixelshift_resample_axis_bytes(const pixelshift_resample_spec *spec)
    void pixelshift_resample_axis_init(
        pixelshift_resample_axis *axis, const pixelshift_resample_spec *spec, void *memory)
    void pixelshift_resample_plan_init(
        pixelshift_resample_plan *plan, const pixelshift_resample_axis *x, const pixelshift_resample_axis *y,
        int32_t channels, int32_t premultiply)
    size_t pixelshift_resample_stream_bytes(const pixelshift_resample_plan *plan, pixelshift_cpu_level level)
    void pixelshift_resample_stream_init(
        pixelshift_resample_stream *stream, const pixelshift_resample_plan *plan, pixelshift_cpu_level level,
        void *memory)
    void pixelshift_resample_run(
        pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src,
        ptrdiff_t src_stride)

_FILTERS = {
    "nearest": PIXELSHIFT_RESAMPLE_NEAREST,
    "linear": PIXELSHIFT_RESAMPLE_LINEAR,
    "cubic": PIXELSHIFT_RESAMPLE_CUBIC,
    "mitchell": PIXELSHIFT_RESAMPLE_MITCHELL,
    "lanczos2": PIXELSHIFT_RESAMPLE_LANCZOS2,
    "lanczos3": PIXELSHIFT_RESAMPLE_LANCZOS3,
    "mks2013": PIXELSHIFT_RESAMPLE_MKS2013,
    "mks2021": PIXELSHIFT_RESAMPLE_MKS2021,
}

KERNELS = tuple(_FILTERS)

# Tables above this size are rebuilt each time, so that the cache below stays within 64 times it.
_CACHED_BYTES = 1 << 18


cdef class _Axis:
    """The weights of one direction; immutable, shared between threads."""

    cdef pixelshift_resample_axis axis
    cdef Memory memory

    def __cinit__(self, int32_t source, int32_t result, str kernel, double low, double high, bint repeat_edges):
        cdef pixelshift_resample_spec spec
        spec.in_ = source
        spec.out = result
        spec.low = low
        spec.high = high
        spec.filter = _FILTERS[kernel]
        spec.repeat_edges = repeat_edges
        cdef size_t size = pixelshift_resample_axis_bytes(&spec)
        if size == 0:
            raise ValueError(
                f"cannot make {result} samples from {low:g} to {high:g} of {source}: sides must be 1 to "
                f"{PIXELSHIFT_RESAMPLE_SIDE_LIMIT}, and the box inside the source and not empty")
        self.memory = allocate(size)
        with nogil:
            pixelshift_resample_axis_init(&self.axis, &spec, self.memory.place)


@lru_cache(maxsize=64)
def _cached_axis(source, result, kernel, low, high, repeat_edges):
    return _Axis(source, result, kernel, low, high, repeat_edges)


cdef _Axis _axis(int32_t source, int32_t result, str kernel, double low, double high, bint repeat_edges):
    # An upper bound of what the table will take: 20 bytes per output, and 2 per weight of support up to 4.5.
    if 20.0 * result + 2.0 * 10 * max(result, high - low) > _CACHED_BYTES:
        return _Axis(source, result, kernel, low, high, repeat_edges)
    return _cached_axis(source, result, kernel, low, high, repeat_edges)


def weights(int32_t source, int32_t result, *, str kernel, box=None, bint repeat_edges=False):
    """Return ``(bits, rows)``: per output its first source sample and integer weights summing to ``1 << bits``."""
    low, high = (0.0, float(source)) if box is None else box
    cdef _Axis axis = _Axis(source, result, known(kernel, _FILTERS), low, high, repeat_edges)
    cdef int32_t output, i
    rows = []
    for output in range(result):
        start = axis.axis.start[output]
        offset = <ptrdiff_t>output * axis.axis.taps + (start & 1)
        rows.append((start, [axis.axis.weight[offset + i] for i in range(axis.axis.count[output])]))
    return axis.axis.bits, rows


def resize(dst, src, *, str kernel, box=None, bint premultiply=True, bint repeat_edges=False, cpu=None):
    """Resample ``src`` into ``dst``: uint8 of shape (h, w) or (h, w, 1 to 4), rows may be strided.

    ``box`` is (left, top, right, bottom) in source pixels. At the picture's edges the filter is cut off, unless
    ``repeat_edges``: then edge pixels go on beyond them, and the box may reach there. Of 2 or 4 channels the last is
    alpha; ``premultiply`` weights the others by it. Raises ValueError for shapes, boxes, kernels and levels that do not fit.
    """
    cdef Pair pair = Pair(dst, src, box)
    left, top, right, bottom = pair.box
    cdef _Axis x = _axis(pair.width, pair.out_width, known(kernel, _FILTERS), left, right, repeat_edges)
    cdef _Axis y = _axis(pair.height, pair.out_height, kernel, top, bottom, repeat_edges)
    cdef bint by_alpha = premultiply and pair.channels in (2, 4) and kernel != "nearest"
    cdef pixelshift_cpu_level level = level_of(cpu)
    cdef pixelshift_resample_plan plan
    cdef pixelshift_resample_stream stream
    pixelshift_resample_plan_init(&plan, &x.axis, &y.axis, pair.channels, by_alpha)
    cdef Memory memory = borrow(pixelshift_resample_stream_bytes(&plan, level))
    with nogil:
        pixelshift_resample_stream_init(&stream, &plan, level, memory.place)
        pixelshift_resample_run(&stream, pair.dst, pair.dst_stride, pair.src, pair.src_stride)
    give_back(memory)
