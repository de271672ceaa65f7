/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_PNG_H
#define PIXELSHIFT_SCALAR_PNG_H

#include "pixelshift/png.h"

void pixelshift_png_unfilter_scalar(uint8_t *dst, const uint8_t *src, const uint8_t *above, size_t bytes, size_t step,
                                    pixelshift_png_filter filter);
void pixelshift_png_unfilter_paeth_pair_scalar(uint8_t *const dst[2], const uint8_t *const src[2], const uint8_t *above,
                                               size_t bytes, size_t step);
void pixelshift_png_filter_scalar(uint8_t *dst, const uint8_t *row, const uint8_t *above, size_t bytes, size_t step,
                                  pixelshift_png_filter filter);
void pixelshift_png_weigh_scalar(uint64_t costs[PIXELSHIFT_PNG_FILTERS], const uint8_t *row, const uint8_t *above,
                                 size_t bytes, size_t step);

void pixelshift_png_unfilter_avx2(uint8_t *dst, const uint8_t *src, const uint8_t *above, size_t bytes, size_t step,
                                  pixelshift_png_filter filter);
void pixelshift_png_unfilter_paeth_pair_avx2(uint8_t *const dst[2], const uint8_t *const src[2], const uint8_t *above,
                                             size_t bytes, size_t step);
void pixelshift_png_filter_avx2(uint8_t *dst, const uint8_t *row, const uint8_t *above, size_t bytes, size_t step,
                                pixelshift_png_filter filter);
void pixelshift_png_weigh_avx2(uint64_t costs[PIXELSHIFT_PNG_FILTERS], const uint8_t *row, const uint8_t *above,
                               size_t bytes, size_t step);

/* What a filter predicts from the pixels left (a), above (b) and above left (c). */
static inline uint8_t png_prediction(pixelshift_png_filter filter, int a, int b, int c) {
    switch (filter) {
    case PIXELSHIFT_PNG_SUB:
        return (uint8_t)a;
    case PIXELSHIFT_PNG_UP:
        return (uint8_t)b;
    case PIXELSHIFT_PNG_AVERAGE:
        return (uint8_t)((a + b) / 2);
    case PIXELSHIFT_PNG_PAETH: {
        int to_a = b > c ? b - c : c - b, to_b = a > c ? a - c : c - a, sum = a + b - 2 * c;
        int to_c = sum < 0 ? -sum : sum;
        return (uint8_t)(to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c);
    }
    default:
        return 0;
    }
}

#endif
