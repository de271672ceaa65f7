/*
 * Twin of native/scalar/fdct.c. A register holds two vectors of eight, i and i + 4 of the eight along which is
 * transformed, so that sums and differences of opposite ones pair up for the multiply-add.
 */
#include "fdct.h"

#include "dct_parts.h"

static __m256i swapped(__m256i two) {
    return _mm256_permute4x64_epi64(two, 0x4E);
}

/* in[i]: inputs i and i + 4 of eight transforms. out[k]: output k of each, rounded and shifted. */
static inline void transform(__m256i out[8], const __m256i in[4], int bits) {
    __m256i far = swapped(in[3]), near = swapped(in[2]);
    /* Sums 0 and 3, 1 and 2; differences 0 and -3, 1 and -2. */
    __m256i s03 = interleaved(_mm256_add_epi16(in[0], far)), s12 = interleaved(_mm256_add_epi16(in[1], near));
    __m256i d03 = interleaved(_mm256_sub_epi16(in[0], far)), d12 = interleaved(_mm256_sub_epi16(in[1], near));
    out[0] = weighted4(s03, 8192, 8192, s12, 8192, 8192);
    out[4] = weighted4(s03, 8192, 8192, s12, -8192, -8192);
    out[2] = weighted4(s03, 4433 + 6270, -4433 - 6270, s12, 4433, -4433);
    out[6] = weighted4(s03, 4433, -4433, s12, 4433 - 15137, 15137 - 4433);
    out[7] = weighted4(d03, 9633 - 7373, -(2446 - 7373 - 16069 + 9633), d12, 9633 - 16069, -9633);
    out[5] = weighted4(d03, 9633 - 3196, -9633, d12, 9633 - 20995, -(16819 - 20995 - 3196 + 9633));
    out[3] = weighted4(d03, 9633, -(9633 - 16069), d12, 25172 - 20995 - 16069 + 9633, -(9633 - 20995));
    out[1] = weighted4(d03, 12299 - 7373 - 3196 + 9633, -(9633 - 7373), d12, 9633, -(9633 - 3196));
    const __m256i half = _mm256_set1_epi32(1 << (bits - 1));
    for (int k = 0; k < 8; k++) {
        out[k] = _mm256_srai_epi32(_mm256_add_epi32(out[k], half), bits);
    }
}

/* Columns of the samples less 128: to[i] = column i | column i + 4. */
static inline void load_columns(__m256i to[4], const uint8_t *const rows[8], size_t x) {
    __m128i two[4];
    for (int i = 0; i < 4; i++) {
        __m128i upper = _mm_loadl_epi64((const __m128i *)(rows[2 * i] + x));
        two[i] = _mm_unpacklo_epi8(upper, _mm_loadl_epi64((const __m128i *)(rows[2 * i + 1] + x)));
    }
    __m128i left_top = _mm_unpacklo_epi16(two[0], two[1]), right_top = _mm_unpackhi_epi16(two[0], two[1]);
    __m128i left_bottom = _mm_unpacklo_epi16(two[2], two[3]), right_bottom = _mm_unpackhi_epi16(two[2], two[3]);
    __m128i c01 = _mm_unpacklo_epi32(left_top, left_bottom), c23 = _mm_unpackhi_epi32(left_top, left_bottom);
    __m128i c45 = _mm_unpacklo_epi32(right_top, right_bottom), c67 = _mm_unpackhi_epi32(right_top, right_bottom);
    const __m128i columns[4] = {_mm_unpacklo_epi64(c01, c45), _mm_unpackhi_epi64(c01, c45),
                                _mm_unpacklo_epi64(c23, c67), _mm_unpackhi_epi64(c23, c67)};
    for (int i = 0; i < 4; i++) {
        to[i] = _mm256_sub_epi16(_mm256_cvtepu8_epi16(columns[i]), _mm256_set1_epi16(128));
    }
}

static __m256i sixteen(const uint16_t *from) {
    return _mm256_loadu_si256((const __m256i *)from);
}

/* Rows 2 i and 2 i + 1, divided. */
static __m256i divided(__m256i values, const pixelshift_fdct_quantiser *by, int i) {
    __m256i size = _mm256_add_epi16(_mm256_abs_epi16(values), sixteen(by->half + 16 * i));
    size = _mm256_mulhi_epu16(size, sixteen(by->multiplier + 16 * i));
    return _mm256_sign_epi16(_mm256_mulhi_epu16(size, sixteen(by->rest + 16 * i)), values);
}

/* A bit for each of 32 values that is not zero. */
static uint32_t not_zero(__m256i first, __m256i second) {
    __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xD8);
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
}

uint64_t pixelshift_fdct_avx2(int16_t *block, const uint8_t *const rows[8], size_t x,
                              const pixelshift_fdct_quantiser *quantiser) {
    __m256i in[4], sums[8], result[4];
    load_columns(in, rows, x);
    transform(sums, in, 11);
    transposed(in, sums);
    transform(sums, in, 15);
    for (int i = 0; i < 4; i++) {
        __m256i two = _mm256_permute4x64_epi64(_mm256_packs_epi32(sums[2 * i], sums[2 * i + 1]), 0xD8);
        result[i] = divided(two, quantiser, i);
        _mm256_storeu_si256((__m256i *)block + i, result[i]);
    }
    return not_zero(result[0], result[1]) | (uint64_t)not_zero(result[2], result[3]) << 32;
}
