/*
 * Twins of native/scalar/idct.c. One register holds a pair of input rows, interleaved sample by sample, so that one
 * multiply-add gives eight columns their share of two inputs: 12 of them make the 8-point transform.
 */
#include "idct.h"

#include <string.h>

#include "../scalar/idct.h"
#include "dct_parts.h"

static uint32_t sum_of(__m256i values) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    return (uint32_t)_mm_cvtsi128_si32(two) + (uint32_t)_mm_extract_epi32(two, 1);
}

/* The values of the first `pairs` pairs of rows; 0 where they are too large together. */
static inline int dequantised(__m256i *values, int pairs, const int16_t *block, const int16_t *quantiser) {
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < pairs; i++) {
        __m256i coefficients = _mm256_load_si256((const __m256i *)block + i);
        __m256i factors = _mm256_loadu_si256((const __m256i *)quantiser + i);
        values[i] = _mm256_mullo_epi16(coefficients, factors);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_abs_epi16(coefficients), factors));
    }
    return sum_of(sum) <= PIXELSHIFT_IDCT_LIMIT;
}

/* Rows (0,4), (2,6), (1,7), (3,5) as pairs. */
static inline void paired(__m256i pairs[4], const __m256i values[4]) {
    pairs[0] = interleaved(_mm256_permute2x128_si256(values[0], values[2], 0x20));
    pairs[1] = interleaved(_mm256_permute2x128_si256(values[1], values[3], 0x20));
    pairs[2] = interleaved(_mm256_blend_epi32(_mm256_permute4x64_epi64(values[0], 0x4E), values[3], 0xF0));
    pairs[3] = interleaved(_mm256_blend_epi32(_mm256_permute4x64_epi64(values[1], 0x4E), values[2], 0xF0));
}

/* Pairs of inputs (0,4), (2,6), (1,7), (3,5) to eight rounded and shifted sums. */
static inline void transform_8(__m256i out[8], __m256i i04, __m256i i26, __m256i i17, __m256i i35, int bits) {
    __m256i even[4], odd[4];
    const __m256i half = _mm256_set1_epi32(1 << (bits - 1));
    __m256i e0 = _mm256_add_epi32(weighted(i04, 8192, 8192), half);
    __m256i e1 = _mm256_add_epi32(weighted(i04, 8192, -8192), half);
    __m256i e2 = weighted(i26, 4433, 4433 - 15137), e3 = weighted(i26, 4433 + 6270, 4433);
    even[0] = _mm256_add_epi32(e0, e3);
    even[1] = _mm256_add_epi32(e1, e2);
    even[2] = _mm256_sub_epi32(e1, e2);
    even[3] = _mm256_sub_epi32(e0, e3);
    odd[0] = weighted4(i17, 12299 - 7373 - 3196 + 9633, -7373 + 9633, i35, 9633, -3196 + 9633);
    odd[1] = weighted4(i17, 9633, -16069 + 9633, i35, 25172 - 20995 - 16069 + 9633, -20995 + 9633);
    odd[2] = weighted4(i17, -3196 + 9633, 9633, i35, -20995 + 9633, 16819 - 20995 - 3196 + 9633);
    odd[3] = weighted4(i17, -7373 + 9633, 2446 - 7373 - 16069 + 9633, i35, -16069 + 9633, 9633);
    for (int i = 0; i < 4; i++) {
        out[i] = _mm256_srai_epi32(_mm256_add_epi32(even[i], odd[i]), bits);
        out[7 - i] = _mm256_srai_epi32(_mm256_sub_epi32(even[i], odd[i]), bits);
    }
}

/* Two rows of eight sums, saturated to 16 bits, to samples. */
static void store_rows(uint8_t *upper, uint8_t *lower, __m256i rows) {
    __m256i bytes = _mm256_packs_epi16(rows, rows);
    bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8((char)0x80));
    _mm_storel_epi64((__m128i *)upper, _mm256_castsi256_si128(bytes));
    _mm_storel_epi64((__m128i *)lower, _mm256_extracti128_si256(bytes, 1));
}

int pixelshift_idct_to_8_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser) {
    __m256i values[4], pairs[4], sums[8], columns[4], rows[4];
    if (!dequantised(values, 4, block, quantiser)) {
        return 0;
    }
    paired(pairs, values);
    transform_8(sums, pairs[0], pairs[1], pairs[2], pairs[3], 11);
    transposed(columns, sums);
    __m256i i17 = interleaved(_mm256_permute2x128_si256(columns[1], columns[3], 0x30));
    __m256i i35 = interleaved(_mm256_permute2x128_si256(columns[3], columns[1], 0x30));
    transform_8(sums, interleaved(columns[0]), interleaved(columns[2]), i17, i35, 18);
    transposed(rows, sums);
    for (int y = 0; y < 4; y++) {
        store_rows(dst + y * dst_stride, dst + (y + 4) * dst_stride, rows[y]);
    }
    return 1;
}

static inline __m256i weights(const int pair[2]) {
    return _mm256_set1_epi32((int)((unsigned)pair[1] << 16 | (pair[0] & 0xFFFF)));
}

/* What inputs (0,2) give to the even part of outputs i and 7 - i, and (1,3) to the odd part. */
static const int EVEN[4][2] = {{8192, 10703}, {8192, 4433}, {8192, -4433}, {8192, -10703}};
static const int ODD[4][2] = {{11363, 9633}, {9633, -2259}, {6437, -11362}, {2260, -6436}};

/*
 * Down the four columns, pairs (0,2) of whose inputs are in the lower lane and (1,3) in the upper one. Eight rows of
 * four come out: 0 and 2, 1 and 3 in the lanes of out[0], 7 and 5, 6 and 4 in those of out[1].
 */
static inline void transform_corner(__m256i out[2], __m256i pairs) {
    __m256i parts[4], sums[2], differences[2];
    for (int i = 0; i < 4; i++) {
        parts[i] = _mm256_madd_epi16(pairs, _mm256_blend_epi32(weights(EVEN[i]), weights(ODD[i]), 0xF0));
    }
    for (int i = 0; i < 2; i++) {
        __m256i even = _mm256_permute2x128_si256(parts[2 * i], parts[2 * i + 1], 0x20);
        __m256i odd = _mm256_permute2x128_si256(parts[2 * i], parts[2 * i + 1], 0x31);
        even = _mm256_add_epi32(even, _mm256_set1_epi32(1 << 10));
        sums[i] = _mm256_srai_epi32(_mm256_add_epi32(even, odd), 11);
        differences[i] = _mm256_srai_epi32(_mm256_sub_epi32(even, odd), 11);
    }
    out[0] = _mm256_packs_epi32(sums[0], sums[1]);
    out[1] = _mm256_packs_epi32(differences[0], differences[1]);
}

int pixelshift_idct_corner_to_8_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block,
                                     const int16_t *quantiser) {
    static const uint8_t order[4][2] = {{0, 1}, {2, 3}, {7, 6}, {5, 4}};
    /* Of each four: 0, 2, 1, 3. */
    const __m256i apart =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
    __m256i values[2], middle[2], sums[8], rows[4];
    if (!dequantised(values, 2, block, quantiser)) {
        return 0;
    }
    transform_corner(middle, _mm256_unpacklo_epi16(values[0], values[1]));
    __m256 first = _mm256_castsi256_ps(_mm256_shuffle_epi8(middle[0], apart));
    __m256 second = _mm256_castsi256_ps(_mm256_shuffle_epi8(middle[1], apart));
    __m256i i02 = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88));
    __m256i i13 = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xDD));
    for (int i = 0; i < 4; i++) {
        __m256i even = _mm256_add_epi32(_mm256_madd_epi16(i02, weights(EVEN[i])), _mm256_set1_epi32(1 << 17));
        __m256i odd = _mm256_madd_epi16(i13, weights(ODD[i]));
        sums[i] = _mm256_srai_epi32(_mm256_add_epi32(even, odd), 18);
        sums[7 - i] = _mm256_srai_epi32(_mm256_sub_epi32(even, odd), 18);
    }
    transposed(rows, sums);
    for (int i = 0; i < 4; i++) {
        store_rows(dst + order[i][0] * dst_stride, dst + order[i][1] * dst_stride, rows[i]);
    }
    return 1;
}

/* Four sums with one fraction bit more; input 4 has no part in it. */
static inline void transform_4(__m256i out[4], __m256i i04, __m256i i26, __m256i i17, __m256i i35, int bits) {
    const __m256i half = _mm256_set1_epi32(1 << (bits - 1));
    __m256i e0 = _mm256_add_epi32(weighted(i04, 16384, 0), half);
    __m256i e2 = weighted(i26, 15137, -6270);
    __m256i o0 = weighted4(i17, 20995, -4176, i35, 7373, -4926);
    __m256i o1 = weighted4(i17, 8697, -1730, i35, -17799, 11893);
    __m256i sum = _mm256_add_epi32(e0, e2), difference = _mm256_sub_epi32(e0, e2);
    out[0] = _mm256_srai_epi32(_mm256_add_epi32(sum, o0), bits);
    out[1] = _mm256_srai_epi32(_mm256_add_epi32(difference, o1), bits);
    out[2] = _mm256_srai_epi32(_mm256_sub_epi32(difference, o1), bits);
    out[3] = _mm256_srai_epi32(_mm256_sub_epi32(sum, o0), bits);
}

int pixelshift_idct_to_4_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser) {
    __m256i values[4], pairs[4], sums[8], columns[4], rows[4];
    if (!dequantised(values, 4, block, quantiser)) {
        return 0;
    }
    paired(pairs, values);
    transform_4(sums, pairs[0], pairs[1], pairs[2], pairs[3], 12);
    sums[4] = sums[5] = sums[6] = sums[7] = _mm256_setzero_si256();
    transposed(columns, sums);
    __m256i i17 = interleaved(_mm256_permute2x128_si256(columns[1], columns[3], 0x30));
    __m256i i35 = interleaved(_mm256_permute2x128_si256(columns[3], columns[1], 0x30));
    transform_4(sums, interleaved(columns[0]), interleaved(columns[2]), i17, i35, 19);
    transposed(rows, sums);
    for (int y = 0; y < 4; y++) {
        __m128i row = _mm256_castsi256_si128(rows[y]);
        __m128i bytes = _mm_xor_si128(_mm_packs_epi16(row, row), _mm_set1_epi8((char)0x80));
        int32_t four = _mm_cvtsi128_si32(bytes);
        memcpy(dst + y * dst_stride, &four, sizeof four);
    }
    return 1;
}

/* Three inputs of sixteen blocks to three rounded, shifted and saturated sums. */
static inline void transform_3(__m256i out[3], __m256i i0, __m256i i1, __m256i i2, int bits) {
    __m256i sums[3][2];
    const __m256i half = _mm256_set1_epi32(1 << (bits - 1));
    for (int i = 0; i < 2; i++) {
        __m256i i01 = i == 0 ? _mm256_unpacklo_epi16(i0, i1) : _mm256_unpackhi_epi16(i0, i1);
        __m256i i02 = i == 0 ? _mm256_unpacklo_epi16(i0, i2) : _mm256_unpackhi_epi16(i0, i2);
        __m256i second = _mm256_add_epi32(weighted(i02, 0, 5793), half);
        sums[0][i] = _mm256_add_epi32(weighted(i01, 8192, 10033), second);
        sums[1][i] = _mm256_add_epi32(weighted(i02, 8192, -2 * 5793), half);
        sums[2][i] = _mm256_add_epi32(weighted(i01, 8192, -10033), second);
    }
    for (int i = 0; i < 3; i++) {
        out[i] = _mm256_packs_epi32(_mm256_srai_epi32(sums[i][0], bits), _mm256_srai_epi32(sums[i][1], bits));
    }
}

/* Sixteen values, saturated to samples. */
static __m128i sample_bytes(__m256i values) {
    __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    return _mm_xor_si128(bytes, _mm_set1_epi8((char)0x80));
}

/* a0 b0 c0 a1 b1 c1 ... */
static void store_threes(uint8_t *dst, __m128i a, __m128i b, __m128i c) {
    const __m128i a0 = _mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5);
    const __m128i b0 = _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1);
    const __m128i c0 = _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
    const __m128i a1 = _mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1);
    const __m128i b1 = _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10);
    const __m128i c1 = _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1);
    const __m128i a2 = _mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1);
    const __m128i b2 = _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1);
    const __m128i c2 = _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15);
    const __m128i masks[3][3] = {{a0, b0, c0}, {a1, b1, c1}, {a2, b2, c2}};
    for (int i = 0; i < 3; i++) {
        __m128i ab = _mm_or_si128(_mm_shuffle_epi8(a, masks[i][0]), _mm_shuffle_epi8(b, masks[i][1]));
        _mm_storeu_si128((__m128i *)(dst + 16 * i), _mm_or_si128(ab, _mm_shuffle_epi8(c, masks[i][2])));
    }
}

static __m256i load_sixteen(const int16_t *coefficients) {
    return _mm256_loadu_si256((const __m256i *)coefficients);
}

void pixelshift_idct_row_to_3_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                   size_t blocks) {
    size_t b = 0;
    for (; b + 16 <= blocks; b += 16) {
        const int16_t *c = coefficients + b;
        __m256i columns[3][3], row[3];
        for (size_t x = 0; x < 3; x++) {
            transform_3(columns[x], load_sixteen(c + x * stride), load_sixteen(c + (3 + x) * stride),
                        load_sixteen(c + (6 + x) * stride), 11);
        }
        for (int y = 0; y < 3; y++) {
            transform_3(row, columns[0][y], columns[1][y], columns[2][y], 18);
            store_threes(dst + y * dst_stride + 3 * b, sample_bytes(row[0]), sample_bytes(row[1]),
                         sample_bytes(row[2]));
        }
    }
    pixelshift_idct_row_to_3_scalar(dst + 3 * b, dst_stride, coefficients + b, stride, blocks - b);
}

static __m128i eighth(__m256i sum) {
    return sample_bytes(_mm256_srai_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(4)), 3));
}

static void store_twos(uint8_t *dst, __m256i left_sum, __m256i right_sum) {
    __m128i left = eighth(left_sum), right = eighth(right_sum);
    _mm_storeu_si128((__m128i *)dst, _mm_unpacklo_epi8(left, right));
    _mm_storeu_si128((__m128i *)(dst + 16), _mm_unpackhi_epi8(left, right));
}

void pixelshift_idct_row_to_2_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                   size_t blocks) {
    size_t b = 0;
    for (; b + 16 <= blocks; b += 16) {
        const int16_t *c = coefficients + b;
        __m256i mean = load_sixteen(c), across = load_sixteen(c + stride);
        __m256i down = load_sixteen(c + 2 * stride), both = load_sixteen(c + 3 * stride);
        __m256i upper = _mm256_add_epi16(mean, down), upper_change = _mm256_add_epi16(across, both);
        __m256i lower = _mm256_sub_epi16(mean, down), lower_change = _mm256_sub_epi16(across, both);
        store_twos(dst + 2 * b, _mm256_add_epi16(upper, upper_change), _mm256_sub_epi16(upper, upper_change));
        store_twos(dst + dst_stride + 2 * b, _mm256_add_epi16(lower, lower_change),
                   _mm256_sub_epi16(lower, lower_change));
    }
    pixelshift_idct_row_to_2_scalar(dst + 2 * b, dst_stride, coefficients + b, stride, blocks - b);
}

void pixelshift_idct_row_to_1_avx2(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                   size_t blocks) {
    size_t b = 0;
    for (; b + 16 <= blocks; b += 16) {
        _mm_storeu_si128((__m128i *)(dst + b), eighth(load_sixteen(coefficients + b)));
    }
    pixelshift_idct_row_to_1_scalar(dst + b, dst_stride, coefficients + b, stride, blocks - b);
}
