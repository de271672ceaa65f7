#include "ycbcr.h"

/* Weights are round(w * 2^16); those of one result sum to 2^16, or to 0 for chroma. */
enum { BITS = 16, HALF = 1 << (BITS - 1), MIDDLE = 128 << BITS };

static uint8_t clipped(int32_t value) {
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void pixelshift_ycbcr_from_rgb_scalar(uint8_t *y, uint8_t *cb, uint8_t *cr, const uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++) {
        int32_t r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        y[i] = (uint8_t)((19595 * r + 38470 * g + 7471 * b + HALF) >> BITS);
        cb[i] = (uint8_t)((-11059 * r - 21709 * g + 32768 * b + MIDDLE + HALF - 1) >> BITS);
        cr[i] = (uint8_t)((32768 * r - 27439 * g - 5329 * b + MIDDLE + HALF - 1) >> BITS);
    }
}

void pixelshift_ycbcr_to_rgb_scalar(uint8_t *rgb, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
                                    size_t pixels) {
    for (size_t i = 0; i < pixels; i++) {
        int32_t luma = y[i], blue = cb[i] - 128, red = cr[i] - 128;
        rgb[3 * i] = clipped(luma + ((91881 * red + HALF) >> BITS));
        rgb[3 * i + 1] = clipped(luma + ((-22554 * blue - 46802 * red + HALF) >> BITS));
        rgb[3 * i + 2] = clipped(luma + ((116130 * blue + HALF) >> BITS));
    }
}

void pixelshift_ycbcr_halve_scalar(uint8_t *dst, const uint8_t *upper, const uint8_t *lower, size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        int sum = upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1];
        dst[i] = (uint8_t)((sum + 1 + (int)(i & 1)) >> 2);
    }
}
