#include "../scalar/colour.h"

#include <string.h>

#include "lane.h"

#include "../scalar/colour_formulas.h"

enum { BLOCK = 8 };

/* Eight pixels of RGBA, for their alpha; of RGB nothing. */
static inline __m256i alpha_of(const uint8_t *src, size_t channels) {
    return channels == 4 ? _mm256_loadu_si256((const __m256i *)src) : _mm256_setzero_si256();
}

/* Eight pixels, and no byte beyond them. */
static inline void store(uint8_t *dst, __m256i pixels, size_t channels) {
    if (channels == 4) {
        _mm256_storeu_si256((__m256i *)dst, pixels);
        return;
    }
    const __m256i gather = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8,
                                            9, 10, 12, 13, 14, -1, -1, -1, -1);
    __m256i packed = _mm256_shuffle_epi8(pixels, gather);
    __m128i low = _mm256_castsi256_si128(packed), high = _mm256_extracti128_si256(packed, 1);
    _mm_storeu_si128((__m128i *)dst, _mm_or_si128(low, _mm_slli_si128(high, 12)));
    _mm_storel_epi64((__m128i *)(dst + 16), _mm_srli_si128(high, 4));
}

/* Of eight pixels' first, second or third byte; read one by one, as a gather takes longer. */
static inline lane light_of(const uint8_t *src, const float *linear, size_t channels) {
    return _mm256_setr_ps(linear[src[0]], linear[src[channels]], linear[src[2 * channels]], linear[src[3 * channels]],
                          linear[src[4 * channels]], linear[src[5 * channels]], linear[src[6 * channels]],
                          linear[src[7 * channels]]);
}

static inline lane_triple linear_light(const uint8_t *src, const pixelshift_colour_tables *tables, size_t channels) {
    lane_triple linear = {
        light_of(src, tables->linear, channels),
        light_of(src + 1, tables->linear, channels),
        light_of(src + 2, tables->linear, channels),
    };
    return linear;
}

/* Levels of linear light under the alpha of `pixels`. */
static inline __m256i levels(lane_triple linear, __m256i pixels, const pixelshift_colour_tables *tables) {
    __m256i r = encode(linear.x, tables->encoded), g = encode(linear.y, tables->encoded),
            b = encode(linear.z, tables->encoded);
    __m256i alpha = _mm256_and_si256(pixels, _mm256_set1_epi32((int)0xff000000));
    __m256i rg = _mm256_or_si256(r, _mm256_slli_epi32(g, 8));
    return _mm256_or_si256(_mm256_or_si256(alpha, rg), _mm256_slli_epi32(b, 16));
}

/* Eight values to 16 bits, in order. */
static inline __m128i narrow(__m256i values, int is_signed) {
    __m256i packed = is_signed ? _mm256_packs_epi32(values, values) : _mm256_packus_epi32(values, values);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}

static inline void store_bytes(uint8_t *dst, __m256i values) {
    __m128i words = narrow(values, 0);
    _mm_storel_epi64((__m128i *)dst, _mm_packus_epi16(words, words));
}

void pixelshift_colour_adjust_avx2(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                                   const pixelshift_colour_adjustment *adjustment, size_t pixels, size_t channels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        lane_triple lab = adjust_lab(to_lab(linear_light(src + channels * i, tables, channels)), adjustment);
        store(dst + channels * i, levels(from_lab(lab), alpha_of(src + channels * i, channels), tables), channels);
    }
    pixelshift_colour_adjust_scalar(dst + channels * i, src + channels * i, tables, adjustment, pixels - i, channels);
}

void pixelshift_colour_split_avx2(pixelshift_colour_planes dst, const uint8_t *src,
                                  const pixelshift_colour_tables *tables, size_t pixels, size_t channels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        lane_triple lab = to_lab(linear_light(src + channels * i, tables, channels));
        lane light = clip(lane_mul(lab.x, lane_set(327.67f)), 0.0f, 32767.0f);
        lane a = clip(lane_mul(lab.y, lane_set(256.0f)), -32768.0f, 32767.0f);
        lane b = clip(lane_mul(lab.z, lane_set(256.0f)), -32768.0f, 32767.0f);
        _mm_storeu_si128((__m128i *)(dst.light + i), narrow(lane_cut(light), 0));
        _mm_storeu_si128((__m128i *)(dst.a + i), narrow(lane_cut(a), 1));
        _mm_storeu_si128((__m128i *)(dst.b + i), narrow(lane_cut(b), 1));
    }
    pixelshift_colour_planes rest = {dst.light + i, dst.a + i, dst.b + i};
    pixelshift_colour_split_scalar(rest, src + channels * i, tables, pixels - i, channels);
}

static inline lane words(const uint16_t *src) {
    return lane_float(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)src)));
}

static inline lane_triple lab_of(lane light, const int16_t *a, const int16_t *b) {
    __m256i eight_a = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)a));
    __m256i eight_b = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)b));
    lane_triple lab = {
        lane_mul(light, lane_set(1.0f / 327.67f)),
        lane_mul(lane_float(eight_a), lane_set(1.0f / 256.0f)),
        lane_mul(lane_float(eight_b), lane_set(1.0f / 256.0f)),
    };
    return lab;
}

/* Into the colours of eight pixels, whose alpha stays. */
static inline void replace(uint8_t *dst, lane_triple lab, const pixelshift_colour_tables *tables, size_t channels) {
    store(dst, levels(from_lab(lab), alpha_of(dst, channels), tables), channels);
}

void pixelshift_colour_join_avx2(uint8_t *dst, pixelshift_colour_planes src, const pixelshift_colour_tables *tables,
                                 size_t pixels, size_t channels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        replace(dst + channels * i, lab_of(words(src.light + i), src.a + i, src.b + i), tables, channels);
    }
    pixelshift_colour_planes rest = {src.light + i, src.a + i, src.b + i};
    pixelshift_colour_join_scalar(dst + channels * i, rest, tables, pixels - i, channels);
}

void pixelshift_colour_sharpen_avx2(uint8_t *dst, pixelshift_colour_planes src, const uint16_t *smooth,
                                    const pixelshift_colour_tables *tables,
                                    const pixelshift_colour_sharpening *sharpening, size_t pixels, size_t channels) {
    const lane_sharpening by = sharpening_in_parts(sharpening);
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        lane light = sharpened(words(src.light + i), words(smooth + i), &by);
        replace(dst + channels * i, lab_of(light, src.a + i, src.b + i), tables, channels);
    }
    pixelshift_colour_planes rest = {src.light + i, src.a + i, src.b + i};
    pixelshift_colour_sharpen_scalar(dst + channels * i, rest, smooth + i, tables, sharpening, pixels - i, channels);
}

void pixelshift_colour_lightness_avx2(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                                      size_t pixels, size_t channels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        lane light = to_lab(linear_light(src + channels * i, tables, channels)).x;
        store_bytes(dst + i, lane_cut(clip(light, 0.0f, 100.0f)));
    }
    pixelshift_colour_lightness_scalar(dst + i, src + channels * i, tables, pixels - i, channels);
}

void pixelshift_colour_luminance_avx2(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                                      size_t pixels, size_t channels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        lane_triple linear = linear_light(src + channels * i, tables, channels);
        store_bytes(dst + i, encode(dot(linear, 0.2126f, 0.7152f, 0.0722f), tables->encoded));
    }
    pixelshift_colour_luminance_scalar(dst + i, src + channels * i, tables, pixels - i, channels);
}
