#include "idct.h"

/*
 * Constants are round(x * 2^13). The first pass leaves 2 fraction bits and saturates to 16 bits, as the vector
 * versions do; both directions together leave a factor of 8.
 */
enum { CONSTANT_BITS = 13, PASS_BITS = 2, LAST_BITS = CONSTANT_BITS + PASS_BITS + 3 };

static int16_t saturated(int32_t value) {
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
}

static uint8_t sample(int32_t value) {
    value += 128;
    return (uint8_t)(value > 255 ? 255 : value < 0 ? 0 : value);
}

/* Sums may exceed 32 bits on nonsense; they wrap, as vector registers do. */
static int32_t sum2(int32_t a, int32_t ka, int32_t b, int32_t kb) {
    return (int32_t)((uint32_t)(a * ka) + (uint32_t)(b * kb));
}

static int32_t add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int32_t subtract(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

static int32_t rounded(int32_t value, int bits) {
    return add(value, 1 << (bits - 1)) >> bits;
}

/* Eight inputs, `step` apart, to eight sums with CONSTANT_BITS fraction bits. */
static void transform_8(int32_t out[8], const int16_t *in, int step) {
    int32_t i0 = in[0], i1 = in[step], i2 = in[2 * step], i3 = in[3 * step];
    int32_t i4 = in[4 * step], i5 = in[5 * step], i6 = in[6 * step], i7 = in[7 * step];
    int32_t even[4], odd[4];
    int32_t e0 = sum2(i0, 8192, i4, 8192), e1 = sum2(i0, 8192, i4, -8192);
    int32_t e2 = sum2(i2, 4433, i6, 4433 - 15137), e3 = sum2(i2, 4433 + 6270, i6, 4433);
    even[0] = add(e0, e3);
    even[1] = add(e1, e2);
    even[2] = subtract(e1, e2);
    even[3] = subtract(e0, e3);
    odd[0] = add(sum2(i1, 12299 - 7373 - 3196 + 9633, i7, -7373 + 9633), sum2(i3, 9633, i5, -3196 + 9633));
    odd[1] = add(sum2(i1, 9633, i7, -16069 + 9633), sum2(i3, 25172 - 20995 - 16069 + 9633, i5, -20995 + 9633));
    odd[2] = add(sum2(i1, -3196 + 9633, i7, 9633), sum2(i3, -20995 + 9633, i5, 16819 - 20995 - 3196 + 9633));
    odd[3] = add(sum2(i1, -7373 + 9633, i7, 2446 - 7373 - 16069 + 9633), sum2(i3, -16069 + 9633, i5, 9633));
    for (int i = 0; i < 4; i++) {
        out[i] = add(even[i], odd[i]);
        out[7 - i] = subtract(even[i], odd[i]);
    }
}

/* The coefficients' values; 0 where they are too large together. */
static int dequantised(int16_t values[64], const int16_t *block, const int16_t *quantiser) {
    uint32_t sum = 0; /* 64 * 2047 * 32767 fits */
    for (int i = 0; i < 64; i++) {
        int32_t value = block[i] * quantiser[i];
        sum += (uint32_t)(value < 0 ? -value : value);
        values[i] = (int16_t)value;
    }
    return sum <= PIXELSHIFT_IDCT_LIMIT;
}

int pixelshift_idct_to_8_scalar(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser) {
    int16_t values[64], middle[64];
    int32_t sums[8];
    if (!dequantised(values, block, quantiser)) {
        return 0;
    }
    for (int x = 0; x < 8; x++) {
        transform_8(sums, values + x, 8);
        for (int y = 0; y < 8; y++) {
            middle[8 * y + x] = saturated(rounded(sums[y], CONSTANT_BITS - PASS_BITS));
        }
    }
    for (int y = 0; y < 8; y++) {
        transform_8(sums, middle + 8 * y, 1);
        for (int x = 0; x < 8; x++) {
            dst[y * dst_stride + x] = sample(saturated(rounded(sums[x], LAST_BITS)));
        }
    }
    return 1;
}

/* To four sums with one fraction bit more. Input 4 has no part in it. */
static void transform_4(int32_t out[4], const int16_t *in, int step) {
    int32_t i0 = in[0], i1 = in[step], i2 = in[2 * step], i3 = in[3 * step];
    int32_t i5 = in[5 * step], i6 = in[6 * step], i7 = in[7 * step];
    int32_t e0 = i0 * 16384, e2 = sum2(i2, 15137, i6, -6270);
    int32_t o0 = add(sum2(i1, 20995, i7, -4176), sum2(i3, 7373, i5, -4926));
    int32_t o1 = add(sum2(i1, 8697, i7, -1730), sum2(i3, -17799, i5, 11893));
    out[0] = add(add(e0, e2), o0);
    out[1] = add(subtract(e0, e2), o1);
    out[2] = subtract(subtract(e0, e2), o1);
    out[3] = subtract(add(e0, e2), o0);
}

int pixelshift_idct_to_4_scalar(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser) {
    int16_t values[64], middle[4 * 8];
    int32_t sums[4];
    if (!dequantised(values, block, quantiser)) {
        return 0;
    }
    for (int x = 0; x < 8; x++) {
        transform_4(sums, values + x, 8);
        for (int y = 0; y < 4; y++) {
            middle[8 * y + x] = saturated(rounded(sums[y], CONSTANT_BITS - PASS_BITS + 1));
        }
    }
    for (int y = 0; y < 4; y++) {
        transform_4(sums, middle + 8 * y, 1);
        for (int x = 0; x < 4; x++) {
            dst[y * dst_stride + x] = sample(saturated(rounded(sums[x], LAST_BITS + 1)));
        }
    }
    return 1;
}

/* To three sums. */
static void transform_3(int32_t out[3], int32_t i0, int32_t i1, int32_t i2) {
    int32_t even = sum2(i0, 8192, i2, 5793);
    out[0] = add(even, i1 * 10033);
    out[1] = sum2(i0, 8192, i2, -2 * 5793);
    out[2] = subtract(even, i1 * 10033);
}

void pixelshift_idct_row_to_3_scalar(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                     size_t blocks) {
    for (size_t b = 0; b < blocks; b++) {
        const int16_t *c = coefficients + b;
        int16_t middle[3][3];
        int32_t sums[3];
        for (size_t x = 0; x < 3; x++) {
            transform_3(sums, c[x * stride], c[(3 + x) * stride], c[(6 + x) * stride]);
            for (int y = 0; y < 3; y++) {
                middle[y][x] = saturated(rounded(sums[y], CONSTANT_BITS - PASS_BITS));
            }
        }
        for (int y = 0; y < 3; y++) {
            transform_3(sums, middle[y][0], middle[y][1], middle[y][2]);
            for (size_t x = 0; x < 3; x++) {
                dst[y * dst_stride + (ptrdiff_t)(3 * b + x)] = sample(saturated(rounded(sums[x], LAST_BITS)));
            }
        }
    }
}

/* With two frequencies there is nothing to multiply by. */
void pixelshift_idct_row_to_2_scalar(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                     size_t blocks) {
    for (size_t b = 0; b < blocks; b++) {
        const int16_t *c = coefficients + b;
        int32_t mean = c[0], across = c[stride], down = c[2 * stride], both = c[3 * stride];
        uint8_t *to = dst + 2 * b;
        to[0] = sample(rounded(mean + across + down + both, 3));
        to[1] = sample(rounded(mean - across + down - both, 3));
        to[dst_stride] = sample(rounded(mean + across - down - both, 3));
        to[dst_stride + 1] = sample(rounded(mean - across - down + both, 3));
    }
}

void pixelshift_idct_row_to_1_scalar(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                     size_t blocks) {
    (void)dst_stride;
    (void)stride;
    for (size_t b = 0; b < blocks; b++) {
        dst[b] = sample(rounded(coefficients[b], 3));
    }
}
