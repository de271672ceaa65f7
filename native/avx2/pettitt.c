#include "pixelshift/pettitt.h"

#include <immintrin.h>

/* 1 in each 64-bit lane whose value is below the pivot, -1 where above, 0 where equal. */
static inline __m256i sign_below_epi64(__m256d values, __m256d pivot) {
    __m256i below = _mm256_castpd_si256(_mm256_cmp_pd(values, pivot, _CMP_LT_OQ));
    __m256i above = _mm256_castpd_si256(_mm256_cmp_pd(values, pivot, _CMP_GT_OQ));
    return _mm256_sub_epi64(above, below);
}

/* Inclusive prefix sums of eight 32-bit lanes: two steps inside each half, then the low half's total to the high one.
 */
static inline __m256i prefix_epi32(__m256i lanes) {
    lanes = _mm256_add_epi32(lanes, _mm256_slli_si256(lanes, 4));
    lanes = _mm256_add_epi32(lanes, _mm256_slli_si256(lanes, 8));
    __m256i low_to_high = _mm256_permute2x128_si256(lanes, lanes, 0x08);
    return _mm256_add_epi32(lanes, _mm256_shuffle_epi32(low_to_high, 0xFF));
}

static inline int32_t highest_epi32(__m256i lanes) {
    __m128i half = _mm_max_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    half = _mm_max_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_max_epi32(half, _mm_shuffle_epi32(half, 0xB1));
    return _mm_cvtsi128_si32(half);
}

static inline int32_t lowest_epi32(__m256i lanes) {
    __m128i half = _mm_min_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0xB1));
    return _mm_cvtsi128_si32(half);
}

static inline void widen(pixelshift_pettitt_range *range, int64_t value) {
    range->highest = value > range->highest ? value : range->highest;
    range->lowest = value < range->lowest ? value : range->lowest;
}

pixelshift_pettitt_range pixelshift_pettitt_pass_i32_avx2(int32_t *sums, const double *values, int64_t count,
                                                          double pivot) {
    pixelshift_pettitt_range range = {INT64_MIN, INT64_MAX};
    const __m256d pivots = _mm256_set1_pd(pivot);
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    const __m256i last = _mm256_set1_epi32(7);
    __m256i carry = _mm256_setzero_si256();
    __m256i highest = _mm256_set1_epi32(INT32_MIN), lowest = _mm256_set1_epi32(INT32_MAX);
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i first = sign_below_epi64(_mm256_loadu_pd(values + i), pivots);
        __m256i second = sign_below_epi64(_mm256_loadu_pd(values + i + 4), pivots);
        __m256i signs = _mm256_blend_epi32(_mm256_permutevar8x32_epi32(first, even),
                                           _mm256_permutevar8x32_epi32(second, even), 0xF0);
        /* The carry joins after the prefix of this block alone: a shorter chain between blocks. */
        __m256i inside = prefix_epi32(signs);
        __m256i prefix = _mm256_add_epi32(inside, carry);
        carry = _mm256_add_epi32(carry, _mm256_permutevar8x32_epi32(inside, last));
        __m256i total = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(sums + i)), prefix);
        _mm256_storeu_si256((__m256i *)(sums + i), total);
        highest = _mm256_max_epi32(highest, total);
        lowest = _mm256_min_epi32(lowest, total);
    }
    if (i > 0) {
        widen(&range, highest_epi32(highest));
        widen(&range, lowest_epi32(lowest));
    }
    int32_t prefix = _mm256_extract_epi32(carry, 0);
    for (; i < count; i++) {
        prefix += (values[i] < pivot) - (values[i] > pivot);
        sums[i] += prefix;
        widen(&range, sums[i]);
    }
    return range;
}

static inline __m256i max_epi64(__m256i left, __m256i right) {
    return _mm256_blendv_epi8(right, left, _mm256_cmpgt_epi64(left, right));
}

pixelshift_pettitt_range pixelshift_pettitt_pass_i64_avx2(int64_t *sums, const double *values, int64_t count,
                                                          double pivot) {
    pixelshift_pettitt_range range = {INT64_MIN, INT64_MAX};
    const __m256d pivots = _mm256_set1_pd(pivot);
    __m256i carry = _mm256_setzero_si256();
    __m256i highest = _mm256_set1_epi64x(INT64_MIN), lowest = _mm256_set1_epi64x(INT64_MAX);
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        __m256i inside = sign_below_epi64(_mm256_loadu_pd(values + i), pivots);
        inside = _mm256_add_epi64(inside, _mm256_slli_si256(inside, 8));
        __m256i low_to_high = _mm256_permute2x128_si256(inside, inside, 0x08);
        inside = _mm256_add_epi64(inside, _mm256_shuffle_epi32(low_to_high, 0xEE));
        __m256i prefix = _mm256_add_epi64(inside, carry);
        carry = _mm256_add_epi64(carry, _mm256_permute4x64_epi64(inside, 0xFF));
        __m256i total = _mm256_add_epi64(_mm256_loadu_si256((const __m256i *)(sums + i)), prefix);
        _mm256_storeu_si256((__m256i *)(sums + i), total);
        lowest = _mm256_blendv_epi8(lowest, total, _mm256_cmpgt_epi64(lowest, total));
        highest = max_epi64(highest, total);
    }
    if (i > 0) {
        int64_t ends[8];
        _mm256_storeu_si256((__m256i *)ends, highest);
        _mm256_storeu_si256((__m256i *)(ends + 4), lowest);
        for (int lane = 0; lane < 8; lane++) {
            widen(&range, ends[lane]);
        }
    }
    int64_t prefix = _mm256_extract_epi64(carry, 0);
    for (; i < count; i++) {
        prefix += (values[i] < pivot) - (values[i] > pivot);
        sums[i] += prefix;
        widen(&range, sums[i]);
    }
    return range;
}

/* Eight signs of eight values against the pivot: 1 below, -1 above. */
static inline __m256i signs_below_epi32(const double *values, __m256d shift, __m256d pivot) {
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    __m256i first = sign_below_epi64(_mm256_add_pd(_mm256_loadu_pd(values), shift), pivot);
    __m256i second = sign_below_epi64(_mm256_add_pd(_mm256_loadu_pd(values + 4), shift), pivot);
    return _mm256_blend_epi32(_mm256_permutevar8x32_epi32(first, even), _mm256_permutevar8x32_epi32(second, even),
                              0xF0);
}

static inline int32_t sign_below(double value, double pivot) {
    return (value < pivot) - (value > pivot);
}

static int32_t total_below(const double *values, int64_t count, double shift, double pivot) {
    const __m256d shifts = _mm256_set1_pd(shift), pivots = _mm256_set1_pd(pivot);
    __m256i totals = _mm256_setzero_si256();
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        totals = _mm256_add_epi32(totals, signs_below_epi32(values + i, shifts, pivots));
    }
    int32_t total = _mm256_extract_epi32(prefix_epi32(totals), 7);
    for (; i < count; i++) {
        total += sign_below(values[i] + shift, pivot);
    }
    return total;
}

/* Forwards, where the scalar form goes backwards: what comes after i is the total less what comes up to i. */
void pixelshift_pettitt_drop_i32_avx2(int32_t *sums, const double *values, int64_t count, double shift) {
    if (count <= 1) {
        return;
    }
    const __m256d shifts = _mm256_set1_pd(shift), pivots = _mm256_set1_pd(values[0]);
    const __m256i last = _mm256_set1_epi32(7);
    int32_t left = total_below(values + 1, count - 1, shift, values[0]);
    __m256i after = _mm256_set1_epi32(left);
    int64_t i = 1;
    for (; i + 8 <= count; i += 8) {
        __m256i inside = prefix_epi32(signs_below_epi32(values + i, shifts, pivots));
        __m256i *at = (__m256i *)(sums + i);
        _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), _mm256_sub_epi32(after, inside)));
        after = _mm256_sub_epi32(after, _mm256_permutevar8x32_epi32(inside, last));
    }
    left = _mm256_extract_epi32(after, 0);
    for (; i < count; i++) {
        left -= sign_below(values[i] + shift, values[0]);
        sums[i] += left;
    }
}

int pixelshift_pettitt_reaches_i32_avx2(const int32_t *up, const int32_t *down, int64_t count, double bound) {
    const __m256d bounds = _mm256_set1_pd(bound), whole = _mm256_set1_pd((double)count);
    __m256d before = _mm256_setr_pd(1.0, 2.0, 3.0, 4.0);
    int64_t t = 1;
    for (; t + 4 <= count; t += 4) {
        __m128i falling = _mm_sub_epi32(_mm_setzero_si128(), _mm_loadu_si128((const __m128i *)(down + t - 1)));
        __m128i larger = _mm_max_epi32(_mm_loadu_si128((const __m128i *)(up + t - 1)), falling);
        __m256d u = _mm256_cvtepi32_pd(larger);
        __m256d least = _mm256_mul_pd(bounds, _mm256_mul_pd(before, _mm256_sub_pd(whole, before)));
        __m256d reached = _mm256_cmp_pd(_mm256_mul_pd(u, u), least, _CMP_GE_OQ);
        reached = _mm256_and_pd(reached, _mm256_cmp_pd(u, _mm256_setzero_pd(), _CMP_GT_OQ));
        if (_mm256_movemask_pd(reached)) {
            return 1;
        }
        before = _mm256_add_pd(before, _mm256_set1_pd(4.0));
    }
    for (; t < count; t++) {
        double u = (double)(up[t - 1] > -down[t - 1] ? up[t - 1] : -down[t - 1]);
        if (u > 0.0 && u * u >= bound * ((double)t * (double)(count - t))) {
            return 1;
        }
    }
    return 0;
}

/* How many of `count` ascending doubles are below the value; `count` is a multiple of 4. */
static inline int64_t count_below(const double *values, int64_t count, __m256d value) {
    __m256i below = _mm256_setzero_si256();
    for (int64_t i = 0; i < count; i += 4) {
        __m256d is_below = _mm256_cmp_pd(_mm256_loadu_pd(values + i), value, _CMP_LT_OQ);
        below = _mm256_sub_epi64(below, _mm256_castpd_si256(is_below));
    }
    __m128i half = _mm_add_epi64(_mm256_castsi256_si128(below), _mm256_extracti128_si256(below, 1));
    return _mm_extract_epi64(half, 0) + _mm_extract_epi64(half, 1);
}

static inline int64_t place_of(const pixelshift_pettitt_bounds *bounds, double value) {
    __m256d wanted = _mm256_set1_pd(value);
    int64_t first = count_below(bounds->fences, PIXELSHIFT_PETTITT_FENCES, wanted) * bounds->width;
    int64_t cut = first + count_below(bounds->cuts + first, bounds->width, wanted);
    return 2 * cut + (bounds->cuts[cut] == value);
}

static inline __m256i spend(int32_t *rooms, const int32_t *growth) {
    const __m256i most = _mm256_set1_epi32(PIXELSHIFT_PETTITT_ROOM_MAX);
    __m256i left =
        _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)rooms), _mm256_loadu_si256((const __m256i *)growth));
    left = _mm256_min_epi32(left, most);
    _mm256_storeu_si256((__m256i *)rooms, left);
    return left;
}

static inline __m256i spend_all(const pixelshift_pettitt_bounds *bounds, int64_t low, int64_t high) {
    const int32_t *up = bounds->growth + 2 * low * bounds->stride;
    const int32_t *down = bounds->growth + (2 * high + 1) * bounds->stride;
    __m256i least = _mm256_set1_epi32(INT32_MAX);
    for (int64_t b = 0; b < bounds->blocks; b += 8) {
        least = _mm256_min_epi32(least, spend(bounds->up_rooms + b, up + b));
        least = _mm256_min_epi32(least, spend(bounds->down_rooms + b, down + b));
    }
    return least;
}

static inline int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
}

static inline int is_finite(double value) {
    return value - value == 0.0;
}

int64_t pixelshift_pettitt_bound_avx2(pixelshift_pettitt_bounds *bounds, uint16_t *places, const double *values,
                                      int64_t count) {
    int64_t i = 0, open = bounds->open, reference = bounds->reference;
    int64_t up_room = bounds->open_up_room, down_room = bounds->open_down_room;
    bounds->least = INT64_MAX;
    while (i < count && is_finite(values[i])) {
        int64_t own = place_of(bounds, values[i]), low = own, high = own;
        if (bounds->delta != 0.0) {
            low = place_of(bounds, values[i] - bounds->delta);
            high = place_of(bounds, values[i] + bounds->delta);
        }
        __m256i least = spend_all(bounds, low, high);
        int64_t some = open > 0 ? -1 : 0;
        up_room = lesser(up_room - (some & (bounds->totals[2 * low] + open)), reference);
        down_room = lesser(down_room - (some & (bounds->totals[2 * high + 1] + open)), reference);
        open++;
        places[i++] = (uint16_t)own;
        __m256i is_positive = _mm256_cmpgt_epi32(least, _mm256_setzero_si256());
        if (_mm256_movemask_epi8(is_positive) != -1 || lesser(up_room, down_room) <= 0) {
            bounds->least = lesser(lowest_epi32(least), lesser(up_room, down_room));
            break;
        }
    }
    bounds->open = open;
    bounds->open_up_room = up_room;
    bounds->open_down_room = down_room;
    return i;
}
