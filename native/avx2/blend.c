#include "../scalar/blend.h"

#include <immintrin.h>
#include <string.h>

#include "lane.h"

#include "../scalar/blend_modes.h"

enum { BLOCK = 8 };

static inline __m256i divide_by_255(__m256i product) {
    __m256i shifted = _mm256_add_epi16(product, _mm256_set1_epi16(128));
    return _mm256_srli_epi16(_mm256_add_epi16(shifted, _mm256_srli_epi16(shifted, 8)), 8);
}

/* Alpha of each pixel of four 16-bit channels, in all four places. */
static inline __m256i spread_alpha(__m256i pixels) {
    return _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(pixels, 0xff), 0xff);
}

/* `over` for opaque pixels of 16 bits per channel; opacity scales the overlay's alpha. */
static inline __m256i over(__m256i below, __m256i above, __m256i opacity) {
    __m256i alpha = divide_by_255(_mm256_mullo_epi16(spread_alpha(above), opacity));
    __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(255), alpha);
    return divide_by_255(_mm256_add_epi16(_mm256_mullo_epi16(above, alpha), _mm256_mullo_epi16(below, rest)));
}

static inline __m256i over_block(__m256i below, __m256i above, __m256i opacity) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i low = over(_mm256_unpacklo_epi8(below, zero), _mm256_unpacklo_epi8(above, zero), opacity);
    __m256i high = over(_mm256_unpackhi_epi8(below, zero), _mm256_unpackhi_epi8(above, zero), opacity);
    return _mm256_packus_epi16(low, high);
}

/* Channel `c` of eight RGBA pixels, 0 to 1. */
static inline __attribute__((always_inline)) lane channel(__m256i pixels, int c) {
    __m256i byte = _mm256_and_si256(_mm256_srli_epi32(pixels, 8 * c), _mm256_set1_epi32(255));
    return lane_mul(_mm256_cvtepi32_ps(byte), lane_set(1.0f / 255.0f));
}

static inline __attribute__((always_inline)) __m256i blend_block(pixelshift_blend_mode mode, __m256i base,
                                                                 __m256i overlay, __m256i cover) {
    lane a = lane_mul(_mm256_cvtepi32_ps(cover), lane_set(1.0f / 255.0f)), b = channel(base, 3);
    lane alpha = blend_alpha(mode, a, b);
    lane level = lane_add(lane_mul(alpha, lane_set(255.0f)), lane_set(0.5f));
    __m256i result = _mm256_slli_epi32(_mm256_cvttps_epi32(level), 24);
    for (int c = 0; c < 3; c++) {
        lane x = lane_mul(channel(overlay, c), a), y = lane_mul(channel(base, c), b);
        lane colour = blend_level(blend_colour(mode, x, a, y, b), alpha);
        result = _mm256_or_si256(result, _mm256_slli_epi32(_mm256_cvttps_epi32(colour), 8 * c));
    }
    return result;
}

static inline __attribute__((always_inline)) __m256i blend_eight(pixelshift_blend_mode mode, __m256i base,
                                                                 __m256i overlay, __m256i opacity) {
    __m256i cover = divide_by_255(_mm256_mullo_epi16(_mm256_srli_epi32(overlay, 24), opacity));
    if (mode != PIXELSHIFT_BLEND_OVER) {
        return blend_block(mode, base, overlay, cover);
    }
    const __m256i full = _mm256_set1_epi32((int)0xff000000);
    __m256i opaque = _mm256_cmpeq_epi32(_mm256_and_si256(base, full), full);
    __m256i quick = _mm256_or_si256(over_block(base, overlay, opacity), full);
    if (_mm256_movemask_epi8(opaque) == -1) {
        return quick;
    }
    return _mm256_blendv_epi8(blend_block(mode, base, overlay, cover), quick, opaque);
}

static inline __attribute__((always_inline)) void blend_row(pixelshift_blend_mode mode, uint8_t *base,
                                                            const uint8_t *overlay, size_t pixels, uint32_t opacity) {
    const __m256i faded = _mm256_set1_epi16((short)opacity);
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        __m256i below = _mm256_loadu_si256((const __m256i *)(base + 4 * i));
        __m256i above = _mm256_loadu_si256((const __m256i *)(overlay + 4 * i));
        _mm256_storeu_si256((__m256i *)(base + 4 * i), blend_eight(mode, below, above, faded));
    }
    if (i < pixels) {
        uint8_t below[4 * BLOCK] = {0}, above[4 * BLOCK] = {0};
        size_t bytes = 4 * (pixels - i);
        memcpy(below, base + 4 * i, bytes);
        memcpy(above, overlay + 4 * i, bytes);
        __m256i result = blend_eight(mode, _mm256_loadu_si256((const __m256i *)below),
                                     _mm256_loadu_si256((const __m256i *)above), faded);
        _mm256_storeu_si256((__m256i *)below, result);
        memcpy(base + 4 * i, below, bytes);
    }
}

void pixelshift_blend_rgba_avx2(uint8_t *base, const uint8_t *overlay, size_t pixels, pixelshift_blend_mode mode,
                                uint32_t opacity) {
    switch (mode) {
#define ROW(name)                                                                                                      \
    case name:                                                                                                         \
        blend_row(name, base, overlay, pixels, opacity);                                                               \
        break;
        BLEND_EACH_MODE(ROW)
#undef ROW
    }
}

void pixelshift_blend_over_rgb_avx2(uint8_t *base, const uint8_t *overlay, size_t pixels, uint32_t opacity) {
    const __m256i faded = _mm256_set1_epi16((short)opacity);
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 0, 1, 2, -1, 3, 4, 5,
                                            -1, 6, 7, 8, -1, 9, 10, 11, -1);
    const __m256i gather = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8,
                                            9, 10, 12, 13, 14, -1, -1, -1, -1);
    size_t i = 0;
    /* Loads reach 28 bytes from the first pixel, so two pixels more must be there. */
    for (; i + BLOCK + 2 <= pixels; i += BLOCK) {
        uint8_t *row = base + 3 * i;
        __m128i first = _mm_loadu_si128((const __m128i *)row), second = _mm_loadu_si128((const __m128i *)(row + 12));
        __m256i below = _mm256_shuffle_epi8(_mm256_set_m128i(second, first), spread);
        __m256i above = _mm256_loadu_si256((const __m256i *)(overlay + 4 * i));
        __m256i result = _mm256_shuffle_epi8(over_block(below, above, faded), gather);
        __m128i low = _mm256_castsi256_si128(result), high = _mm256_extracti128_si256(result, 1);
        _mm_storeu_si128((__m128i *)row, _mm_or_si128(low, _mm_slli_si128(high, 12)));
        _mm_storel_epi64((__m128i *)(row + 16), _mm_srli_si128(high, 4));
    }
    pixelshift_blend_over_rgb_scalar(base + 3 * i, overlay + 4 * i, pixels - i, opacity);
}

/* Whole part of a 255th, exact up to 255 * 255. */
static inline __m256i cut_by_255(__m256i product) {
    __m256i more = _mm256_add_epi16(_mm256_srli_epi16(product, 8), _mm256_set1_epi16(1));
    return _mm256_srli_epi16(_mm256_add_epi16(product, more), 8);
}

void pixelshift_blend_premultiply_avx2(uint8_t *dst, const uint8_t *src, size_t pixels) {
    /* Alpha keeps its value: the or puts 255 where its own factor would stand. */
    const __m256i zero = _mm256_setzero_si256(), full = _mm256_set1_epi64x((long long)0x00ff000000000000);
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(src + 4 * i));
        __m256i low = _mm256_unpacklo_epi8(block, zero), high = _mm256_unpackhi_epi8(block, zero);
        low = cut_by_255(_mm256_mullo_epi16(low, _mm256_or_si256(spread_alpha(low), full)));
        high = cut_by_255(_mm256_mullo_epi16(high, _mm256_or_si256(spread_alpha(high), full)));
        _mm256_storeu_si256((__m256i *)(dst + 4 * i), _mm256_packus_epi16(low, high));
    }
    pixelshift_blend_premultiply_scalar(dst + 4 * i, src + 4 * i, pixels - i);
}

/* Channel `c` of eight RGBA pixels, 0 to 255. */
static inline __attribute__((always_inline)) lane whole_channel(__m256i pixels, int c) {
    return _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32(pixels, 8 * c), _mm256_set1_epi32(255)));
}

void pixelshift_blend_unpremultiply_avx2(uint8_t *dst, const uint8_t *src, size_t pixels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(src + 4 * i));
        lane alpha = whole_channel(block, 3);
        __m256i result = _mm256_and_si256(block, _mm256_set1_epi32((int)0xff000000));
        for (int c = 0; c < 3; c++) {
            lane colour = blend_unweighted(whole_channel(block, c), alpha);
            result = _mm256_or_si256(result, _mm256_slli_epi32(_mm256_cvttps_epi32(colour), 8 * c));
        }
        _mm256_storeu_si256((__m256i *)(dst + 4 * i), result);
    }
    pixelshift_blend_unpremultiply_scalar(dst + 4 * i, src + 4 * i, pixels - i);
}

void pixelshift_blend_unpremultiply_real_avx2(uint8_t *dst, const float *src, size_t pixels) {
    /* Two pixels at a time, channels in their places. */
    const __m256i bytes = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                                           -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    size_t i = 0;
    for (; i + 2 <= pixels; i += 2) {
        lane block = _mm256_loadu_ps(src + 4 * i);
        lane colour = blend_unweighted(block, _mm256_permute_ps(block, 0xff));
        __m256i levels = _mm256_cvttps_epi32(_mm256_blend_ps(colour, blend_clip(block), 0x88));
        __m256i packed = _mm256_shuffle_epi8(levels, bytes);
        uint32_t pair[2] = {(uint32_t)_mm256_extract_epi32(packed, 0), (uint32_t)_mm256_extract_epi32(packed, 4)};
        memcpy(dst + 4 * i, pair, sizeof pair);
    }
    pixelshift_blend_unpremultiply_real_scalar(dst + 4 * i, src + 4 * i, pixels - i);
}
