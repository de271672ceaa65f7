#include "../scalar/saliency.h"

#include <immintrin.h>

enum { BLOCK = 16 };

typedef struct {
    __m256i r, g, b;
} planes;

/* Sixteen packed RGB pixels as three vectors of 16-bit values. */
static inline planes load_planes(const uint8_t *rgb) {
    __m128i x = _mm_loadu_si128((const __m128i *)rgb), y = _mm_loadu_si128((const __m128i *)(rgb + 16)),
            z = _mm_loadu_si128((const __m128i *)(rgb + 32));
    const __m128i rx = _mm_setr_epi8(0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                  ry = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14, -1, -1, -1, -1, -1),
                  rz = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 4, 7, 10, 13),
                  gx = _mm_setr_epi8(1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                  gy = _mm_setr_epi8(-1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1),
                  gz = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14),
                  bx = _mm_setr_epi8(2, 5, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                  by = _mm_setr_epi8(-1, -1, -1, -1, -1, 1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1),
                  bz = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15);
    planes result;
    result.r = _mm256_cvtepu8_epi16(
        _mm_or_si128(_mm_shuffle_epi8(x, rx), _mm_or_si128(_mm_shuffle_epi8(y, ry), _mm_shuffle_epi8(z, rz))));
    result.g = _mm256_cvtepu8_epi16(
        _mm_or_si128(_mm_shuffle_epi8(x, gx), _mm_or_si128(_mm_shuffle_epi8(y, gy), _mm_shuffle_epi8(z, gz))));
    result.b = _mm256_cvtepu8_epi16(
        _mm_or_si128(_mm_shuffle_epi8(x, bx), _mm_or_si128(_mm_shuffle_epi8(y, by), _mm_shuffle_epi8(z, bz))));
    return result;
}

static inline __m256i times(__m256i values, short factor) {
    return _mm256_mullo_epi16(values, _mm256_set1_epi16(factor));
}

/* Sixteen 16-bit values, clipped to 8 bits, stored in order. */
static inline void store_bytes(uint8_t *dst, __m256i values) {
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(values, values), 0x08);
    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(packed));
}

static inline __m256i load_bytes(const uint8_t *src) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)src));
}

void pixelshift_saliency_luma_avx2(uint8_t *dst, const uint8_t *rgb, size_t pixels) {
    size_t i = 0;
    for (; i + BLOCK <= pixels; i += BLOCK) {
        planes p = load_planes(rgb + 3 * i);
        __m256i sum = _mm256_add_epi16(_mm256_add_epi16(times(p.r, 77), times(p.g, 150)), times(p.b, 29));
        store_bytes(dst + i, _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(128)), 8));
    }
    pixelshift_saliency_luma_scalar(dst + i, rgb + 3 * i, pixels - i);
}

/* Peak less `slope` times the distance of the chroma sum / 256 from the middle. */
static inline __m256i band(__m256i sum, short middle, short slope) {
    __m256i distance = _mm256_abs_epi16(_mm256_sub_epi16(_mm256_srai_epi16(sum, 8), _mm256_set1_epi16(middle)));
    return _mm256_sub_epi16(_mm256_set1_epi16(SALIENCY_SKIN_PEAK), times(distance, slope));
}

static inline __m256i skin_mark(planes p, __m256i luma) {
    __m256i cb = _mm256_sub_epi16(times(p.b, 128), _mm256_add_epi16(times(p.r, 43), times(p.g, 85)));
    __m256i cr = _mm256_sub_epi16(times(p.r, 128), _mm256_add_epi16(times(p.g, 107), times(p.b, 21)));
    __m256i mark = _mm256_min_epi16(band(cb, SALIENCY_SKIN_CB, 3), band(cr, SALIENCY_SKIN_CR, 4));
    __m256i bright = _mm256_cmpgt_epi16(luma, _mm256_set1_epi16(SALIENCY_SKIN_DARK - 1));
    return _mm256_and_si256(bright, _mm256_max_epi16(mark, _mm256_setzero_si256()));
}

void pixelshift_saliency_mark_avx2(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma,
                                   const uint8_t *above, size_t pixels) {
    /* The first pixel has none before it. */
    size_t i = pixels < 1 ? pixels : 1;
    pixelshift_saliency_mark_from(dst, rgb, luma, above, 0, i);
    for (; i + BLOCK <= pixels; i += BLOCK) {
        planes p = load_planes(rgb + 3 * i);
        __m256i here = load_bytes(luma + i);
        __m256i across = _mm256_abs_epi16(_mm256_sub_epi16(here, load_bytes(luma + i - 1)));
        __m256i down = _mm256_abs_epi16(_mm256_sub_epi16(here, load_bytes(above + i)));
        __m256i most = _mm256_max_epi16(_mm256_max_epi16(p.r, p.g), p.b);
        __m256i least = _mm256_min_epi16(_mm256_min_epi16(p.r, p.g), p.b);
        __m256i spread = _mm256_subs_epu16(_mm256_sub_epi16(most, least), _mm256_set1_epi16(SALIENCY_COLOUR_FROM));
        store_bytes(dst.detail + i, _mm256_add_epi16(across, down));
        store_bytes(dst.colour + i, spread);
        store_bytes(dst.skin + i, skin_mark(p, here));
    }
    pixelshift_saliency_mark_from(dst, rgb, luma, above, i, pixels);
}

uint64_t pixelshift_saliency_sum_avx2(const uint8_t *values, size_t count) {
    __m256i totals = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(values + i));
        totals = _mm256_add_epi64(totals, _mm256_sad_epu8(block, _mm256_setzero_si256()));
    }
    uint64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, totals);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3] + pixelshift_saliency_sum_scalar(values + i, count - i);
}
