/* What the forward and the inverse DCT have in common: pairs of 16 bits, multiplied and added in 32. */
#ifndef PIXELSHIFT_AVX2_DCT_PARTS_H
#define PIXELSHIFT_AVX2_DCT_PARTS_H

#include <immintrin.h>

/* Eight and eight, one behind the other, to pairs (a0 b0 a1 b1 ... | a4 b4 ...). */
static inline __m256i interleaved(__m256i two) {
    const __m256i pairs =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
    return _mm256_shuffle_epi8(_mm256_permute4x64_epi64(two, 0xD8), pairs);
}

static inline __m256i weighted(__m256i pairs, int ka, int kb) {
    return _mm256_madd_epi16(pairs, _mm256_set1_epi32((int)((unsigned)kb << 16 | (ka & 0xFFFF))));
}

static inline __m256i weighted4(__m256i first, int k0, int k1, __m256i second, int k2, int k3) {
    return _mm256_add_epi32(weighted(first, k0, k1), weighted(second, k2, k3));
}

/* Eight rows of 32 bits to columns of 16: out[i] = column i | column i + 4. */
static inline void transposed(__m256i out[4], const __m256i rows[8]) {
    __m256i r01 = _mm256_packs_epi32(rows[0], rows[1]), r23 = _mm256_packs_epi32(rows[2], rows[3]);
    __m256i r45 = _mm256_packs_epi32(rows[4], rows[5]), r67 = _mm256_packs_epi32(rows[6], rows[7]);
    __m256i a0 = _mm256_unpacklo_epi16(r01, r23), a1 = _mm256_unpackhi_epi16(r01, r23);
    __m256i b0 = _mm256_unpacklo_epi16(r45, r67), b1 = _mm256_unpackhi_epi16(r45, r67);
    __m256i upper01 = _mm256_unpacklo_epi16(a0, a1), upper23 = _mm256_unpackhi_epi16(a0, a1);
    __m256i lower01 = _mm256_unpacklo_epi16(b0, b1), lower23 = _mm256_unpackhi_epi16(b0, b1);
    out[0] = _mm256_unpacklo_epi64(upper01, lower01);
    out[1] = _mm256_unpackhi_epi64(upper01, lower01);
    out[2] = _mm256_unpacklo_epi64(upper23, lower23);
    out[3] = _mm256_unpackhi_epi64(upper23, lower23);
}

#endif
