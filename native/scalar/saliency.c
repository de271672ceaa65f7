#include "saliency.h"

#include <stdlib.h>

void pixelshift_saliency_luma_scalar(uint8_t *dst, const uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        dst[i] = (uint8_t)((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
    }
}

static int smaller(int x, int y) {
    return x < y ? x : y;
}

static int larger(int x, int y) {
    return x > y ? x : y;
}

static int skin_mark(int r, int g, int b, int luma) {
    if (luma < SALIENCY_SKIN_DARK) {
        return 0;
    }
    int cb = (128 * b - 43 * r - 85 * g) >> 8, cr = (128 * r - 107 * g - 21 * b) >> 8;
    int from_cb = SALIENCY_SKIN_PEAK - 3 * abs(cb - SALIENCY_SKIN_CB);
    int from_cr = SALIENCY_SKIN_PEAK - 4 * abs(cr - SALIENCY_SKIN_CR);
    return larger(0, smaller(from_cb, from_cr));
}

void pixelshift_saliency_mark_from(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma,
                                   const uint8_t *above, size_t first, size_t pixels) {
    for (size_t i = first; i < pixels; i++) {
        int r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        int before = i > 0 ? luma[i - 1] : luma[i];
        int detail = abs(luma[i] - before) + abs(luma[i] - above[i]);
        int spread = larger(larger(r, g), b) - smaller(smaller(r, g), b);
        dst.detail[i] = (uint8_t)smaller(255, detail);
        dst.colour[i] = (uint8_t)larger(0, spread - SALIENCY_COLOUR_FROM);
        dst.skin[i] = (uint8_t)skin_mark(r, g, b, luma[i]);
    }
}

void pixelshift_saliency_mark_scalar(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma,
                                     const uint8_t *above, size_t pixels) {
    pixelshift_saliency_mark_from(dst, rgb, luma, above, 0, pixels);
}

uint64_t pixelshift_saliency_sum_scalar(const uint8_t *values, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += values[i];
    }
    return total;
}
