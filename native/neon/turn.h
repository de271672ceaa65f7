/* A square of 8x8 samples of 16 bits on its side. */
#ifndef PIXELSHIFT_NEON_TURN_H
#define PIXELSHIFT_NEON_TURN_H

#include <arm_neon.h>

static inline void turn_square(int16x8_t *a) {
    int32x4_t b[8];
    int64x2_t c[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        b[i] = vreinterpretq_s32_s16(vtrn1q_s16(a[i], a[i + 1]));
        b[i + 1] = vreinterpretq_s32_s16(vtrn2q_s16(a[i], a[i + 1]));
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        int k = (i & 2) * 2 + (i & 1);
        c[k] = vreinterpretq_s64_s32(vtrn1q_s32(b[k], b[k + 2]));
        c[k + 2] = vreinterpretq_s64_s32(vtrn2q_s32(b[k], b[k + 2]));
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        a[i] = vreinterpretq_s16_s64(vtrn1q_s64(c[i], c[i + 4]));
        a[i + 4] = vreinterpretq_s16_s64(vtrn2q_s64(c[i], c[i + 4]));
    }
}

#endif
