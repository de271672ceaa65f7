"""Resampling that gives Pillow's bytes."""

from functools import lru_cache

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free

from pixelshift._native import CPU_LEVEL, LEVELS

cdef extern from "stdlib.h" nogil:
    void *aligned_alloc(size_t alignment, size_t size)

cdef extern from "pixelshift/cpu.h":
    ctypedef enum pixelshift_cpu_level:
        PIXELSHIFT_CPU_SCALAR
        PIXELSHIFT_CPU_AVX2

cdef extern from "pixelshift/exact.h" nogil:
    int PIXELSHIFT_RESAMPLE_ALIGNMENT
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
    cdef void *memory

    def __cinit__(self, int32_t source, int32_t result, str kernel, double low, double high):
        cdef pixelshift_resample_spec spec
        spec.in_ = source
        spec.out = result
        spec.low = low
        spec.high = high
        spec.filter = _FILTERS[kernel]
        spec.repeat_edges = 0
        self.memory = NULL
        size = pixelshift_exact_axis_bytes(&spec)
        if size == 0:
            raise ValueError(
                f"cannot make {result} samples from {low:g} to {high:g} of {source}: sides must be 1 to "
                f"{PIXELSHIFT_RESAMPLE_SIDE_LIMIT}, and the box inside the source and not empty")
        self.memory = aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, size)
        if self.memory == NULL:
            raise MemoryError
        with nogil:
            pixelshift_exact_axis_init(&self.axis, &spec, self.memory)

    def __dealloc__(self):
        free(self.memory)


@lru_cache(maxsize=16)
def _cached_axis(source, result, kernel, low, high):
    return _Axis(source, result, kernel, low, high)


cdef _Axis _axis(int32_t source, int32_t result, str kernel, double low, double high):
    # An upper bound of what the table takes: 20 bytes per output, and 4 per weight of support up to 3.
    if 20.0 * result + 4.0 * 8 * max(result, high - low) > _CACHED_BYTES:
        return _Axis(source, result, kernel, low, high)
    return _cached_axis(source, result, kernel, low, high)


def resize(
    uint8_t[:, :, ::1] dst not None, const uint8_t[:, :, ::1] src not None, *, str kernel, box=None, cpu=None
):
    """Resample ``src`` into ``dst``, both uint8 of shape (h, w, 1 to 4), as Pillow 13 does, byte for byte.

    ``box`` is (left, top, right, bottom) in source pixels. Of 2 or 4 channels the last is alpha. Raises ValueError for
    shapes, boxes, kernels and levels that do not fit.
    """
    wanted = CPU_LEVEL if cpu is None else cpu
    if LEVELS.index(wanted) > LEVELS.index(CPU_LEVEL):
        raise ValueError(f"level {wanted!r} is above {CPU_LEVEL!r}, the one in force")
    cdef pixelshift_cpu_level level = PIXELSHIFT_CPU_AVX2 if wanted == "avx2" else PIXELSHIFT_CPU_SCALAR
    if kernel not in _FILTERS:
        raise ValueError(f"unknown kernel {kernel!r}: use one of {', '.join(_FILTERS)}")
    if src.shape[2] != dst.shape[2] or not 1 <= src.shape[2] <= 4:
        raise ValueError(f"src has {src.shape[2]} channels and dst {dst.shape[2]}: both have the same, 1 to 4")
    if 0 in (src.shape[0], src.shape[1], dst.shape[0], dst.shape[1]):
        raise ValueError("neither src nor dst may be empty")
    whole = (0, 0, src.shape[1], src.shape[0])
    left, top, right, bottom = whole if box is None else box
    # Pillow copies a picture that keeps its size, unseen colours and all.
    kept = (dst.shape[1], dst.shape[0]) == whole[2:] and (left, top, right, bottom) == whole
    cdef _Axis x = _axis(src.shape[1], dst.shape[1], kernel, left, right)
    cdef _Axis y = _axis(src.shape[0], dst.shape[0], kernel, top, bottom)
    cdef pixelshift_exact_plan plan
    plan.x = &x.axis
    plan.y = &y.axis
    plan.channels = <int32_t>src.shape[2]
    plan.premultiply = src.shape[2] in (2, 4) and not kept
    cdef void *memory = aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, pixelshift_exact_run_bytes(&plan, level))
    if memory == NULL:
        raise MemoryError
    with nogil:
        pixelshift_exact_run(&plan, level, memory, &dst[0, 0, 0], dst.strides[0], &src[0, 0, 0], src.strides[0])
        free(memory)
