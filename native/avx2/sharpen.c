/* Twin of native/scalar/sharpen.c, sixteen samples at a time. */
#include "sharpen.h"

#include <immintrin.h>

#include "../scalar/sharpen.h"

/* floor(v / 24) is v * 2731 / 2^16 for all v below 24 * 256, and at least 255 beyond. */
enum { CENTRE = 33, RECIPROCAL = 2731 };

static __m256i load(const uint8_t *src) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)src));
}

static __m256i column(const uint8_t *above, const uint8_t *row, const uint8_t *below) {
    return _mm256_add_epi16(_mm256_add_epi16(load(above), load(row)), load(below));
}

void pixelshift_sharpen_row_avx2(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                 size_t pixels, size_t channels, uint16_t bias) {
    size_t samples = pixels * channels, i = channels;
    pixelshift_sharpen_part_scalar(dst, above, row, below, pixels, channels, bias, 0,
                                   channels < samples ? channels : samples);
    for (; i + 16 + channels <= samples; i += 16) {
        __m256i sum = column(above + i, row + i, below + i);
        sum = _mm256_add_epi16(sum, column(above + i - channels, row + i - channels, below + i - channels));
        sum = _mm256_add_epi16(sum, column(above + i + channels, row + i + channels, below + i + channels));
        __m256i centre = _mm256_add_epi16(_mm256_mullo_epi16(load(row + i), _mm256_set1_epi16(CENTRE)),
                                          _mm256_set1_epi16((short)bias));
        __m256i value = _mm256_mulhi_epu16(_mm256_subs_epu16(centre, sum), _mm256_set1_epi16(RECIPROCAL));
        __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
        _mm_storeu_si128((__m128i *)(dst + i), bytes);
    }
    if (i < samples) {
        pixelshift_sharpen_part_scalar(dst, above, row, below, pixels, channels, bias, i, samples);
    }
}
