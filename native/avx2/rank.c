#include "../scalar/rank.h"

#include <immintrin.h>

static inline __m256i load(const void *from) {
    return _mm256_loadu_si256((const __m256i *)from);
}

static inline __m256i middle(__m256i x, __m256i y, __m256i z) {
    return _mm256_max_epu8(_mm256_min_epu8(x, y), _mm256_min_epu8(_mm256_max_epu8(x, y), z));
}

typedef struct {
    __m256i low, middle, high;
} sorted;

static inline sorted sort_column(const uint8_t *above, const uint8_t *here, const uint8_t *below) {
    __m256i x = load(above), y = load(here), z = load(below);
    sorted result = {_mm256_min_epu8(_mm256_min_epu8(x, y), z), middle(x, y, z),
                     _mm256_max_epu8(_mm256_max_epu8(x, y), z)};
    return result;
}

void pixelshift_rank_median3_avx2(uint8_t *dst, const uint8_t *above, const uint8_t *here, const uint8_t *below,
                                  size_t samples, size_t step) {
    size_t i = 0;
    for (; i + 32 <= samples; i += 32) {
        sorted p = sort_column(above + i - step, here + i - step, below + i - step);
        sorted q = sort_column(above + i, here + i, below + i);
        sorted r = sort_column(above + i + step, here + i + step, below + i + step);
        __m256i low = _mm256_max_epu8(_mm256_max_epu8(p.low, q.low), r.low);
        __m256i high = _mm256_min_epu8(_mm256_min_epu8(p.high, q.high), r.high);
        __m256i result = middle(low, middle(p.middle, q.middle, r.middle), high);
        _mm256_storeu_si256((__m256i *)(dst + i), result);
    }
    pixelshift_rank_median3_scalar(dst + i, above + i, here + i, below + i, samples - i, step);
}

void pixelshift_rank_slide_avx2(uint16_t *window, const uint16_t *enter, const uint16_t *leave) {
    for (int i = 0; i < PIXELSHIFT_RANK_TIERS; i += 16) {
        __m256i moved = _mm256_sub_epi16(_mm256_add_epi16(load(window + i), load(enter + i)), load(leave + i));
        _mm256_storeu_si256((__m256i *)(window + i), moved);
    }
}

/* Sums of the 16 counts up to and including each. */
static inline __m256i running_sums(__m256i counts) {
    __m256i sums = _mm256_add_epi16(counts, _mm256_slli_si256(counts, 2));
    sums = _mm256_add_epi16(sums, _mm256_slli_si256(sums, 4));
    sums = _mm256_add_epi16(sums, _mm256_slli_si256(sums, 8));
    __m256i below = _mm256_permute2x128_si256(sums, sums, 0x08);
    return _mm256_add_epi16(sums, _mm256_shuffle_epi8(below, _mm256_set1_epi16(0x0f0e)));
}

/* The first of 16 running sums that exceeds `rank` < 2^16 - 1. */
static inline int first_beyond(__m256i sums, uint32_t rank) {
    __m256i reached = _mm256_max_epu16(sums, _mm256_set1_epi16((short)(rank + 1)));
    return __builtin_ctz((unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi16(reached, sums))) / 2;
}

uint8_t pixelshift_rank_value_at_avx2(const uint16_t *window, uint32_t rank) {
    uint16_t seen[17] = {0};
    __m256i tiers = running_sums(load(window + PIXELSHIFT_RANK_BINS));
    _mm256_storeu_si256((__m256i *)(seen + 1), tiers);
    int tier = first_beyond(tiers, rank);
    return (uint8_t)(16 * tier + first_beyond(running_sums(load(window + 16 * tier)), rank - seen[tier]));
}

static inline uint64_t total_of_words(__m256i words) {
    uint16_t parts[16];
    _mm256_storeu_si256((__m256i *)parts, words);
    uint32_t sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += parts[i];
    }
    return sum;
}

uint64_t pixelshift_rank_limited_avx2(uint64_t *below, const uint16_t *window, uint32_t target, uint32_t limit) {
    const __m256i most = _mm256_set1_epi16((short)(limit < UINT16_MAX ? limit : UINT16_MAX));
    const __m256i next = _mm256_set1_epi16((short)(target + 1));
    __m256i bin = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m256i all = _mm256_setzero_si256(), part = all;
    for (int i = 0; i < PIXELSHIFT_RANK_BINS; i += 16) {
        __m256i count = _mm256_min_epu16(load(window + i), most);
        all = _mm256_add_epi16(all, count);
        part = _mm256_add_epi16(part, _mm256_and_si256(count, _mm256_cmpgt_epi16(next, bin)));
        bin = _mm256_add_epi16(bin, _mm256_set1_epi16(16));
    }
    *below = total_of_words(part);
    return total_of_words(all);
}

void pixelshift_rank_slide_wide_avx2(uint32_t *window, const uint16_t *enter, const uint16_t *leave) {
    for (int i = 0; i < PIXELSHIFT_RANK_BINS; i += 8) {
        __m256i more = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(enter + i)));
        __m256i less = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(leave + i)));
        __m256i moved = _mm256_sub_epi32(_mm256_add_epi32(load(window + i), more), less);
        _mm256_storeu_si256((__m256i *)(window + i), moved);
    }
}

static inline __m256i add_wide(__m256i totals, __m256i values) {
    const __m256i zero = _mm256_setzero_si256();
    totals = _mm256_add_epi64(totals, _mm256_unpacklo_epi32(values, zero));
    return _mm256_add_epi64(totals, _mm256_unpackhi_epi32(values, zero));
}

static inline uint64_t total(__m256i lanes) {
    uint64_t parts[4];
    _mm256_storeu_si256((__m256i *)parts, lanes);
    return parts[0] + parts[1] + parts[2] + parts[3];
}

uint64_t pixelshift_rank_limited_wide_avx2(uint64_t *below, const uint32_t *window, uint32_t target, uint32_t limit) {
    const __m256i most = _mm256_set1_epi32((int)limit), next = _mm256_set1_epi32((int)target + 1);
    __m256i bin = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i all = _mm256_setzero_si256(), part = all;
    for (int i = 0; i < PIXELSHIFT_RANK_BINS; i += 8) {
        __m256i count = _mm256_min_epu32(load(window + i), most);
        all = add_wide(all, count);
        part = add_wide(part, _mm256_and_si256(count, _mm256_cmpgt_epi32(next, bin)));
        bin = _mm256_add_epi32(bin, _mm256_set1_epi32(8));
    }
    *below = total(part);
    return total(all);
}
