#include "../scalar/png.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 32 };

/* Undoing. Each pixel needs the one before it, so that pixels of 3 and 4 bytes go one at a time, all channels at once.
 */

static inline __attribute__((always_inline)) __m128i load_pixel(const uint8_t *from, size_t step) {
    uint32_t word = 0;
    memcpy(&word, from, step);
    return _mm_cvtsi32_si128((int)word);
}

static inline __attribute__((always_inline)) void store_pixel(uint8_t *to, __m128i pixel, size_t step) {
    uint32_t word = (uint32_t)_mm_cvtsi128_si32(pixel);
    memcpy(to, &word, step);
}

static void unfilter_up(uint8_t *dst, const uint8_t *src, const uint8_t *above, size_t bytes) {
    size_t i = 0;
    for (; i + BLOCK <= bytes; i += BLOCK) {
        __m256i sum = _mm256_add_epi8(_mm256_loadu_si256((const __m256i *)(src + i)),
                                      _mm256_loadu_si256((const __m256i *)(above + i)));
        _mm256_storeu_si256((__m256i *)(dst + i), sum);
    }
    for (; i < bytes; i++) {
        dst[i] = (uint8_t)(src[i] + above[i]);
    }
}

/* Running sums: of four pixels by shifting, then the last pixel before them is added to each. */
static inline __attribute__((always_inline)) void unfilter_sub(uint8_t *dst, const uint8_t *src, size_t bytes,
                                                               size_t step) {
    const __m128i spread =
        step == 4 ? _mm_set1_epi32(0x03020100) : _mm_setr_epi8(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, -1, -1, -1, -1);
    __m128i left = _mm_setzero_si128();
    size_t i = 0;
    for (; i + 16 <= bytes; i += 4 * step) {
        __m128i sum = _mm_loadu_si128((const __m128i *)(src + i));
        sum = _mm_add_epi8(sum, step == 4 ? _mm_slli_si128(sum, 4) : _mm_slli_si128(sum, 3));
        sum = _mm_add_epi8(sum, step == 4 ? _mm_slli_si128(sum, 8) : _mm_slli_si128(sum, 6));
        sum = _mm_add_epi8(sum, _mm_shuffle_epi8(left, spread));
        left = step == 4 ? _mm_srli_si128(sum, 12) : _mm_srli_si128(sum, 9);
        if (step == 4) {
            _mm_storeu_si128((__m128i *)(dst + i), sum);
        } else {
            memcpy(dst + i, &sum, 12);
        }
    }
    for (; i + step <= bytes; i += step) {
        left = _mm_add_epi8(load_pixel(src + i, step), left);
        store_pixel(dst + i, left, step);
    }
}

static inline __attribute__((always_inline)) void unfilter_average(uint8_t *dst, const uint8_t *src,
                                                                   const uint8_t *above, size_t bytes, size_t step) {
    const __m128i one = _mm_set1_epi8(1);
    __m128i left = _mm_setzero_si128();
    for (size_t i = 0; i + step <= bytes; i += step) {
        __m128i up = load_pixel(above + i, step);
        /* pavgb rounds up; the filter rounds down. */
        __m128i odd = _mm_and_si128(_mm_xor_si128(left, up), one);
        __m128i average = _mm_sub_epi8(_mm_avg_epu8(left, up), odd);
        left = _mm_add_epi8(load_pixel(src + i, step), average);
        store_pixel(dst + i, left, step);
    }
}

/* What PAETH predicts, of bytes in 16-bit lanes. */
static inline __m128i paeth_of_pixels(__m128i a, __m128i b, __m128i c) {
    __m128i from_c = _mm_sub_epi16(b, c);
    __m128i to_b = _mm_sub_epi16(a, c);
    __m128i to_c = _mm_abs_epi16(_mm_add_epi16(from_c, to_b));
    __m128i to_a = _mm_abs_epi16(from_c);
    to_b = _mm_abs_epi16(to_b);
    __m128i least = _mm_min_epi16(to_c, _mm_min_epi16(to_a, to_b));
    __m128i nearest = _mm_blendv_epi8(c, b, _mm_cmpeq_epi16(least, to_b));
    return _mm_blendv_epi8(nearest, a, _mm_cmpeq_epi16(least, to_a));
}

static inline __attribute__((always_inline)) void unfilter_paeth(uint8_t *dst, const uint8_t *src, const uint8_t *above,
                                                                 size_t bytes, size_t step) {
    __m128i a = _mm_setzero_si128(), c = a;
    for (size_t i = 0; i + step <= bytes; i += step) {
        __m128i b = _mm_cvtepu8_epi16(load_pixel(above + i, step));
        /* Bytes in 16-bit lanes: the high halves stay zero. */
        a = _mm_add_epi8(_mm_cvtepu8_epi16(load_pixel(src + i, step)), paeth_of_pixels(a, b, c));
        store_pixel(dst + i, _mm_packus_epi16(a, a), step);
        c = b;
    }
}

/*
 * A pixel waits for the one before it, not for the CPU, so two go at once: in the low half of the lanes the first
 * row's, in the high half the second row's one pixel behind, whose neighbour above was made just before.
 */
static inline __attribute__((always_inline)) void unfilter_paeth_pair(uint8_t *const dst[2],
                                                                      const uint8_t *const src[2], const uint8_t *above,
                                                                      size_t bytes, size_t step) {
    __m128i a = _mm_setzero_si128(), c = a;
    for (size_t i = 0; i + step <= bytes; i += step) {
        __m128i both = load_pixel(src[0] + i, step);
        if (i > 0) {
            both = _mm_unpacklo_epi32(both, load_pixel(src[1] + i - step, step));
        }
        __m128i b = _mm_unpacklo_epi64(_mm_cvtepu8_epi16(load_pixel(above + i, step)), a);
        a = _mm_add_epi8(_mm_cvtepu8_epi16(both), paeth_of_pixels(a, b, c));
        __m128i packed = _mm_packus_epi16(a, a);
        store_pixel(dst[0] + i, packed, step);
        if (i > 0) {
            store_pixel(dst[1] + i - step, _mm_srli_si128(packed, 4), step);
        }
        c = b;
    }
    if (bytes >= step) {
        size_t last = bytes - step;
        __m128i b = _mm_unpacklo_epi64(_mm_setzero_si128(), a);
        __m128i both = _mm_slli_si128(load_pixel(src[1] + last, step), 4);
        a = _mm_add_epi8(_mm_cvtepu8_epi16(both), paeth_of_pixels(a, b, c));
        store_pixel(dst[1] + last, _mm_srli_si128(_mm_packus_epi16(a, a), 4), step);
    }
}

static inline __attribute__((always_inline)) int unfilter_pixels(uint8_t *dst, const uint8_t *src, const uint8_t *above,
                                                                 size_t bytes, size_t step,
                                                                 pixelshift_png_filter filter) {
    switch (filter) {
    case PIXELSHIFT_PNG_SUB:
        unfilter_sub(dst, src, bytes, step);
        return 1;
    case PIXELSHIFT_PNG_AVERAGE:
        unfilter_average(dst, src, above, bytes, step);
        return 1;
    case PIXELSHIFT_PNG_PAETH:
        unfilter_paeth(dst, src, above, bytes, step);
        return 1;
    default:
        return 0;
    }
}

void pixelshift_png_unfilter_avx2(uint8_t *dst, const uint8_t *src, const uint8_t *above, size_t bytes, size_t step,
                                  pixelshift_png_filter filter) {
    int done = 0;
    if (filter == PIXELSHIFT_PNG_UP) {
        unfilter_up(dst, src, above, bytes);
        done = 1;
    } else if (step == 4) {
        done = unfilter_pixels(dst, src, above, bytes, 4, filter);
    } else if (step == 3) {
        done = unfilter_pixels(dst, src, above, bytes, 3, filter);
    }
    if (!done) {
        pixelshift_png_unfilter_scalar(dst, src, above, bytes, step, filter);
    }
}

void pixelshift_png_unfilter_paeth_pair_avx2(uint8_t *const dst[2], const uint8_t *const src[2], const uint8_t *above,
                                             size_t bytes, size_t step) {
    if (step == 4) {
        unfilter_paeth_pair(dst, src, above, bytes, 4);
    } else if (step == 3) {
        unfilter_paeth_pair(dst, src, above, bytes, 3);
    } else {
        pixelshift_png_unfilter_paeth_pair_scalar(dst, src, above, bytes, step);
    }
}

/* Filtering: every pixel's neighbours are known, so that 32 bytes go at once. */

typedef struct {
    __m256i value, a, b, c;
} block;

static inline __attribute__((always_inline)) block load_block(const uint8_t *row, const uint8_t *above, size_t step) {
    block loaded = {
        _mm256_loadu_si256((const __m256i *)row),
        _mm256_loadu_si256((const __m256i *)(row - step)),
        _mm256_loadu_si256((const __m256i *)above),
        _mm256_loadu_si256((const __m256i *)(above - step)),
    };
    return loaded;
}

static inline __m256i distance(__m256i x, __m256i y) {
    return _mm256_or_si256(_mm256_subs_epu8(x, y), _mm256_subs_epu8(y, x));
}

static inline __m256i average_of(block of) {
    __m256i odd = _mm256_and_si256(_mm256_xor_si256(of.a, of.b), _mm256_set1_epi8(1));
    return _mm256_sub_epi8(_mm256_avg_epu8(of.a, of.b), odd);
}

/*
 * In bytes throughout: |a + b - 2c| is the sum of |a - c| and |b - c| where both lie on one side of c, else their
 * difference. A sum over 255 saturates, which loses no comparison.
 */
static inline __m256i paeth_of(block of) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i to_a = distance(of.b, of.c), to_b = distance(of.a, of.c);
    __m256i b_not_above = _mm256_cmpeq_epi8(_mm256_subs_epu8(of.b, of.c), zero);
    __m256i a_not_above = _mm256_cmpeq_epi8(_mm256_subs_epu8(of.a, of.c), zero);
    __m256i apart = _mm256_xor_si256(a_not_above, b_not_above);
    __m256i to_c = _mm256_blendv_epi8(_mm256_adds_epu8(to_a, to_b), distance(to_a, to_b), apart);
    __m256i least = _mm256_min_epu8(to_c, _mm256_min_epu8(to_a, to_b));
    __m256i nearest = _mm256_blendv_epi8(of.c, of.b, _mm256_cmpeq_epi8(least, to_b));
    return _mm256_blendv_epi8(nearest, of.a, _mm256_cmpeq_epi8(least, to_a));
}

static inline __attribute__((always_inline)) __m256i filtered(block of, pixelshift_png_filter filter) {
    switch (filter) {
    case PIXELSHIFT_PNG_SUB:
        return _mm256_sub_epi8(of.value, of.a);
    case PIXELSHIFT_PNG_UP:
        return _mm256_sub_epi8(of.value, of.b);
    case PIXELSHIFT_PNG_AVERAGE:
        return _mm256_sub_epi8(of.value, average_of(of));
    case PIXELSHIFT_PNG_PAETH:
        return _mm256_sub_epi8(of.value, paeth_of(of));
    default:
        return of.value;
    }
}

void pixelshift_png_filter_avx2(uint8_t *dst, const uint8_t *row, const uint8_t *above, size_t bytes, size_t step,
                                pixelshift_png_filter filter) {
    size_t i = 0;
    for (; i + BLOCK <= bytes; i += BLOCK) {
        _mm256_storeu_si256((__m256i *)(dst + i), filtered(load_block(row + i, above + i, step), filter));
    }
    pixelshift_png_filter_scalar(dst + i, row + i, above + i, bytes - i, step, filter);
}

void pixelshift_png_weigh_avx2(uint64_t costs[PIXELSHIFT_PNG_FILTERS], const uint8_t *row, const uint8_t *above,
                               size_t bytes, size_t step) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i sums[PIXELSHIFT_PNG_FILTERS] = {zero, zero, zero, zero, zero};
    size_t i = 0;
    for (; i + BLOCK <= bytes; i += BLOCK) {
        block loaded = load_block(row + i, above + i, step);
        for (int filter = 0; filter < PIXELSHIFT_PNG_FILTERS; filter++) {
            __m256i size = _mm256_abs_epi8(filtered(loaded, (pixelshift_png_filter)filter));
            sums[filter] = _mm256_add_epi64(sums[filter], _mm256_sad_epu8(size, zero));
        }
    }
    pixelshift_png_weigh_scalar(costs, row + i, above + i, bytes - i, step);
    for (int filter = 0; filter < PIXELSHIFT_PNG_FILTERS; filter++) {
        uint64_t parts[4];
        memcpy(parts, &sums[filter], sizeof parts);
        costs[filter] += parts[0] + parts[1] + parts[2] + parts[3];
    }
}
