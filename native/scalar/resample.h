/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_RESAMPLE_H
#define PIXELSHIFT_SCALAR_RESAMPLE_H

#include "pixelshift/resample.h"

#define PIXELSHIFT_RESAMPLE_DECLARE(level)                                                                             \
    size_t pixelshift_resample_scratch_bytes_##level(const pixelshift_resample_plan *plan);                            \
    void pixelshift_resample_push_##level(pixelshift_resample_stream *stream, const uint8_t *src,                      \
                                          ptrdiff_t src_stride, int32_t rows);                                         \
    size_t pixelshift_resample_sum_bytes_##level(const pixelshift_resample_plan *plan);                                \
    void pixelshift_resample_take_##level(const pixelshift_resample_stream *stream, uint8_t *dst);                     \
    void pixelshift_resample_add_##level(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride, \
                                         int32_t rows);                                                                \
    void pixelshift_resample_finish_##level(const pixelshift_resample_stream *stream, int32_t count)

PIXELSHIFT_RESAMPLE_DECLARE(scalar);
PIXELSHIFT_RESAMPLE_DECLARE(avx2);
PIXELSHIFT_RESAMPLE_DECLARE(neon);

#endif
