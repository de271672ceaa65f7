#include "../scalar/colour.h"

#include <string.h>

#include "lane.h"

#include "../scalar/colour_formulas.h"

/*
 * Work goes in short loops over a stretch of pixels: one loop over all the steps of eight would wait for its own chain,
 * which is longer than what a CPU looks ahead.
 */
enum { BLOCK = 8, STRETCH = 64 };

typedef struct {
    float x[STRETCH], y[STRETCH], z[STRETCH];
} stretch;

/* The pixels of the next stretch, whole blocks; 0 when less than a block is left. */
static inline size_t stretch_of(size_t left) {
    size_t blocks = left & ~(size_t)(BLOCK - 1);
    return blocks < STRETCH ? blocks : STRETCH;
}

static inline void put(stretch *dst, size_t at, lane_triple values) {
    _mm256_storeu_ps(dst->x + at, values.x);
    _mm256_storeu_ps(dst->y + at, values.y);
    _mm256_storeu_ps(dst->z + at, values.z);
}

static inline lane_triple get(const stretch *src, size_t at) {
    lane_triple values = {_mm256_loadu_ps(src->x + at), _mm256_loadu_ps(src->y + at), _mm256_loadu_ps(src->z + at)};
    return values;
}

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

static inline void apply_curve(float *values, size_t pixels) {
    for (size_t i = 0; i < pixels; i += BLOCK) {
        _mm256_storeu_ps(values + i, lab_curve(_mm256_loadu_ps(values + i)));
    }
}

/* The curves of X, Y and Z of a stretch. */
static void curves_of(stretch *dst, const uint8_t *src, const pixelshift_colour_tables *tables, size_t pixels,
                      size_t channels) {
    for (size_t i = 0; i < pixels; i += BLOCK) {
        put(dst, i, to_xyz(linear_light(src + channels * i, tables, channels)));
    }
    apply_curve(dst->x, pixels);
    apply_curve(dst->y, pixels);
    apply_curve(dst->z, pixels);
}

/* Levels of linear light in eight parts, whose high words are looked up from memory. */
static inline __m256i levels_of(const int32_t *parts, const int32_t *encoded) {
    const uint8_t *n = (const uint8_t *)parts + 2;
    __m256i entries = _mm256_setr_epi32(encoded[n[0]], encoded[n[4]], encoded[n[8]], encoded[n[12]], encoded[n[16]],
                                        encoded[n[20]], encoded[n[24]], encoded[n[28]]);
    __m256i fractions = _mm256_srli_epi16(_mm256_loadu_si256((const __m256i *)parts), 1);
    __m256i weights = _mm256_blend_epi16(fractions, _mm256_set1_epi16(16384), 0xAA);
    return _mm256_srli_epi32(_mm256_madd_epi16(entries, weights), 15);
}

/* A stretch of Lab into pixels, under the alpha of `alpha`. */
static void write_lab(uint8_t *dst, const uint8_t *alpha, const stretch *lab, const pixelshift_colour_tables *tables,
                      size_t pixels, size_t channels) {
    int32_t x[STRETCH], y[STRETCH], z[STRETCH];
    for (size_t i = 0; i < pixels; i += BLOCK) {
        lane_triple linear = from_lab(get(lab, i));
        _mm256_storeu_si256((__m256i *)(x + i), parts_of(linear.x));
        _mm256_storeu_si256((__m256i *)(y + i), parts_of(linear.y));
        _mm256_storeu_si256((__m256i *)(z + i), parts_of(linear.z));
    }
    const __m256i opacity = _mm256_set1_epi32((int)0xff000000);
    for (size_t i = 0; i < pixels; i += BLOCK) {
        __m256i r = levels_of(x + i, tables->encoded), g = levels_of(y + i, tables->encoded),
                b = levels_of(z + i, tables->encoded);
        __m256i a = _mm256_and_si256(alpha_of(alpha + channels * i, channels), opacity);
        __m256i rg = _mm256_or_si256(r, _mm256_slli_epi32(g, 8)), ba = _mm256_or_si256(_mm256_slli_epi32(b, 16), a);
        store(dst + channels * i, _mm256_or_si256(rg, ba), channels);
    }
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
    stretch values;
    size_t i = 0;
    for (size_t count; (count = stretch_of(pixels - i)) > 0; i += count) {
        curves_of(&values, src + channels * i, tables, count, channels);
        for (size_t j = 0; j < count; j += BLOCK) {
            put(&values, j, adjust_lab(lab_of_curves(get(&values, j)), adjustment));
        }
        write_lab(dst + channels * i, src + channels * i, &values, tables, count, channels);
    }
    pixelshift_colour_adjust_scalar(dst + channels * i, src + channels * i, tables, adjustment, pixels - i, channels);
}

/* Eight whole parts to 15 bits and a sign, clipped. */
static inline void store_words(void *dst, lane values, float parts) {
    _mm_storeu_si128((__m128i *)dst, narrow(lane_cut(lane_mul(values, lane_set(parts))), 1));
}

void pixelshift_colour_split_avx2(pixelshift_colour_planes dst, const uint8_t *src,
                                  const pixelshift_colour_tables *tables, size_t pixels, size_t channels) {
    stretch values;
    size_t i = 0;
    for (size_t count; (count = stretch_of(pixels - i)) > 0; i += count) {
        curves_of(&values, src + channels * i, tables, count, channels);
        for (size_t j = 0; j < count; j += BLOCK) {
            lane_triple lab = lab_of_curves(get(&values, j));
            store_words(dst.light + i + j, lab.x, 327.67f);
            store_words(dst.a + i + j, lab.y, 256.0f);
            store_words(dst.b + i + j, lab.z, 256.0f);
        }
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

void pixelshift_colour_join_avx2(uint8_t *dst, pixelshift_colour_planes src, const pixelshift_colour_tables *tables,
                                 size_t pixels, size_t channels) {
    stretch values;
    size_t i = 0;
    for (size_t count; (count = stretch_of(pixels - i)) > 0; i += count) {
        for (size_t j = i; j < i + count; j += BLOCK) {
            put(&values, j - i, lab_of(words(src.light + j), src.a + j, src.b + j));
        }
        write_lab(dst + channels * i, dst + channels * i, &values, tables, count, channels);
    }
    pixelshift_colour_planes rest = {src.light + i, src.a + i, src.b + i};
    pixelshift_colour_join_scalar(dst + channels * i, rest, tables, pixels - i, channels);
}

void pixelshift_colour_sharpen_avx2(uint8_t *dst, pixelshift_colour_planes src, const uint16_t *smooth,
                                    const pixelshift_colour_tables *tables,
                                    const pixelshift_colour_sharpening *sharpening, size_t pixels, size_t channels) {
    const lane_sharpening by = sharpening_in_parts(sharpening);
    stretch values;
    size_t i = 0;
    for (size_t count; (count = stretch_of(pixels - i)) > 0; i += count) {
        for (size_t j = i; j < i + count; j += BLOCK) {
            lane light = sharpened(words(src.light + j), words(smooth + j), &by);
            put(&values, j - i, lab_of(light, src.a + j, src.b + j));
        }
        write_lab(dst + channels * i, dst + channels * i, &values, tables, count, channels);
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
        int32_t parts[BLOCK];
        _mm256_storeu_si256((__m256i *)parts, parts_of(dot(linear, 0.2126f, 0.7152f, 0.0722f)));
        store_bytes(dst + i, levels_of(parts, tables->encoded));
    }
    pixelshift_colour_luminance_scalar(dst + i, src + channels * i, tables, pixels - i, channels);
}
