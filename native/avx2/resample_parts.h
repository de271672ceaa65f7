/* What both orders of the AVX2 resampler share: pairs of samples, filters over columns, division by alpha. */
#ifndef PIXELSHIFT_AVX2_RESAMPLE_PARTS_H
#define PIXELSHIFT_AVX2_RESAMPLE_PARTS_H

#include <immintrin.h>
#include <string.h>

#include "pixelshift/resample.h"

#define STRIP PIXELSHIFT_RESAMPLE_STRIP
/* Source samples of a tile of columns, so that its pairs of columns stay near the processor. */
#define TILE 1536
/* Up to this many pairs a filter is unrolled: every filter when enlarging, and the shorter ones when reducing a little.
 */
#define UNROLLED 5
/* Bytes of a row that are turned at a time. */
#define BLOCK 16
/* Samples beyond a tile that may be written (the rest of a block) or read (weighted by zero, UNROLLED pairs). */
#define SLACK (2 * UNROLLED * 4)

typedef struct {
    int32_t samples; /* capacity of a tile in source samples */
    int16_t *pairs;  /* [samples / 2][STRIP][2] */
    int16_t *turned; /* [TILE][STRIP] */
} workshop;

/* Source samples that a tile has room for: outputs are taken eight at a time, so at least what eight of them read. */
static inline int32_t tile_samples(const pixelshift_resample_plan *plan) {
    const pixelshift_resample_axis *x = plan->x;
    int32_t eight = 0;
    for (int32_t i = 0; i < x->out; i += 8) {
        int32_t end = i + 7 < x->out ? i + 7 : x->out - 1;
        int32_t span = x->start[end] + x->count[end] + 1 - (x->start[i] & ~1);
        eight = span > eight ? span : eight;
    }
    int32_t least = (eight + 1) / 2 * 2 * plan->channels;
    return least > TILE ? least : TILE;
}

static inline size_t workshop_bytes(const pixelshift_resample_plan *plan) {
    return ((size_t)(tile_samples(plan) + SLACK) + TILE + STRIP) * STRIP * sizeof(int16_t);
}

static inline workshop lay_out(const pixelshift_resample_plan *plan, void *memory) {
    workshop shop = {.samples = tile_samples(plan), .pairs = memory};
    shop.turned = shop.pairs + (size_t)(shop.samples + SLACK) * STRIP;
    return shop;
}

static inline __m256i load(const void *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void store(void *p, __m256i v) {
    _mm256_storeu_si256((__m256i *)p, v);
}

/*
 * Into the second-level cache; never faults. Processors foresee one row after another, not 16 rows in step, so each
 * strip fetches the next one, in the order of memory, while it is worked on: 64 bytes for every 64 that it reads.
 */
#define PREFETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T1) /* gcc drops it from functions */

/* Where in the next strip a strip is when it has read its first `samples` columns. */
static inline const uint8_t *next_strip(const uint8_t *src, ptrdiff_t src_stride, int32_t samples) {
    return (const uint8_t *)((uintptr_t)src + (uintptr_t)(STRIP * (src_stride + samples)));
}

typedef struct {
    __m256i half;
    __m256i scale;
    __m128i bits;
} premultiplier;

static inline premultiplier premultiplier_of(int32_t bits) {
    premultiplier by = {
        _mm256_set1_epi16((int16_t)((255 + (1 << bits)) >> (bits + 1))),
        _mm256_set1_epi16((int16_t)(((1 << (bits + 16)) + 127) / 255)),
        _mm_cvtsi32_si128(bits),
    };
    return by;
}

static inline __m256i premultiplied(__m256i colour, __m256i alpha, premultiplier by) {
    return _mm256_mulhi_epu16(_mm256_add_epi16(_mm256_mullo_epi16(colour, alpha), by.half), by.scale);
}

/* Weights each colour of pairs of RGBA or grey-alpha pixels by its alpha. */
static inline __m256i weighted(__m256i pairs, int channels, premultiplier by) {
    __m256i alpha = channels == 4 ? _mm256_shuffle_epi32(pairs, 0xff) : _mm256_shuffle_epi32(pairs, 0xf5);
    __m256i colour = premultiplied(pairs, alpha, by);
    alpha = _mm256_sll_epi16(pairs, by.bits);
    return channels == 4 ? _mm256_blend_epi16(colour, alpha, 0xc0) : _mm256_blend_epi16(colour, alpha, 0xcc);
}

static inline __m256i two_weights(const int16_t *weight) {
    int32_t both;
    memcpy(&both, weight, sizeof both);
    return _mm256_set1_epi32(both);
}

/* 255 / alpha, nudged, or 0 where alpha rounds to 0. */
static inline __m256i ratio_of(__m256i alpha, __m256i half) {
    __m256 ratio = _mm256_div_ps(_mm256_set1_ps(255 * PIXELSHIFT_RESAMPLE_NUDGE), _mm256_cvtepi32_ps(alpha));
    __m256i seen = _mm256_cmpgt_epi32(alpha, _mm256_sub_epi32(half, _mm256_set1_epi32(1)));
    return _mm256_and_si256(_mm256_castps_si256(ratio), seen);
}

static inline __m256i scaled(__m256i sum, __m256i ratio) {
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_castsi256_ps(ratio)));
}

/* How sums end. `half` and `unit` only count where colour is divided by alpha. */
typedef struct {
    int64_t offset;
    int32_t shift;
    int64_t half;
    float unit;
} wide_rounding;

typedef struct {
    __m256i offset;
    __m128i shift;
    __m256i half;
    __m256i unit;
} rounding;

/* From `fraction` bits to int16 less 128 with the plan's middle bits. */
static inline wide_rounding rounding_to_middle(const pixelshift_resample_plan *plan, int32_t fraction) {
    int32_t shift = fraction - plan->middle_bits;
    wide_rounding round = {((int64_t)1 << shift >> 1) - ((int64_t)128 << fraction), shift, 0, 0};
    return round;
}

/* From `fraction` bits less 128 to whole levels; without the half where a division rounds. */
static inline wide_rounding rounding_to_levels(int32_t fraction, int divide) {
    int64_t half = (int64_t)1 << fraction >> 1;
    wide_rounding round = {((int64_t)128 << fraction) + (divide ? 0 : half), fraction, half,
                           PIXELSHIFT_RESAMPLE_NUDGE / (float)(1 << fraction)};
    return round;
}

static inline rounding narrow_rounding(const wide_rounding *round) {
    rounding result = {_mm256_set1_epi32((int32_t)round->offset), _mm_cvtsi32_si128(round->shift),
                       _mm256_set1_epi32((int32_t)round->half), _mm256_castps_si256(_mm256_set1_ps(round->unit))};
    return result;
}

static inline __attribute__((always_inline)) void filter_columns(int16_t *turned, const int16_t *pairs,
                                                                 const pixelshift_resample_axis *axis, int32_t from,
                                                                 int32_t to, const rounding *round, int channels,
                                                                 int divide, int fixed) {
    int32_t first = axis->start[from] >> 1;
    for (int32_t x = from; x < to; x++) {
        int32_t start = axis->start[x] >> 1;
        int32_t count = fixed ? fixed : ((axis->start[x] + axis->count[x] + 1) >> 1) - start;
        const int16_t *pair = pairs + (ptrdiff_t)(start - first) * channels * 2 * STRIP;
        const int16_t *weight = axis->weight + (ptrdiff_t)x * axis->taps;
        __m256i sum[8];
#pragma GCC unroll 8
        for (int c = 0; c < 2 * channels; c++) {
            sum[c] = round->offset;
        }
#pragma GCC unroll 5
        for (int32_t i = 0; i < count; i++) {
            __m256i both = two_weights(weight + 2 * i);
#pragma GCC unroll 8
            for (int c = 0; c < 2 * channels; c++) {
                sum[c] = _mm256_add_epi32(sum[c], _mm256_madd_epi16(load(pair + c * STRIP), both));
            }
            pair += channels * 2 * STRIP;
        }
#pragma GCC unroll 2
        for (int half = 0; divide && half < 2; half++) {
            __m256i ratio = ratio_of(sum[2 * (channels - 1) + half], round->half);
#pragma GCC unroll 4
            for (int c = 0; c < channels; c++) {
                sum[2 * c + half] = scaled(sum[2 * c + half], c < channels - 1 ? ratio : round->unit);
            }
        }
#pragma GCC unroll 4
        for (int c = 0; c < channels; c++) {
            __m256i low = divide ? sum[2 * c] : _mm256_sra_epi32(sum[2 * c], round->shift);
            __m256i high = divide ? sum[2 * c + 1] : _mm256_sra_epi32(sum[2 * c + 1], round->shift);
            store(turned, _mm256_packs_epi32(low, high));
            turned += STRIP;
        }
    }
}

/* Each output as long as the longest, in place of a branch that is hard to foresee: the weights around are zero. */
static inline __attribute__((always_inline)) void filter_columns_of(int16_t *turned, const int16_t *pairs,
                                                                    const pixelshift_resample_axis *axis, int32_t from,
                                                                    int32_t to, const rounding *round, int channels,
                                                                    int divide) {
    switch (axis->pairs) {
    case 1:
        filter_columns(turned, pairs, axis, from, to, round, channels, divide, 1);
        break;
    case 2:
        filter_columns(turned, pairs, axis, from, to, round, channels, divide, 2);
        break;
    case 3:
        filter_columns(turned, pairs, axis, from, to, round, channels, divide, 3);
        break;
    case 4:
        filter_columns(turned, pairs, axis, from, to, round, channels, divide, 4);
        break;
    case UNROLLED:
        filter_columns(turned, pairs, axis, from, to, round, channels, divide, UNROLLED);
        break;
    default:
        filter_columns(turned, pairs, axis, from, to, round, channels, divide, 0);
    }
}

/* Eight sums of 32 bits are added to eight of 64. */
static inline void widen(__m256i *sum, __m256i part) {
    sum[0] = _mm256_add_epi64(sum[0], _mm256_cvtepi32_epi64(_mm256_castsi256_si128(part)));
    sum[1] = _mm256_add_epi64(sum[1], _mm256_cvtepi32_epi64(_mm256_extracti128_si256(part, 1)));
}

/* Sums of one channel and 16 rows, in order, over `count` pairs; 16 products of 4 fraction bits fit 32 bits. */
static inline void sum_wide(int64_t *sums, const int16_t *pair, ptrdiff_t step, const int16_t *weight, int32_t count) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum[4] = {zero, zero, zero, zero};
    for (int32_t i = 0; i < count; i += STRIP / 2) {
        int32_t end = i + STRIP / 2 < count ? i + STRIP / 2 : count;
        __m256i low = zero;
        __m256i high = zero;
        for (int32_t j = i; j < end; j++, pair += step) {
            __m256i both = two_weights(weight + 2 * j);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(load(pair), both));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(load(pair + STRIP), both));
        }
        widen(sum, low);
        widen(sum + 2, high);
    }
    /* Rows 0-3, 8-11, 4-7, 12-15: see turn_pairs. */
    store(sums, sum[0]);
    store(sums + 8, sum[1]);
    store(sums + 4, sum[2]);
    store(sums + 12, sum[3]);
}

/* filter_columns with 64-bit sums, of int16 samples of 4 fraction bits: filters of more than 128 taps. */
static inline void filter_columns_wide(int16_t *turned, const int16_t *pairs, const pixelshift_resample_axis *axis,
                                       int32_t from, int32_t to, const wide_rounding *round, int channels, int divide) {
    int32_t first = axis->start[from] >> 1;
    for (int32_t x = from; x < to; x++) {
        int32_t start = axis->start[x] >> 1;
        int32_t count = ((axis->start[x] + axis->count[x] + 1) >> 1) - start;
        const int16_t *pair = pairs + (ptrdiff_t)(start - first) * channels * 2 * STRIP;
        const int16_t *weight = axis->weight + (ptrdiff_t)x * axis->taps;
        int64_t sums[4][STRIP];
        for (int c = 0; c < channels; c++) {
            sum_wide(sums[c], pair + (ptrdiff_t)c * 2 * STRIP, (ptrdiff_t)channels * 2 * STRIP, weight, count);
        }
        for (int row = 0; row < STRIP; row++) {
            int64_t alpha = sums[channels - 1][row] + round->offset;
            float ratio = divide && alpha >= round->half ? 255 * PIXELSHIFT_RESAMPLE_NUDGE / (float)alpha : 0.0f;
            for (int c = 0; c < channels; c++) {
                int64_t sum = sums[c][row] + round->offset;
                float factor = c < channels - 1 ? ratio : round->unit;
                int64_t value = divide ? _mm_cvtss_si32(_mm_set_ss((float)sum * factor)) : sum >> round->shift;
                turned[c * STRIP + row] = (int16_t)(value < INT16_MIN   ? INT16_MIN
                                                    : value > INT16_MAX ? INT16_MAX
                                                                        : value);
            }
        }
        turned += (ptrdiff_t)channels * STRIP;
    }
}

/* The most results under way that resample_tall.c takes; beyond repeated edges any number may wait for one row. */
#define PIXELSHIFT_RESAMPLE_TALL_RESULTS 12
void pixelshift_resample_add_tall_avx2(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                       int32_t rows);

typedef struct {
    int32_t from; /* outputs [from, to) */
    int32_t to;
    int32_t first; /* source samples [first, last) that they read, of pixels from an even one on */
    int32_t last;
} tile;

/* How far a tile that starts at output `from` goes: whole eights, as many as the workshop holds. */
static inline int32_t tile_end(const workshop *shop, const pixelshift_resample_plan *plan, int32_t from) {
    const pixelshift_resample_axis *x = plan->x;
    int32_t to = from;
    while (to < x->out) {
        int32_t next = to + 8 < x->out ? to + 8 : x->out;
        int32_t pairs = ((x->start[next - 1] + x->count[next - 1] + 1) >> 1) - (x->start[from] >> 1);
        if (to > from && (pairs * 2 * plan->channels > shop->samples || (next - from) * plan->channels > TILE)) {
            break;
        }
        to = next;
    }
    return to;
}

#endif
