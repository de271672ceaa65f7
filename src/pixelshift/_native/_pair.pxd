from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t


cdef class Pair:
    cdef object views
    cdef const uint8_t *src
    cdef uint8_t *dst
    cdef ptrdiff_t src_stride
    cdef ptrdiff_t dst_stride
    cdef int32_t width
    cdef int32_t height
    cdef int32_t out_width
    cdef int32_t out_height
    cdef int32_t channels
    cdef tuple box


cdef class Memory:
    cdef void *place
    cdef size_t size


cdef Memory borrow(size_t size)
cdef void give_back(Memory memory) noexcept
cdef Memory allocate(size_t size)
cdef str known(str kernel, dict filters)
