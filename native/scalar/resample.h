/* Kernels of the scalar level, for the table in native/dispatch. */
#ifndef PIXELSHIFT_SCALAR_RESAMPLE_H
#define PIXELSHIFT_SCALAR_RESAMPLE_H

#include "pixelshift/resample.h"

size_t pixelshift_resample_scratch_bytes_scalar(const pixelshift_resample_plan *plan);
void pixelshift_resample_push_scalar(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                     int32_t rows);
size_t pixelshift_resample_sum_bytes_scalar(const pixelshift_resample_plan *plan);
void pixelshift_resample_take_scalar(const pixelshift_resample_stream *stream, uint8_t *dst);
void pixelshift_resample_add_scalar(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                    int32_t rows);
void pixelshift_resample_finish_scalar(const pixelshift_resample_stream *stream, int32_t count);

#endif
