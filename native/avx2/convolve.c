#include "../scalar/convolve.h"

#include <immintrin.h>
#include <string.h>

void pixelshift_convolve_difference_avx2(int16_t *dst, const uint8_t *const *enter, const uint8_t *const *leave,
                                         const int16_t *weight, size_t boxes, size_t samples) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        __m256i change = _mm256_setzero_si256();
        for (size_t j = 0; j < boxes; j++) {
            __m256i more = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(enter[j] + i)));
            __m256i less = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(leave[j] + i)));
            __m256i scaled = _mm256_mullo_epi16(_mm256_sub_epi16(more, less), _mm256_set1_epi16(weight[j]));
            change = _mm256_add_epi16(change, scaled);
        }
        _mm256_storeu_si256((__m256i *)(dst + i), change);
    }
    pixelshift_convolve_difference_from(dst, enter, leave, weight, boxes, i, samples);
}

void pixelshift_convolve_add_avx2(int32_t *sum, const int16_t *change, size_t samples) {
    size_t i = 0;
    for (; i + 8 <= samples; i += 8) {
        __m256i wide = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(change + i)));
        __m256i total = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(sum + i)), wide);
        _mm256_storeu_si256((__m256i *)(sum + i), total);
    }
    pixelshift_convolve_add_scalar(sum + i, change + i, samples - i);
}

/* Eight quotients of 32 bits, of sums that have their half already. */
static inline __m256i divide(__m256i sum, const pixelshift_convolve_quotient *quotient) {
    const __m256i factor = _mm256_set1_epi32((int)quotient->factor);
    const __m128i shift = _mm_cvtsi32_si128((int)quotient->shift);
    __m256i even = _mm256_srl_epi64(_mm256_mul_epu32(sum, factor), shift);
    __m256i odd = _mm256_srl_epi64(_mm256_mul_epu32(_mm256_srli_epi64(sum, 32), factor), shift);
    return _mm256_or_si256(even, _mm256_slli_epi64(odd, 32));
}

/* Sixteen quotients. */
static inline __m256i divide_all(const int32_t *sum, const pixelshift_convolve_quotient *quotient) {
    const __m256i half = _mm256_set1_epi32((int)quotient->half);
    __m256i low = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)sum), half);
    __m256i high = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(sum + 8)), half);
    __m256i words = _mm256_packus_epi32(divide(low, quotient), divide(high, quotient));
    return _mm256_permute4x64_epi64(words, 0xd8);
}

void pixelshift_convolve_divide_avx2(uint8_t *dst, const int32_t *sum, const pixelshift_convolve_quotient *quotient,
                                     size_t samples) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        __m256i words = divide_all(sum + i, quotient);
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0xd8);
        _mm_storeu_si128((__m128i *)(dst + i), _mm256_castsi256_si128(bytes));
    }
    pixelshift_convolve_divide_scalar(dst + i, sum + i, quotient, samples - i);
}

static inline __m256i tap_at(const uint16_t *tap, size_t at) {
    return _mm256_loadu_si256((const __m256i *)(tap + at));
}

/* Sixteen results. Taps as far before the middle as behind it are multiplied in pairs, the middle one beside a half. */
static inline void weigh_block(uint16_t *dst, const uint16_t *const *tap, const pixelshift_convolve_mask *mask,
                               size_t at) {
    const size_t radius = mask->radius;
    const __m256i one = _mm256_set1_epi16(1);
    __m256i weights = _mm256_set1_epi32((int)(mask->quotient.half << 16 | (uint32_t)mask->weight[0]));
    __m256i middle = tap_at(tap[radius], at);
    __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(middle, one), weights);
    __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(middle, one), weights);
    for (size_t t = 1; t <= radius; t++) {
        __m256i before = tap_at(tap[radius - t], at), after = tap_at(tap[radius + t], at);
        weights = _mm256_set1_epi16((short)mask->weight[t]);
        low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(before, after), weights));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(before, after), weights));
    }
    __m256i words = _mm256_packus_epi32(divide(low, &mask->quotient), divide(high, &mask->quotient));
    _mm256_storeu_si256((__m256i *)(dst + at), words);
}

void pixelshift_convolve_weigh_avx2(uint16_t *dst, const uint16_t *const *tap, const pixelshift_convolve_mask *mask,
                                    size_t samples) {
    if (samples < 16) {
        pixelshift_convolve_weigh_scalar(dst, tap, mask, samples);
        return;
    }
    const pixelshift_convolve_mask own = *mask; /* which no store can change, for all that the compiler knows */
    for (size_t i = 0; i < samples - 16; i += 16) {
        weigh_block(dst, tap, &own, i);
    }
    weigh_block(dst, tap, &own, samples - 16); /* over some again */
}

/* Eight sums, four each. */
typedef struct {
    __m256d low, high;
} sums;

static inline sums correlated(const uint8_t *const *tap, const double *weight, size_t taps, double scale, double offset,
                              size_t at) {
    const __m256d divisor = _mm256_set1_pd(scale), shift = _mm256_set1_pd(offset);
    __m256d low = _mm256_setzero_pd(), high = low;
    for (size_t t = 0; t < taps; t++) {
        __m256i values = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(tap[t] + at)));
        __m256d factor = _mm256_set1_pd(weight[t]);
        low = _mm256_add_pd(low, _mm256_mul_pd(factor, _mm256_cvtepi32_pd(_mm256_castsi256_si128(values))));
        high = _mm256_add_pd(high, _mm256_mul_pd(factor, _mm256_cvtepi32_pd(_mm256_extracti128_si256(values, 1))));
    }
    sums result = {
        _mm256_add_pd(_mm256_div_pd(low, divisor), shift),
        _mm256_add_pd(_mm256_div_pd(high, divisor), shift),
    };
    return result;
}

static inline __m256d clipped(__m256d value, double low, double high) {
    return _mm256_min_pd(_mm256_max_pd(value, _mm256_set1_pd(low)), _mm256_set1_pd(high));
}

void pixelshift_convolve_correlate_avx2(uint8_t *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                        double scale, double offset, size_t samples) {
    size_t i = 0;
    for (; i + 8 <= samples; i += 8) {
        sums result = correlated(tap, weight, taps, scale, offset, i);
        __m128i low = _mm256_cvttpd_epi32(clipped(result.low, 0.0, 255.0));
        __m128i high = _mm256_cvttpd_epi32(clipped(result.high, 0.0, 255.0));
        __m128i words = _mm_packs_epi32(low, high);
        _mm_storel_epi64((__m128i *)(dst + i), _mm_packus_epi16(words, words));
    }
    pixelshift_convolve_correlate_from(dst, tap, weight, taps, scale, offset, i, samples);
}

void pixelshift_convolve_correlate_real_avx2(float *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                             double scale, double offset, size_t samples) {
    const double limit = PIXELSHIFT_CONVOLVE_REAL_LIMIT;
    size_t i = 0;
    for (; i + 8 <= samples; i += 8) {
        sums result = correlated(tap, weight, taps, scale, offset, i);
        _mm_storeu_ps(dst + i, _mm256_cvtpd_ps(clipped(result.low, -limit, limit)));
        _mm_storeu_ps(dst + i + 4, _mm256_cvtpd_ps(clipped(result.high, -limit, limit)));
    }
    pixelshift_convolve_correlate_real_from(dst, tap, weight, taps, scale, offset, i, samples);
}
