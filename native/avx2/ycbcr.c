/* Twins of native/scalar/ycbcr.c, in 32 bits: eight pixels at a time, the rest by the scalar formulas' own code. */
#include "ycbcr.h"

#include <immintrin.h>

#include "../scalar/ycbcr.h"

enum { BITS = 16, HALF = 1 << (BITS - 1), MIDDLE = 128 << BITS };

/* Two weights for pairs of 16 bits: `low` of the first, `high` of the second. */
static __m256i pair(int low, int high) {
    return _mm256_set1_epi32((int)((unsigned)high << 16 | (low & 0xFFFF)));
}

static __m256i sum_of(__m256i first, __m256i weights, __m256i second, __m256i more) {
    return _mm256_add_epi32(_mm256_madd_epi16(first, weights), _mm256_madd_epi16(second, more));
}

/* The low bytes of eight 32-bit values to eight bytes. */
static void store_bytes(uint8_t *dst, __m256i values) {
    const __m256i bytes = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                           0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i packed = _mm256_shuffle_epi8(values, bytes);
    __m128i both = _mm_or_si128(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1));
    _mm_storel_epi64((__m128i *)dst, both);
}

static __m256i shifted(__m256i sum, int add) {
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(add)), BITS);
}

void pixelshift_ycbcr_from_rgb_avx2(uint8_t *y, uint8_t *cb, uint8_t *cr, const uint8_t *rgb, size_t pixels) {
    /* 12 bytes, four pixels, in each half. */
    const __m256i red_green =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m256i green_blue =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(1, -1, 2, -1, 4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1));
    size_t i = 0;
    for (; i + 10 <= pixels; i += 8) { /* reads 4 bytes past the eighth pixel */
        __m128i first = _mm_loadu_si128((const __m128i *)(rgb + 3 * i));
        __m128i second = _mm_loadu_si128((const __m128i *)(rgb + 3 * i + 12));
        __m256i eight = _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
        __m256i rg = _mm256_shuffle_epi8(eight, red_green), gb = _mm256_shuffle_epi8(eight, green_blue);
        __m256i r = _mm256_slli_epi32(_mm256_and_si256(rg, _mm256_set1_epi32(0xFFFF)), 15);
        __m256i b = _mm256_srli_epi32(_mm256_and_si256(gb, _mm256_set1_epi32((int)0xFFFF0000)), 1);
        /* 38470 is more than 16 bits hold with a sign: half of it twice. */
        __m256i luma = sum_of(rg, pair(19595, 19235), gb, pair(19235, 7471));
        __m256i blue = _mm256_add_epi32(b, _mm256_madd_epi16(rg, pair(-11059, -21709)));
        __m256i red = _mm256_add_epi32(r, _mm256_madd_epi16(gb, pair(-27439, -5329)));
        store_bytes(y + i, shifted(luma, HALF));
        store_bytes(cb + i, shifted(blue, MIDDLE + HALF - 1));
        store_bytes(cr + i, shifted(red, MIDDLE + HALF - 1));
    }
    pixelshift_ycbcr_from_rgb_scalar(y + i, cb + i, cr + i, rgb + 3 * i, pixels - i);
}

static __m256i load_eight(const uint8_t *src) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)src));
}

static __m256i fraction(__m256i chroma, int blue, int red) {
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(chroma, pair(blue, red)), _mm256_set1_epi32(HALF)),
                             BITS);
}

void pixelshift_ycbcr_to_rgb_avx2(uint8_t *rgb, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, size_t pixels) {
    const __m256i middle = _mm256_set1_epi32(128);
    const __m128i interleave = _mm_setr_epi8(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, -1, -1, -1, -1);
    size_t i = 0;
    for (; i + 10 <= pixels; i += 8) { /* writes 4 bytes past the eighth pixel, which the next ones overwrite */
        __m256i luma = load_eight(y + i);
        __m256i blue = _mm256_sub_epi32(load_eight(cb + i), middle);
        __m256i red = _mm256_sub_epi32(load_eight(cr + i), middle);
        __m256i both = _mm256_blend_epi16(blue, _mm256_slli_epi32(red, 16), 0xAA);
        /* What exceeds 16 bits of a weight is a whole multiple of the chroma: 1.402 = 1 + .402, 1.772 = 2 - .228. */
        __m256i r = _mm256_add_epi32(_mm256_add_epi32(luma, red), fraction(both, 0, 91881 - 65536));
        __m256i g = _mm256_add_epi32(_mm256_sub_epi32(luma, red), fraction(both, -22554, 65536 - 46802));
        __m256i b =
            _mm256_add_epi32(_mm256_add_epi32(luma, _mm256_slli_epi32(blue, 1)), fraction(both, 116130 - 131072, 0));
        __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(r, g), _mm256_packs_epi32(b, b));
        __m128i low = _mm_shuffle_epi8(_mm256_castsi256_si128(bytes), interleave);
        __m128i high = _mm_shuffle_epi8(_mm256_extracti128_si256(bytes, 1), interleave);
        _mm_storeu_si128((__m128i *)(rgb + 3 * i), low);
        _mm_storeu_si128((__m128i *)(rgb + 3 * i + 12), high);
    }
    pixelshift_ycbcr_to_rgb_scalar(rgb + 3 * i, y + i, cb + i, cr + i, pixels - i);
}

void pixelshift_ycbcr_halve_avx2(uint8_t *dst, const uint8_t *upper, const uint8_t *lower, size_t samples) {
    const __m256i ones = _mm256_set1_epi8(1), bias = _mm256_set1_epi32(2 << 16 | 1);
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        __m256i a = _mm256_maddubs_epi16(_mm256_loadu_si256((const __m256i *)(upper + 2 * i)), ones);
        __m256i b = _mm256_maddubs_epi16(_mm256_loadu_si256((const __m256i *)(lower + 2 * i)), ones);
        __m256i mean = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(a, b), bias), 2);
        __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(mean), _mm256_extracti128_si256(mean, 1));
        _mm_storeu_si128((__m128i *)(dst + i), bytes);
    }
    pixelshift_ycbcr_halve_scalar(dst + i, upper + 2 * i, lower + 2 * i, samples - i);
}
