/* Kernels of the NEON level, for the table in native/dispatch. */
#ifndef PIXELSHIFT_NEON_RESAMPLE_H
#define PIXELSHIFT_NEON_RESAMPLE_H

#include "pixelshift/resample.h"

size_t pixelshift_resample_scratch_bytes_neon(const pixelshift_resample_plan *plan);
void pixelshift_resample_push_neon(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                   int32_t rows);
size_t pixelshift_resample_sum_bytes_neon(const pixelshift_resample_plan *plan);
void pixelshift_resample_take_neon(const pixelshift_resample_stream *stream, uint8_t *dst);
void pixelshift_resample_add_neon(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                  int32_t rows);
void pixelshift_resample_finish_neon(const pixelshift_resample_stream *stream, int32_t count);

#endif
