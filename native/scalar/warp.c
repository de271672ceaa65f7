#include "warp.h"

static const uint8_t BLACK[4] = {0, 0, 0, 255};

static const uint8_t *pixel_at(const pixelshift_warp_source *source, int64_t x, int64_t y) {
    if (x < 0 || x >= source->width || y < 0 || y >= source->height) {
        return BLACK;
    }
    return source->pixels + (size_t)(y * source->width + x) * (size_t)source->channels;
}

static void blend_opaque(uint8_t *dst, const uint8_t *const tap[4], const int32_t weight[4]) {
    const int32_t half = 1 << (PIXELSHIFT_WARP_WEIGHT_BITS - 1);
    for (int c = 0; c < 3; c++) {
        int32_t sum = half;
        for (int t = 0; t < 4; t++) {
            sum += weight[t] * tap[t][c];
        }
        dst[c] = (uint8_t)(sum >> PIXELSHIFT_WARP_WEIGHT_BITS);
    }
}

static void blend_alpha(uint8_t *dst, const uint8_t *const tap[4], const int32_t weight[4]) {
    int32_t cover = 0;
    for (int t = 0; t < 4; t++) {
        cover += weight[t] * tap[t][3];
    }
    for (int c = 0; c < 3; c++) {
        int32_t sum = 0;
        for (int t = 0; t < 4; t++) {
            sum += weight[t] * tap[t][3] * tap[t][c];
        }
        dst[c] = cover == 0 ? 0 : (uint8_t)(int32_t)((float)sum / (float)cover);
    }
    dst[3] = (uint8_t)(cover >> PIXELSHIFT_WARP_WEIGHT_BITS);
}

void pixelshift_warp_bilinear_scalar(uint8_t *dst, const pixelshift_warp_source *source,
                                     const pixelshift_warp_line *line, size_t pixels) {
    const int32_t unit = 1 << PIXELSHIFT_WARP_WEIGHT_BITS;
    int64_t x = line->x, y = line->y;
    for (size_t i = 0; i < pixels; i++, x += line->step_x, y += line->step_y, dst += source->channels) {
        int64_t left = x >> 32, top = y >> 32;
        int32_t across = (int32_t)((uint32_t)x >> (32 - PIXELSHIFT_WARP_WEIGHT_BITS));
        int32_t down = (int32_t)((uint32_t)y >> (32 - PIXELSHIFT_WARP_WEIGHT_BITS));
        /* The second and third are what the first and fourth leave, so that all add up to one. */
        int32_t last = across * down >> PIXELSHIFT_WARP_WEIGHT_BITS;
        int32_t right = (unit - down) * across >> PIXELSHIFT_WARP_WEIGHT_BITS;
        const int32_t weight[4] = {unit - down - right, right, down - last, last};
        const uint8_t *const tap[4] = {
            pixel_at(source, left, top),
            pixel_at(source, left + 1, top),
            pixel_at(source, left, top + 1),
            pixel_at(source, left + 1, top + 1),
        };
        if (source->channels == 4) {
            blend_alpha(dst, tap, weight);
        } else {
            blend_opaque(dst, tap, weight);
        }
    }
}
