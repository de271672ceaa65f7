"""Antialiased resampling of 8-bit pictures."""

from functools import lru_cache

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport free

from pixelshift._native import CPU_LEVEL, LEVELS

cdef extern from "stdlib.h" nogil:
    void *aligned_alloc(size_t alignment, size_t size)

cdef extern from "pixelshift/cpu.h":
    ctypedef enum pixelshift_cpu_level:
        PIXELSHIFT_CPU_SCALAR
        PIXELSHIFT_CPU_AVX2

cdef extern from "pixelshift/resample.h" nogil:
    int PIXELSHIFT_RESAMPLE_ALIGNMENT
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
    cdef void *memory
    cdef size_t size

    def __cinit__(self, int32_t source, int32_t result, str kernel, double low, double high, bint repeat_edges):
        cdef pixelshift_resample_spec spec
        spec.in_ = source
        spec.out = result
        spec.low = low
        spec.high = high
        spec.filter = _FILTERS[kernel]
        spec.repeat_edges = repeat_edges
        self.memory = NULL
        self.size = pixelshift_resample_axis_bytes(&spec)
        if self.size == 0:
            raise ValueError(
                f"cannot make {result} samples from {low:g} to {high:g} of {source}: sides must be 1 to "
                f"{PIXELSHIFT_RESAMPLE_SIDE_LIMIT}, and the box inside the source and not empty")
        self.memory = aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, self.size)
        if self.memory == NULL:
            raise MemoryError
        with nogil:
            pixelshift_resample_axis_init(&self.axis, &spec, self.memory)

    def __dealloc__(self):
        free(self.memory)


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
    cdef _Axis axis = _Axis(source, result, _known(kernel), low, high, repeat_edges)
    cdef int32_t output, i
    rows = []
    for output in range(result):
        start = axis.axis.start[output]
        offset = <ptrdiff_t>output * axis.axis.taps + (start & 1)
        rows.append((start, [axis.axis.weight[offset + i] for i in range(axis.axis.count[output])]))
    return axis.axis.bits, rows


cdef str _known(str kernel):
    if kernel not in _FILTERS:
        raise ValueError(f"unknown kernel {kernel!r}: use one of {', '.join(_FILTERS)}")
    return kernel


cdef pixelshift_cpu_level _level(cpu) except *:
    wanted = CPU_LEVEL if cpu is None else cpu
    if LEVELS.index(wanted) > LEVELS.index(CPU_LEVEL):
        raise ValueError(f"level {wanted!r} is above {CPU_LEVEL!r}, the one in force")
    return PIXELSHIFT_CPU_AVX2 if wanted == "avx2" else PIXELSHIFT_CPU_SCALAR


cdef tuple _shape(view, str name):
    if view.itemsize != 1 or view.format != "B":
        raise ValueError(f"{name} must hold uint8 samples, not {view.format!r}")
    if view.ndim == 2:
        shape = (view.shape[0], view.shape[1], 1)
    elif view.ndim == 3 and 1 <= view.shape[2] <= 4:
        shape = view.shape
    else:
        raise ValueError(f"{name} must have shape (h, w) or (h, w, 1 to 4), not {view.shape}")
    if shape[0] < 1 or shape[1] < 1:
        raise ValueError(f"{name} is empty: {view.shape}")
    packed = (shape[2], 1) if view.ndim == 3 else (1,)
    if view.strides[1:] != packed or view.strides[0] < shape[1] * shape[2]:
        raise ValueError(f"{name} must have packed pixels and rows that do not overlap, not strides {view.strides}")
    return shape


def resize(dst, src, *, str kernel, box=None, bint premultiply=True, bint repeat_edges=False, cpu=None):
    """Resample ``src`` into ``dst``: uint8 of shape (h, w) or (h, w, 1 to 4), rows may be strided.

    ``box`` is (left, top, right, bottom) in source pixels. At the picture's edges the filter is cut off, unless
    ``repeat_edges``: then edge pixels go on beyond them, and the box may reach there. Of 2 or 4 channels the last is alpha; ``premultiply``
    weights the others by it. Raises ValueError for shapes, boxes, kernels and levels that do not fit.
    """
    out_view = memoryview(dst)
    in_view = memoryview(src)
    if out_view.readonly:
        raise ValueError("dst is read-only")
    height, width, channels = _shape(in_view, "src")
    out_height, out_width, out_channels = _shape(out_view, "dst")
    if channels != out_channels:
        raise ValueError(f"src has {channels} channels and dst {out_channels}")
    left, top, right, bottom = (0.0, 0.0, width, height) if box is None else box
    cdef _Axis x = _axis(width, out_width, _known(kernel), left, right, repeat_edges)
    cdef _Axis y = _axis(height, out_height, kernel, top, bottom, repeat_edges)
    cdef bint by_alpha = premultiply and channels in (2, 4) and kernel != "nearest"
    _run(out_view, in_view, x, y, channels, by_alpha, _level(cpu))


cdef _run(out_view, in_view, _Axis x, _Axis y, int32_t channels, bint by_alpha, pixelshift_cpu_level level):
    cdef pixelshift_resample_plan plan
    cdef pixelshift_resample_stream stream
    cdef ptrdiff_t src_stride = in_view.strides[0]
    cdef ptrdiff_t dst_stride = out_view.strides[0]
    cdef const uint8_t *src = _address(in_view)
    cdef uint8_t *dst = <uint8_t *>_address(out_view)
    pixelshift_resample_plan_init(&plan, &x.axis, &y.axis, channels, by_alpha)
    cdef void *memory = aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, pixelshift_resample_stream_bytes(&plan, level))
    if memory == NULL:
        raise MemoryError
    with nogil:
        pixelshift_resample_stream_init(&stream, &plan, level, memory)
        pixelshift_resample_run(&stream, dst, dst_stride, src, src_stride)
        free(memory)


cdef const uint8_t *_address(view):
    cdef const uint8_t[:, :] rows
    cdef const uint8_t[:, :, :] pixels
    if view.ndim == 2:
        rows = view
        return &rows[0, 0]
    pixels = view
    return &pixels[0, 0, 0]
