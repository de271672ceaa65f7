/* Turning strips of 16 rows on their side and back, for the AVX2 resamplers. */
#ifndef PIXELSHIFT_AVX2_RESAMPLE_TURN_H
#define PIXELSHIFT_AVX2_RESAMPLE_TURN_H

#include "resample_parts.h"

/* Puts the samples of two neighbouring pixels side by side, channel by channel. */
static inline __m256i pairing_of_bytes(int channels) {
    __m128i one;
    switch (channels) {
    case 1:
        one = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        break;
    case 2:
        one = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
        break;
    case 3:
        one = _mm_setr_epi8(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1);
        break;
    default:
        one = _mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
    }
    return _mm256_broadcastsi128_si256(one);
}

/*
 * 16 rows of 16 bytes -> 8 columns of pairs (6 of them in use with three channels), as int16. Each column takes 64
 * bytes: rows 0-3 and 8-11, then rows 4-7 and 12-15, so that packing two sums to int16 puts the rows in order.
 */
static inline __attribute__((always_inline)) void
turn_pairs(int16_t *pairs, const uint8_t *const *rows, ptrdiff_t offset, int channels, int alpha, premultiplier by) {
    const int columns = channels == 3 ? 6 : 8;
    const __m256i order = pairing_of_bytes(channels);
    __m256i a[8];
    __m256i b[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        __m128i low = _mm_loadu_si128((const __m128i *)(rows[i] + offset));
        __m128i high = _mm_loadu_si128((const __m128i *)(rows[i + 8] + offset));
        a[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        if (channels > 1) {
            a[i] = _mm256_shuffle_epi8(a[i], order);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        b[i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
        b[i + 4] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        a[4 * i] = _mm256_unpacklo_epi32(b[4 * i], b[4 * i + 1]);
        a[4 * i + 1] = _mm256_unpacklo_epi32(b[4 * i + 2], b[4 * i + 3]);
        a[4 * i + 2] = _mm256_unpackhi_epi32(b[4 * i], b[4 * i + 1]);
        a[4 * i + 3] = _mm256_unpackhi_epi32(b[4 * i + 2], b[4 * i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        b[2 * i] = _mm256_unpacklo_epi64(a[2 * i], a[2 * i + 1]);
        b[2 * i + 1] = _mm256_unpackhi_epi64(a[2 * i], a[2 * i + 1]);
    }
    const __m256i zero = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int i = 0; i < columns; i++) {
        __m256i upper = _mm256_unpacklo_epi8(b[i], zero);
        __m256i lower = _mm256_unpackhi_epi8(b[i], zero);
        if (alpha && i % channels == channels - 1) {
            upper = _mm256_sll_epi16(upper, by.bits);
            lower = _mm256_sll_epi16(lower, by.bits);
        } else if (alpha) {
            __m256i weight = b[i / channels * channels + channels - 1];
            upper = premultiplied(upper, _mm256_unpacklo_epi8(weight, zero), by);
            lower = premultiplied(lower, _mm256_unpackhi_epi8(weight, zero), by);
        }
        store(pairs + i * 2 * STRIP, upper);
        store(pairs + i * 2 * STRIP + STRIP, lower);
    }
}

typedef struct {
    const uint8_t *row[STRIP];
    const uint8_t *ahead; /* where the next strip begins, to be fetched meanwhile */
} strip;

/* Turns samples [from, to) of rows that are `width` long; `from` is the first of a pair. Writes whole blocks. */
static inline __attribute__((always_inline)) void turn_strip(int16_t *pairs, const strip *of, int32_t from, int32_t to,
                                                             int32_t width, int channels, int alpha, int32_t bits) {
    const uint8_t *ahead = of->ahead + (ptrdiff_t)from * STRIP;
    const int step = channels == 3 ? 12 : 16;
    premultiplier by = premultiplier_of(bits);
    for (; from < to && from + BLOCK <= width; from += step, pairs += step * STRIP) {
#pragma GCC unroll 4
        for (int i = 0; i < step * STRIP / 64; i++) {
            PREFETCH(ahead + 64 * (ptrdiff_t)i);
        }
        ahead += (ptrdiff_t)step * STRIP;
        turn_pairs(pairs, of->row, from, channels, alpha, by);
    }
    for (; from < to; from += step, pairs += step * STRIP) {
        uint8_t copy[STRIP][BLOCK] = {0};
        const uint8_t *copies[STRIP];
        for (int i = 0; i < STRIP; i++) {
            memcpy(copy[i], of->row[i] + from, (size_t)(width - from < BLOCK ? width - from : BLOCK));
            copies[i] = copy[i];
        }
        turn_pairs(pairs, copies, 0, channels, alpha, by);
    }
}

/* 16 columns of 16 rows of int16 levels -> 16 rows of 16 bytes. */
static inline void turn_back_bytes(uint8_t *ready, ptrdiff_t stride, const int16_t *turned) {
    __m256i a[8];
    __m256i b[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        a[i] = _mm256_packus_epi16(load(turned + i * STRIP), load(turned + (i + 8) * STRIP));
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        b[2 * i] = _mm256_unpacklo_epi8(a[2 * i], a[2 * i + 1]);
        b[2 * i + 1] = _mm256_unpackhi_epi8(a[2 * i], a[2 * i + 1]);
    }
    /* Even of b: columns 0-7, two rows of 4 columns after this round; odd of b: columns 8-15. */
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        int k = (i >> 1) * 4 + (i & 1);
        a[2 * i] = _mm256_unpacklo_epi16(b[k], b[k + 2]);
        a[2 * i + 1] = _mm256_unpackhi_epi16(b[k], b[k + 2]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        __m256i left_low = _mm256_unpacklo_epi32(a[i], a[4 + i]);
        __m256i left_high = _mm256_unpackhi_epi32(a[i], a[4 + i]);
        __m256i right_low = _mm256_unpacklo_epi32(a[2 + i], a[6 + i]);
        __m256i right_high = _mm256_unpackhi_epi32(a[2 + i], a[6 + i]);
        b[4 * i] = _mm256_unpacklo_epi64(left_low, right_low);
        b[4 * i + 1] = _mm256_unpackhi_epi64(left_low, right_low);
        b[4 * i + 2] = _mm256_unpacklo_epi64(left_high, right_high);
        b[4 * i + 3] = _mm256_unpackhi_epi64(left_high, right_high);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        _mm_storeu_si128((__m128i *)(ready + i * stride), _mm256_castsi256_si128(b[i]));
        _mm_storeu_si128((__m128i *)(ready + (i + 8) * stride), _mm256_extracti128_si256(b[i], 1));
    }
}

#endif
