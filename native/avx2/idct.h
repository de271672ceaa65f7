#ifndef PIXELSHIFT_AVX2_IDCT_H
#define PIXELSHIFT_AVX2_IDCT_H

#include "pixelshift/idct.h"

int pixelshift_idct_to_8_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser);
int pixelshift_idct_corner_to_8_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block,
                                     const int16_t *quantiser);
int pixelshift_idct_to_4_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser);
void pixelshift_idct_row_to_3_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                   size_t blocks);
void pixelshift_idct_row_to_2_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                   size_t blocks);
void pixelshift_idct_row_to_1_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                   size_t blocks);

#endif
