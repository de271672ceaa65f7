/*
 * Twins of native/scalar/idct.c. A vector holds a row of eight inputs, of which each half goes through the transform in
 * 32 bits.
 */
#include "idct.h"

#include <string.h>

#include "pixelshift/idct.h"
#include "turn.h"

static const int16_t WEIGHTS_8[2][8] = {
    {4433, 4433 - 15137, 4433 + 6270, 9633, 11363, 2260, 6437, -6436},
    {-2259, -11362, 2261, -11363, 0, 0, 0, 0},
};

static const int16_t WEIGHTS_4[2][8] = {
    {15137, -6270, 20995, -4176, 7373, -4926, 8697, -1730},
    {-17799, 11893, 16384, 0, 0, 0, 0, 0},
};

/* The coefficients' values; 0 where they are too large together. */
static inline int dequantised(int16x8_t values[8], const int16_t *block, const int16_t *quantiser) {
    int32x4_t sum = vdupq_n_s32(0);
    const int32x4_t zero = sum;
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        int16x8_t row = vld1q_s16(block + 8 * i), by = vld1q_s16(quantiser + 8 * i);
        int32x4_t low = vmull_s16(vget_low_s16(row), vget_low_s16(by)), high = vmull_high_s16(row, by);
        sum = vabaq_s32(vabaq_s32(sum, low, zero), high, zero);
        values[i] = vuzp1q_s16(vreinterpretq_s16_s32(low), vreinterpretq_s16_s32(high));
    }
    return vaddlvq_u32(vreinterpretq_u32_s32(sum)) <= PIXELSHIFT_IDCT_LIMIT;
}

/* Four inputs by the weights of four lanes. */
#define WEIGHTED(a, wa, la, b, wb, lb) vmlal_laneq_s16(vmull_laneq_s16(a, wa, la), b, wb, lb)
#define WEIGHTED_4(a, wa, la, b, wb, lb, c, wc, lc, d, wd, ld)                                                         \
    vmlal_laneq_s16(vmlal_laneq_s16(WEIGHTED(a, wa, la, b, wb, lb), c, wc, lc), d, wd, ld)

/* Four columns of eight inputs to eight sums, `half` added. */
static inline void transform_8(int32x4_t out[8], const int16x4_t in[8], int32x4_t half) {
    const int16x8_t w = vld1q_s16(WEIGHTS_8[0]), v = vld1q_s16(WEIGHTS_8[1]);
    int32x4_t even[4], odd[4];
    int32x4_t e0 = vaddq_s32(vshlq_n_s32(vaddl_s16(in[0], in[4]), 13), half);
    int32x4_t e1 = vaddq_s32(vshlq_n_s32(vsubl_s16(in[0], in[4]), 13), half);
    int32x4_t e2 = WEIGHTED(in[2], w, 0, in[6], w, 1), e3 = WEIGHTED(in[2], w, 2, in[6], w, 0);
    even[0] = vaddq_s32(e0, e3);
    even[1] = vaddq_s32(e1, e2);
    even[2] = vsubq_s32(e1, e2);
    even[3] = vsubq_s32(e0, e3);
    odd[0] = WEIGHTED_4(in[1], w, 4, in[7], w, 5, in[3], w, 3, in[5], w, 6);
    odd[1] = WEIGHTED_4(in[1], w, 3, in[7], w, 7, in[3], v, 0, in[5], v, 1);
    odd[2] = WEIGHTED_4(in[1], w, 6, in[7], w, 3, in[3], v, 1, in[5], v, 2);
    odd[3] = WEIGHTED_4(in[1], w, 5, in[7], v, 3, in[3], w, 7, in[5], w, 3);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        out[i] = vaddq_s32(even[i], odd[i]);
        out[7 - i] = vsubq_s32(even[i], odd[i]);
    }
}

static inline void transform_8_halves(int32x4_t low[8], int32x4_t high[8], const int16x8_t in[8], int bits) {
    const int32x4_t half = vdupq_n_s32(1 << (bits - 1));
    int16x4_t part[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        part[i] = vget_low_s16(in[i]);
    }
    transform_8(low, part, half);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        part[i] = vget_high_s16(in[i]);
    }
    transform_8(high, part, half);
}

int pixelshift_idct_to_8_neon(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser) {
    int16x8_t square[8];
    int32x4_t low[8], high[8];
    if (!dequantised(square, block, quantiser)) {
        return 0;
    }
    transform_8_halves(low, high, square, 11);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        square[i] = vqshrn_high_n_s32(vqshrn_n_s32(low[i], 11), high[i], 11);
    }
    turn_square(square);
    transform_8_halves(low, high, square, 18);
    /* Of the 18 bits, 16 go here, which leaves nothing to saturate, and 2 with the turn to samples. */
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        square[i] = vshrn_high_n_s32(vshrn_n_s32(low[i], 16), high[i], 16);
    }
    turn_square(square);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        uint8x8_t row = veor_u8(vreinterpret_u8_s8(vqshrn_n_s16(square[i], 2)), vdup_n_u8(0x80));
        vst1_u8(dst + i * dst_stride, row);
    }
    return 1;
}

/* To four sums with one fraction bit more. Input 4 has no part in it. */
static inline void transform_4(int32x4_t out[4], const int16x4_t in[8], int32x4_t half) {
    const int16x8_t w = vld1q_s16(WEIGHTS_4[0]), v = vld1q_s16(WEIGHTS_4[1]);
    int32x4_t e0 = vmlal_laneq_s16(half, in[0], v, 2), e2 = WEIGHTED(in[2], w, 0, in[6], w, 1);
    int32x4_t o0 = WEIGHTED_4(in[1], w, 2, in[7], w, 3, in[3], w, 4, in[5], w, 5);
    int32x4_t o1 = WEIGHTED_4(in[1], w, 6, in[7], w, 7, in[3], v, 0, in[5], v, 1);
    int32x4_t sum = vaddq_s32(e0, e2), difference = vsubq_s32(e0, e2);
    out[0] = vaddq_s32(sum, o0);
    out[1] = vaddq_s32(difference, o1);
    out[2] = vsubq_s32(difference, o1);
    out[3] = vsubq_s32(sum, o0);
}

int pixelshift_idct_to_4_neon(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser) {
    int16x4_t in[8];
    int32x4_t sums[2][4];
    int16x8_t square[8];
    if (!dequantised(square, block, quantiser)) {
        return 0;
    }
#pragma GCC unroll 2
    for (int side = 0; side < 2; side++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            in[i] = side == 0 ? vget_low_s16(square[i]) : vget_high_s16(square[i]);
        }
        transform_4(sums[side], in, vdupq_n_s32(1 << 11));
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        square[i] = vqshrn_high_n_s32(vqshrn_n_s32(sums[0][i], 12), sums[1][i], 12);
        square[4 + i] = vdupq_n_s16(0);
    }
    turn_square(square);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        in[i] = vget_low_s16(square[i]);
    }
    transform_4(sums[0], in, vdupq_n_s32(1 << 18));
    /* Columns of four rows; of the 19 bits 16 go here, 3 with the turn to samples. */
    int16x4x4_t columns;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        columns.val[i] = vshrn_n_s32(sums[0][i], 16);
    }
    int16_t rows[16];
    vst4_s16(rows, columns);
#pragma GCC unroll 2
    for (int i = 0; i < 4; i += 2) {
        uint8x8_t two = veor_u8(vreinterpret_u8_s8(vqshrn_n_s16(vld1q_s16(rows + 4 * i), 3)), vdup_n_u8(0x80));
        uint64_t bytes = vget_lane_u64(vreinterpret_u64_u8(two), 0);
        uint32_t upper = (uint32_t)bytes, lower = (uint32_t)(bytes >> 32);
        memcpy(dst + i * dst_stride, &upper, sizeof upper);
        memcpy(dst + (i + 1) * dst_stride, &lower, sizeof lower);
    }
    return 1;
}
