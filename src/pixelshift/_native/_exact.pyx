"""Resampling that gives Pillow's bytes."""

from functools import lru_cache

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level
from pixelshift._native._pair cimport Memory, Pair, allocate, borrow, give_back, known

cdef extern from "pixelshift/exact.h" nogil:
    int PIXELSHIFT_RESAMPLE_SIDE_LIMIT
    ctypedef enum pixelshift_resample_filter:
        PIXELSHIFT_RESAMPLE_LINEAR
        PIXELSHIFT_RESAMPLE_CUBIC
        PIXELSHIFT_RESAMPLE_LANCZOS3
    ctypedef struct pixelshift_resample_spec:
        int32_t in_ "in"
        int32_t out
        double low
        double high
        pixelshift_resample_filter filter
        int32_t repeat_edges
    ctypedef struct pixelshift_exact_axis:
        pass
    ctypedef struct pixelshift_exact_plan:
        const pixelshift_exact_axis *x
        const pixelshift_exact_axis *y
        int32_t channels
        int32_t premultiply
    size_t pixelshift_exact_axis_bytes(const pixelshift_resample_spec *spec)
    void pixelshift_exact_axis_init(pixelshift_exact_axis *axis, const pixelshift_resample_spec *spec, void *memory)
    size_t pixelshift_exact_run_bytes(const pixelshift_exact_plan *plan, pixelshift_cpu_level level)
    void pixelshift_exact_run(
        const pixelshift_exact_plan *plan, pixelshift_cpu_level level, void *memory, uint8_t *dst,
        ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride)

_FILTERS = {
    "linear": PIXELSHIFT_RESAMPLE_LINEAR,
    "cubic": PIXELSHIFT_RESAMPLE_CUBIC,
    "lanczos3": PIXELSHIFT_RESAMPLE_LANCZOS3,
}

KERNELS = tuple(_FILTERS)

# Tables above this size are rebuilt each time, so that the cache below stays within 16 times it.
_CACHED_BYTES = 1 << 18


cdef class _Axis:
    """The weights of one direction; immutable, shared between threads."""

    cdef pixelshift_exact_axis axis
    cdef Memory memory

    def __cinit__(self, int32_t source, int32_t result, str kernel, double low, double high):
        cdef pixelshift_resample_spec spec
        spec.in_ = source
        spec.out = result
        spec.low = low
        spec.high = high
        spec.filter = _FILTERS[kernel]
        spec.repeat_edges = 0
        cdef size_t size = pixelshift_exact_axis_bytes(&spec)
        if size == 0:
            raise ValueError(
                f"cannot make {result} samples from {low:g} to {high:g} of {source}: sides must be 1 to "
                f"{PIXELSHIFT_RESAMPLE_SIDE_LIMIT}, and the box inside the source and not empty")
        self.memory = allocate(size)
        with nogil:
            pixelshift_exact_axis_init(&self.axis, &spec, self.memory.place)


@lru_cache(maxsize=16)
def _cached_axis(source, result, kernel, low, high):
    return _Axis(source, result, kernel, low, high)


cdef _Axis _axis(int32_t source, int32_t result, str kernel, double low, double high):
    # An upper bound of what the table takes: 20 bytes per output, and 4 per weight of support up to 3.
    if 20.0 * result + 4.0 * 8 * max(result, high - low) > _CACHED_BYTES:
        return _Axis(source, result, kernel, low, high)
    return _cached_axis(source, result, kernel, low, high)


def resize(dst, src, *, str kernel, box=None, cpu=None):
    """Resample ``src`` into ``dst`` as Pillow 13 does, byte for byte: uint8 of shape (h, w) or (h, w, 1 to 4).

    ``box`` is (left, top, right, bottom) in source pixels; rows may be strided. Of 2 or 4 channels the last is alpha.
    Raises ValueError for shapes, boxes, kernels and levels that do not fit.
    """
    cdef Pair pair = Pair(dst, src, box)
    left, top, right, bottom = pair.box
    cdef _Axis x = _axis(pair.width, pair.out_width, known(kernel, _FILTERS), left, right)
    cdef _Axis y = _axis(pair.height, pair.out_height, kernel, top, bottom)
    # Pillow copies a picture that keeps its size, unseen colours and all.
    kept = pair.box == (0, 0, pair.width, pair.height) == (0, 0, pair.out_width, pair.out_height)
    cdef pixelshift_cpu_level level = level_of(cpu)
    cdef pixelshift_exact_plan plan
    plan.x = &x.axis
    plan.y = &y.axis
    plan.channels = pair.channels
    plan.premultiply = pair.channels in (2, 4) and not kept
    cdef Memory memory = borrow(pixelshift_exact_run_bytes(&plan, level))
    with nogil:
        pixelshift_exact_run(&plan, level, memory.place, pair.dst, pair.dst_stride, pair.src, pair.src_stride)
    give_back(memory)
