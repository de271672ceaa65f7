#include "blend.h"

#include "lane.h"

#include "blend_modes.h"

/* round(product / 255), exact for products up to 255 * 255. */
static inline uint32_t divide_by_255(uint32_t product) {
    uint32_t shifted = product + 128;
    return (shifted + (shifted >> 8)) >> 8;
}

static inline uint32_t over(uint32_t below, uint32_t above, uint32_t alpha) {
    return divide_by_255(above * alpha + below * (255 - alpha));
}

static inline __attribute__((always_inline)) void blend_pixel(pixelshift_blend_mode mode, uint8_t *base,
                                                              const uint8_t *overlay, uint32_t cover) {
    const lane unit = 1.0f / 255.0f;
    lane a = (lane)cover * unit, b = (lane)base[3] * unit;
    lane alpha = blend_alpha(mode, a, b);
    for (int c = 0; c < 3; c++) {
        lane x = (lane)overlay[c] * unit * a, y = (lane)base[c] * unit * b;
        base[c] = (uint8_t)(int32_t)blend_level(blend_colour(mode, x, a, y, b), alpha);
    }
    base[3] = (uint8_t)(int32_t)(alpha * 255.0f + 0.5f);
}

static inline __attribute__((always_inline)) void blend_row(pixelshift_blend_mode mode, uint8_t *base,
                                                            const uint8_t *overlay, size_t pixels, uint32_t opacity) {
    for (size_t i = 0; i < pixels; i++, base += 4, overlay += 4) {
        uint32_t cover = divide_by_255(overlay[3] * opacity);
        if (mode == PIXELSHIFT_BLEND_OVER && base[3] == 255) {
            for (int c = 0; c < 3; c++) {
                base[c] = (uint8_t)over(base[c], overlay[c], cover);
            }
        } else {
            blend_pixel(mode, base, overlay, cover);
        }
    }
}

void pixelshift_blend_rgba_scalar(uint8_t *base, const uint8_t *overlay, size_t pixels, pixelshift_blend_mode mode,
                                  uint32_t opacity) {
    switch (mode) {
#define ROW(name)                                                                                                      \
    case name:                                                                                                         \
        blend_row(name, base, overlay, pixels, opacity);                                                               \
        break;
        BLEND_EACH_MODE(ROW)
#undef ROW
    }
}

void pixelshift_blend_over_rgb_scalar(uint8_t *base, const uint8_t *overlay, size_t pixels, uint32_t opacity) {
    for (size_t i = 0; i < pixels; i++, base += 3, overlay += 4) {
        uint32_t cover = divide_by_255(overlay[3] * opacity);
        for (int c = 0; c < 3; c++) {
            base[c] = (uint8_t)over(base[c], overlay[c], cover);
        }
    }
}

void pixelshift_blend_premultiply_scalar(uint8_t *dst, const uint8_t *src, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, dst += 4, src += 4) {
        uint32_t alpha = src[3];
        for (int c = 0; c < 3; c++) {
            dst[c] = (uint8_t)(src[c] * alpha / 255);
        }
        dst[3] = (uint8_t)alpha;
    }
}

void pixelshift_blend_unpremultiply_scalar(uint8_t *dst, const uint8_t *src, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, dst += 4, src += 4) {
        lane alpha = (lane)src[3];
        for (int c = 0; c < 3; c++) {
            dst[c] = (uint8_t)(int32_t)blend_unweighted((lane)src[c], alpha);
        }
        dst[3] = src[3];
    }
}

void pixelshift_blend_unpremultiply_real_scalar(uint8_t *dst, const float *src, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, dst += 4, src += 4) {
        for (int c = 0; c < 3; c++) {
            dst[c] = (uint8_t)(int32_t)blend_unweighted(src[c], src[3]);
        }
        dst[3] = (uint8_t)(int32_t)blend_clip(src[3]);
    }
}
