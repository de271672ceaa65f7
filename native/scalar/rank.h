/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_RANK_H
#define PIXELSHIFT_SCALAR_RANK_H

#include "pixelshift/rank.h"

void pixelshift_rank_median3_scalar(uint8_t *dst, const uint8_t *above, const uint8_t *here, const uint8_t *below,
                                    size_t samples, size_t step);
void pixelshift_rank_slide_scalar(uint16_t *window, const uint16_t *enter, const uint16_t *leave);
uint8_t pixelshift_rank_value_at_scalar(const uint16_t *window, uint32_t rank);
uint64_t pixelshift_rank_limited_scalar(uint64_t *below, const uint16_t *window, uint32_t target, uint32_t limit);
void pixelshift_rank_slide_wide_scalar(uint32_t *window, const uint16_t *enter, const uint16_t *leave);
uint64_t pixelshift_rank_limited_wide_scalar(uint64_t *below, const uint32_t *window, uint32_t target, uint32_t limit);

void pixelshift_rank_median3_avx2(uint8_t *dst, const uint8_t *above, const uint8_t *here, const uint8_t *below,
                                  size_t samples, size_t step);
void pixelshift_rank_slide_avx2(uint16_t *window, const uint16_t *enter, const uint16_t *leave);
uint8_t pixelshift_rank_value_at_avx2(const uint16_t *window, uint32_t rank);
uint64_t pixelshift_rank_limited_avx2(uint64_t *below, const uint16_t *window, uint32_t target, uint32_t limit);
void pixelshift_rank_slide_wide_avx2(uint32_t *window, const uint16_t *enter, const uint16_t *leave);
uint64_t pixelshift_rank_limited_wide_avx2(uint64_t *below, const uint32_t *window, uint32_t target, uint32_t limit);

#endif
