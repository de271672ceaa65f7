/*
 * The kernels that give Pillow's bytes, with AVX2; native/scalar/exact.c specifies the results.
 *
 * Strips are turned as for the other resampler. Each pair of samples is multiplied by the high parts of its weights and
 * by the low ones; the two sums meet at the end.
 */
#include "exact.h"

#include "resample_turn.h"

/* The tiles of the other resampler know axes; to it ours is a plan of the high parts. */
static pixelshift_resample_plan plan_of_tiles(const pixelshift_exact_plan *plan) {
    pixelshift_resample_plan tiles = {.x = &plan->x->high, .y = &plan->y->high, .channels = plan->channels};
    return tiles;
}

size_t pixelshift_exact_scratch_bytes_avx2(const pixelshift_exact_plan *plan) {
    pixelshift_resample_plan tiles = plan_of_tiles(plan);
    return workshop_bytes(&tiles);
}

static inline __m256i level_of(__m256i high, __m256i low) {
    __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, PIXELSHIFT_EXACT_LOW_BITS), low);
    return _mm256_srai_epi32(sum, PIXELSHIFT_EXACT_BITS);
}

static inline __m256i half(void) {
    return _mm256_set1_epi32(1 << (PIXELSHIFT_EXACT_BITS - 1));
}

/* `fixed`: the number of pairs, or 0 for any. */
static inline __attribute__((always_inline)) void filter(int16_t *turned, const int16_t *pairs,
                                                         const pixelshift_exact_axis *axis, const tile *part,
                                                         const int channels, const int fixed) {
    const pixelshift_resample_axis *x = &axis->high;
    int32_t first = x->start[part->from] >> 1;
    for (int32_t output = part->from; output < part->to; output++) {
        int32_t start = x->start[output] >> 1;
        int32_t count = fixed ? fixed : ((x->start[output] + x->count[output] + 1) >> 1) - start;
        const int16_t *pair = pairs + (ptrdiff_t)(start - first) * channels * 2 * STRIP;
        const int16_t *high_weight = x->weight + (ptrdiff_t)output * x->taps;
        const int16_t *low_weight = axis->low.weight + (ptrdiff_t)output * x->taps;
        __m256i high[8];
        __m256i low[8];
#pragma GCC unroll 8
        for (int c = 0; c < 2 * channels; c++) {
            high[c] = _mm256_setzero_si256();
            low[c] = half();
        }
#pragma GCC unroll 5
        for (int32_t i = 0; i < count; i++, pair += channels * 2 * STRIP) {
            __m256i by_high = two_weights(high_weight + 2 * i);
            __m256i by_low = two_weights(low_weight + 2 * i);
#pragma GCC unroll 8
            for (int c = 0; c < 2 * channels; c++) {
                __m256i samples = load(pair + c * STRIP);
                high[c] = _mm256_add_epi32(high[c], _mm256_madd_epi16(samples, by_high));
                low[c] = _mm256_add_epi32(low[c], _mm256_madd_epi16(samples, by_low));
            }
        }
#pragma GCC unroll 4
        for (int c = 0; c < channels; c++, turned += STRIP) {
            __m256i upper = level_of(high[2 * c], low[2 * c]);
            store(turned, _mm256_packs_epi32(upper, level_of(high[2 * c + 1], low[2 * c + 1])));
        }
    }
}

static inline __attribute__((always_inline)) void filter_of(int16_t *turned, const int16_t *pairs,
                                                            const pixelshift_exact_axis *axis, const tile *part,
                                                            const int channels) {
    switch (axis->high.pairs) {
    case 2:
        filter(turned, pairs, axis, part, channels, 2);
        break;
    case 3:
        filter(turned, pairs, axis, part, channels, 3);
        break;
    case 4:
        filter(turned, pairs, axis, part, channels, 4);
        break;
    default:
        filter(turned, pairs, axis, part, channels, 0);
    }
}

static inline __attribute__((always_inline)) void run_tile(const workshop *shop, const pixelshift_exact_plan *plan,
                                                           const strip *of, const tile *part, const int channels) {
    turn_strip(shop->pairs, of, part->first, part->last, plan->x->high.in * channels, channels, 0, 0);
    filter_of(shop->turned, shop->pairs, plan->x, part, channels);
}

void pixelshift_exact_across_avx2(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride,
                                  int32_t rows, const pixelshift_exact_plan *plan, void *scratch) {
    const pixelshift_resample_axis *x = &plan->x->high;
    pixelshift_resample_plan tiles = plan_of_tiles(plan);
    workshop shop = lay_out(&tiles, scratch);
    strip of = {.ahead = next_strip(src, src_stride, 0)};
    int32_t channels = plan->channels;
    for (int i = 0; i < STRIP; i++) {
        of.row[i] = src + (i < rows ? i : rows - 1) * src_stride;
    }
    for (int32_t from = 0, to; from < x->out; from = to) {
        to = tile_end(&shop, &tiles, from);
        int32_t end = (x->start[to - 1] + x->count[to - 1] + 1) & ~1;
        tile part = {from, to, (x->start[from] & ~1) * channels, (end < x->in ? end : x->in) * channels};
        if (channels == 1) {
            run_tile(&shop, plan, &of, &part, 1);
        } else if (channels == 2) {
            run_tile(&shop, plan, &of, &part, 2);
        } else if (channels == 3) {
            run_tile(&shop, plan, &of, &part, 3);
        } else {
            run_tile(&shop, plan, &of, &part, 4);
        }
        for (int32_t sample = 0; sample < (to - from) * channels; sample += STRIP) {
            turn_back_bytes(dst + (ptrdiff_t)from * channels + sample, dst_stride,
                            shop.turned + (ptrdiff_t)sample * STRIP);
        }
    }
}

/* 32 samples of `pairs` pairs of rows; the ring holds a pair in neighbouring slots. */
static inline __m256i sum_pairs(const uint8_t *ring, ptrdiff_t stride, int32_t first, int32_t mask, int32_t pairs,
                                const int16_t *high_weight, const int16_t *low_weight) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i high[4] = {zero, zero, zero, zero};
    __m256i low[4] = {half(), half(), half(), half()};
    for (int32_t i = 0; i < pairs; i++) {
        const uint8_t *row = ring + ((first + 2 * i) & mask) * stride;
        __m256i by_high = two_weights(high_weight + 2 * i);
        __m256i by_low = two_weights(low_weight + 2 * i);
        __m256i front = _mm256_unpacklo_epi8(load(row), load(row + stride));
        __m256i back = _mm256_unpackhi_epi8(load(row), load(row + stride));
        __m256i part[4] = {_mm256_unpacklo_epi8(front, zero), _mm256_unpackhi_epi8(front, zero),
                           _mm256_unpacklo_epi8(back, zero), _mm256_unpackhi_epi8(back, zero)};
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            high[j] = _mm256_add_epi32(high[j], _mm256_madd_epi16(part[j], by_high));
            low[j] = _mm256_add_epi32(low[j], _mm256_madd_epi16(part[j], by_low));
        }
    }
    __m256i front = _mm256_packs_epi32(level_of(high[0], low[0]), level_of(high[1], low[1]));
    __m256i back = _mm256_packs_epi32(level_of(high[2], low[2]), level_of(high[3], low[3]));
    return _mm256_packus_epi16(front, back);
}

void pixelshift_exact_down_avx2(uint8_t *dst, const uint8_t *ring, ptrdiff_t ring_stride, int32_t slots, int32_t output,
                                int32_t samples, const pixelshift_exact_axis *axis) {
    const pixelshift_resample_axis *y = &axis->high;
    int32_t first = (y->start[output] & ~1) - y->first;
    int32_t pairs = ((y->start[output] + y->count[output] + 1) >> 1) - (y->start[output] >> 1);
    const int16_t *high = y->weight + (ptrdiff_t)output * y->taps;
    const int16_t *low = axis->low.weight + (ptrdiff_t)output * y->taps;
    int32_t sample = 0;
    for (; sample + 32 <= samples; sample += 32) {
        store(dst + sample, sum_pairs(ring + sample, ring_stride, first, slots - 1, pairs, high, low));
    }
    if (sample < samples) {
        uint8_t whole[32];
        store(whole, sum_pairs(ring + sample, ring_stride, first, slots - 1, pairs, high, low));
        memcpy(dst + sample, whole, (size_t)(samples - sample));
    }
}
