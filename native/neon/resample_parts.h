/* What both directions of the NEON resampler share: products with alpha, and how sums end. */
#ifndef PIXELSHIFT_NEON_RESAMPLE_PARTS_H
#define PIXELSHIFT_NEON_RESAMPLE_PARTS_H

#include <arm_neon.h>
#include <string.h>

#include "pixelshift/resample.h"

#define STRIP PIXELSHIFT_RESAMPLE_STRIP
/* Where colour is weighted by alpha in a filter of more than 128 taps, sums take 64 bits: left to the scalar kernels.
 */
#define LONG_SUMS(plan, axis) ((plan)->premultiply && (axis)->wide)

typedef struct {
    uint16x8_t half;
    uint16_t scale;
    int16x8_t bits;
} premultiplier;

static inline premultiplier premultiplier_of(int32_t bits) {
    premultiplier by = {vdupq_n_u16((uint16_t)((255 + (1 << bits)) >> (bits + 1))),
                        (uint16_t)(((1 << (bits + 16)) + 127) / 255), vdupq_n_s16((int16_t)bits)};
    return by;
}

static inline int16x8_t premultiplied(int16x8_t colour, int16x8_t alpha, premultiplier by) {
    uint16x8_t product = vmlaq_u16(by.half, vreinterpretq_u16_s16(colour), vreinterpretq_u16_s16(alpha));
    uint16x4_t low = vshrn_n_u32(vmull_n_u16(vget_low_u16(product), by.scale), 16);
    return vreinterpretq_s16_u16(vshrn_high_n_u32(low, vmull_high_n_u16(product, by.scale), 16));
}

/* How sums end; `half` and `unit` count where colour is divided by alpha. */
typedef struct {
    int32x4_t offset;
    int32x4_t shift; /* to the left, so negative */
    int32x4_t half;
    float32x4_t unit;
} rounding;

/* From `fraction` bits to int16 less 128 with the plan's middle bits. */
static inline rounding rounding_to_middle(const pixelshift_resample_plan *plan, int32_t fraction) {
    int32_t shift = fraction - plan->middle_bits;
    rounding round = {
        .offset = vdupq_n_s32((int32_t)(((int64_t)1 << shift >> 1) - ((int64_t)128 << fraction))),
        .shift = vdupq_n_s32(-shift),
    };
    return round;
}

/* From `fraction` bits less 128 to whole levels; without the half where a division rounds. */
static inline rounding rounding_to_levels(int32_t fraction, int divide) {
    int32_t half = 1 << fraction >> 1;
    rounding round = {
        .offset = vdupq_n_s32((int32_t)((int64_t)128 << fraction) + (divide ? 0 : half)),
        .shift = vdupq_n_s32(-fraction),
        .half = vdupq_n_s32(half),
        .unit = vdupq_n_f32(PIXELSHIFT_RESAMPLE_NUDGE / (float)(1 << fraction)),
    };
    return round;
}

/* 255 / alpha, nudged, or 0 where alpha rounds to 0: the operations of the scalar divide(). */
static inline float32x4_t ratio_of(int32x4_t alpha, const rounding *round) {
    float32x4_t ratio = vdivq_f32(vdupq_n_f32(255 * PIXELSHIFT_RESAMPLE_NUDGE), vcvtq_f32_s32(alpha));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(ratio), vcgeq_s32(alpha, round->half)));
}

static inline int32x4_t scaled(int32x4_t sum, float32x4_t ratio) {
    return vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), ratio));
}

static inline int16x8_t narrowed(int32x4_t low, int32x4_t high) {
    return vqmovn_high_s32(vqmovn_s32(low), high);
}

/* A vector of samples by one weight, added to two of sums. */
static inline void add_weighted(int32x4_t *sum, int16x8_t samples, int16x4_t weight) {
    sum[0] = vmlal_lane_s16(sum[0], vget_low_s16(samples), weight, 0);
    sum[1] = vmlal_high_lane_s16(sum[1], samples, weight, 0);
}

/* What push and finish need. */
size_t pixelshift_resample_scratch_bytes_across_neon(const pixelshift_resample_plan *plan);

#endif
