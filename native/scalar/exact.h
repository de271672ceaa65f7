/* Kernels of the scalar level, for the table in native/dispatch. */
#ifndef PIXELSHIFT_SCALAR_EXACT_H
#define PIXELSHIFT_SCALAR_EXACT_H

#include "pixelshift/exact.h"

size_t pixelshift_exact_scratch_bytes_scalar(const pixelshift_exact_plan *plan);
void pixelshift_exact_across_scalar(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride,
                                    int32_t rows, const pixelshift_exact_plan *plan, void *scratch);
void pixelshift_exact_down_scalar(uint8_t *dst, const uint8_t *ring, ptrdiff_t ring_stride, int32_t slots,
                                  int32_t output, int32_t samples, const pixelshift_exact_axis *axis);

#endif
