/* A twin of native/scalar/ycbcr.c: sixteen pixels at a time, the rest by the scalar formulas' own code. */
#include "ycbcr.h"

#include <arm_neon.h>

#include "../scalar/ycbcr.h"

/* (chroma * weight + 1/2) of 16 fraction bits, rounded down. */
static inline int16x8_t fraction(int16x8_t chroma, int16_t weight) {
    int16x4_t low = vrshrn_n_s32(vmull_n_s16(vget_low_s16(chroma), weight), 16);
    return vrshrn_high_n_s32(low, vmull_high_n_s16(chroma, weight), 16);
}

static inline int16x8_t fraction_of_two(int16x8_t a, int16_t weight_a, int16x8_t b, int16_t weight_b) {
    int32x4_t low = vmlal_n_s16(vmull_n_s16(vget_low_s16(a), weight_a), vget_low_s16(b), weight_b);
    int32x4_t high = vmlal_high_n_s16(vmull_high_n_s16(a, weight_a), b, weight_b);
    return vrshrn_high_n_s32(vrshrn_n_s32(low, 16), high, 16);
}

typedef struct {
    uint8x8_t red;
    uint8x8_t green;
    uint8x8_t blue;
} eight;

static inline eight convert(uint8x8_t y, uint8x8_t cb, uint8x8_t cr) {
    int16x8_t luma = vreinterpretq_s16_u16(vmovl_u8(y));
    int16x8_t blue = vreinterpretq_s16_u16(vsubl_u8(cb, vdup_n_u8(128)));
    int16x8_t red = vreinterpretq_s16_u16(vsubl_u8(cr, vdup_n_u8(128)));
    /* What exceeds 16 bits of a weight is a whole multiple of the chroma: 1.402 = 1 + .402, 1.772 = 2 - .228. */
    int16x8_t r = vaddq_s16(vaddq_s16(luma, red), fraction(red, 91881 - 65536));
    int16x8_t g = vaddq_s16(vsubq_s16(luma, red), fraction_of_two(blue, -22554, red, 65536 - 46802));
    int16x8_t b = vaddq_s16(vaddq_s16(luma, vaddq_s16(blue, blue)), fraction(blue, 116130 - 131072));
    eight pixels = {vqmovun_s16(r), vqmovun_s16(g), vqmovun_s16(b)};
    return pixels;
}

void pixelshift_ycbcr_to_rgb_neon(uint8_t *rgb, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, size_t pixels) {
    size_t i = 0;
    for (; i + 16 <= pixels; i += 16) {
        uint8x16_t luma = vld1q_u8(y + i), blue = vld1q_u8(cb + i), red = vld1q_u8(cr + i);
        eight low = convert(vget_low_u8(luma), vget_low_u8(blue), vget_low_u8(red));
        eight high = convert(vget_high_u8(luma), vget_high_u8(blue), vget_high_u8(red));
        uint8x16x3_t all = {
            {vcombine_u8(low.red, high.red), vcombine_u8(low.green, high.green), vcombine_u8(low.blue, high.blue)}};
        vst3q_u8(rgb + 3 * i, all);
    }
    pixelshift_ycbcr_to_rgb_scalar(rgb + 3 * i, y + i, cb + i, cr + i, pixels - i);
}
