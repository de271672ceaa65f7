"""What the resamplers share: arguments checked once, and memory to work in."""

from libc.stdlib cimport free

cdef extern from "stdlib.h" nogil:
    void *aligned_alloc(size_t alignment, size_t size)

cdef extern from "pixelshift/resample.h":
    size_t PIXELSHIFT_RESAMPLE_ALIGNMENT
    int PIXELSHIFT_RESAMPLE_SIDE_LIMIT

# Memory of earlier calls, at most this many pieces of at most so many bytes: fresh pages cost as much as a small picture.
_KEPT = []
_KEPT_COUNT = 4
cdef enum:
    KEPT_BYTES = 1 << 21


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


cdef const uint8_t *_address(view) except NULL:
    cdef const uint8_t[:, :] rows
    cdef const uint8_t[:, :, :] pixels
    if view.ndim == 2:
        rows = view
        return &rows[0, 0]
    pixels = view
    return &pixels[0, 0, 0]


cdef class Pair:
    """A result and its source: uint8 of shape (h, w) or (h, w, 1 to 4), rows may be strided; and the source's box.

    Raises ValueError for what does not fit; whether the box lies inside the source is for the axes to say.
    """

    def __cinit__(self, dst, src, box):
        out_view = memoryview(dst)
        in_view = memoryview(src)
        if out_view.readonly:
            raise ValueError("dst is read-only")
        height, width, channels = _shape(in_view, "src")
        out_height, out_width, out_channels = _shape(out_view, "dst")
        if channels != out_channels:
            raise ValueError(f"src has {channels} channels and dst {out_channels}")
        for side in (height, width, out_height, out_width):
            if side > PIXELSHIFT_RESAMPLE_SIDE_LIMIT:
                raise ValueError(f"a side of {side} is above {PIXELSHIFT_RESAMPLE_SIDE_LIMIT}")
        left, top, right, bottom = (0, 0, width, height) if box is None else box
        self.views = (out_view, in_view)
        self.src = _address(in_view)
        self.dst = <uint8_t *>_address(out_view)
        self.src_stride = in_view.strides[0]
        self.dst_stride = out_view.strides[0]
        self.width, self.height, self.channels = width, height, channels
        self.out_width, self.out_height = out_width, out_height
        self.box = (float(left), float(top), float(right), float(bottom))


cdef str known(str kernel, dict filters):
    if kernel not in filters:
        raise ValueError(f"unknown kernel {kernel!r}: use one of {', '.join(filters)}")
    return kernel


cdef class Memory:
    """Aligned as the resamplers want it; freed with the object."""

    def __dealloc__(self):
        free(self.place)


cdef Memory allocate(size_t size):
    """Raises MemoryError."""
    cdef Memory memory = Memory.__new__(Memory)
    memory.size = (size + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1)
    memory.place = aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, memory.size)
    if memory.place == NULL:
        raise MemoryError
    return memory


cdef Memory borrow(size_t size):
    """Memory of at least that size, perhaps of an earlier call; to be given back. Raises MemoryError."""
    cdef Memory memory
    try:
        memory = _KEPT.pop()
    except IndexError:
        return allocate(size)
    return memory if memory.size >= size else allocate(size)


cdef void give_back(Memory memory) noexcept:
    if memory.size <= KEPT_BYTES and len(_KEPT) < _KEPT_COUNT:
        _KEPT.append(memory)
