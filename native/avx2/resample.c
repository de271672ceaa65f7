/*
 * The resampling kernels with AVX2; native/scalar/resample.c specifies their results.
 *
 * A strip of 16 rows is turned on its side, so that one vector holds one column of samples and a filter of any length
 * over any number of channels is a run of multiply-adds without a shuffle. VPMADDWD takes two neighbouring samples at
 * a time, so samples are kept in pairs: pairs of columns for the horizontal direction; turning the strip back leaves
 * pairs of rows, 32 bits each, in the ring, ready for the vertical direction.
 */
#include "../scalar/resample.h"

#include "resample_turn.h"

size_t pixelshift_resample_scratch_bytes_avx2(const pixelshift_resample_plan *plan) {
    return workshop_bytes(plan);
}

/* Eight columns of 16 rows -> eight pairs of rows, 8 samples each. */
static inline void turn_back(int16_t *const *pair_rows, ptrdiff_t offset, const int16_t *turned) {
    __m256i a[8];
    __m256i b[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        a[i] = load(turned + i * STRIP);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        b[2 * i] = _mm256_unpacklo_epi32(a[2 * i], a[2 * i + 1]);
        b[2 * i + 1] = _mm256_unpackhi_epi32(a[2 * i], a[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        a[4 * i] = _mm256_unpacklo_epi64(b[4 * i], b[4 * i + 2]);
        a[4 * i + 1] = _mm256_unpackhi_epi64(b[4 * i], b[4 * i + 2]);
        a[4 * i + 2] = _mm256_unpacklo_epi64(b[4 * i + 1], b[4 * i + 3]);
        a[4 * i + 3] = _mm256_unpackhi_epi64(b[4 * i + 1], b[4 * i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        store(pair_rows[i] + offset, _mm256_permute2x128_si256(a[i], a[i + 4], 0x20));
        store(pair_rows[i + 4] + offset, _mm256_permute2x128_si256(a[i], a[i + 4], 0x31));
    }
}

static int16_t *pair_row(const pixelshift_resample_stream *stream, int32_t row) {
    ptrdiff_t slot = (row >> 1) & ((stream->slots >> 1) - 1);
    return stream->rows + slot * 2 * stream->stride;
}

static inline __attribute__((always_inline)) void run_tile(const workshop *shop, const pixelshift_resample_plan *plan,
                                                           const strip *of, const tile *part, int channels, int alpha) {
    turn_strip(shop->pairs, of, part->first, part->last, plan->x->in * channels, channels, alpha, plan->source_bits);
    wide_rounding wide = rounding_to_middle(plan, plan->x->bits + plan->source_bits);
    if (alpha && plan->x->wide) {
        filter_columns_wide(shop->turned, shop->pairs, plan->x, part->from, part->to, &wide, channels, 0);
    } else {
        rounding round = narrow_rounding(&wide);
        filter_columns_of(shop->turned, shop->pairs, plan->x, part->from, part->to, &round, channels, 0);
    }
}

static void run_tile_of(const workshop *shop, const pixelshift_resample_plan *plan, const strip *of, const tile *part) {
    switch (plan->channels + (plan->premultiply ? 4 : 0)) {
    case 1:
        run_tile(shop, plan, of, part, 1, 0);
        break;
    case 2:
        run_tile(shop, plan, of, part, 2, 0);
        break;
    case 3:
        run_tile(shop, plan, of, part, 3, 0);
        break;
    case 4:
        run_tile(shop, plan, of, part, 4, 0);
        break;
    case 6:
        run_tile(shop, plan, of, part, 2, 1);
        break;
    default:
        run_tile(shop, plan, of, part, 4, 1);
    }
}

void pixelshift_resample_push_avx2(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                   int32_t rows) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *x = plan->x;
    int32_t channels = plan->channels;
    workshop shop = lay_out(plan, stream->scratch);
    strip of = {.ahead = next_strip(src, src_stride, 0)};
    int16_t *pair_rows[STRIP / 2];
    for (int i = 0; i < STRIP; i++) {
        of.row[i] = src + (i < rows ? i : rows - 1) * src_stride;
    }
    for (int i = 0; i < STRIP / 2; i++) {
        pair_rows[i] = pair_row(stream, stream->pushed + 2 * i);
    }
    for (int32_t from = 0, to; from < x->out; from = to) {
        to = tile_end(&shop, plan, from);
        int32_t end = (x->start[to - 1] + x->count[to - 1] + 1) & ~1;
        tile part = {from, to, (x->start[from] & ~1) * channels, (end < x->in ? end : x->in) * channels};
        run_tile_of(&shop, plan, &of, &part);
        for (int32_t sample = 0; sample < (to - from) * channels; sample += 8) {
            turn_back(pair_rows, 2 * ((ptrdiff_t)from * channels + sample), shop.turned + (ptrdiff_t)sample * STRIP);
        }
    }
}

/* The pairs of rows that one output reads: at most two runs, since the ring wraps. */
typedef struct {
    const int16_t *from[2];
    int32_t count[2];
    ptrdiff_t stride;
} runs;

/* Adds 32 samples (4 vectors) of each pair of rows, 32 bits a pair. */
static inline __attribute__((always_inline)) void sum_rows(__m256i *sum, const runs *rows, const int16_t *weight,
                                                           ptrdiff_t offset) {
    for (int run = 0; run < 2; run++) {
        const int16_t *row = rows->from[run] + offset;
        for (int32_t i = 0; i < rows->count[run]; i++) {
            __m256i both = two_weights(weight);
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                sum[j] = _mm256_add_epi32(sum[j], _mm256_madd_epi16(load(row + 16 * j), both));
            }
            row += rows->stride;
            weight += 2;
        }
    }
}

/* Four vectors of 8 int32 -> 32 bytes in order. */
static inline __m256i narrow(const __m256i *value) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i low = _mm256_packs_epi32(value[0], value[1]);
    __m256i high = _mm256_packs_epi32(value[2], value[3]);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
}

static inline __m256i shuffle_two(__m256i a, __m256i b, const int lanes) {
    __m256 low = _mm256_castsi256_ps(a);
    __m256 high = _mm256_castsi256_ps(b);
    return _mm256_castps_si256(lanes == 0x88   ? _mm256_shuffle_ps(low, high, 0x88)
                               : lanes == 0xdd ? _mm256_shuffle_ps(low, high, 0xdd)
                                               : _mm256_shuffle_ps(low, high, 0xff));
}

/*
 * Divides the colours of four vectors by their alphas, the last of 2 or 4 channels, with one division for all the
 * alphas of four channels; alpha itself is scaled by `unit`. The operations are those of the scalar divide().
 */
static inline __attribute__((always_inline)) void divide(__m256i *sum, int channels, __m256i half, __m256i unit) {
    if (channels == 4) {
        __m256i alphas = shuffle_two(shuffle_two(sum[0], sum[1], 0xff), shuffle_two(sum[2], sum[3], 0xff), 0x88);
        __m256i ratio = ratio_of(alphas, half);
        sum[0] = scaled(sum[0], _mm256_blend_epi32(_mm256_shuffle_epi32(ratio, 0x00), unit, 0x88));
        sum[1] = scaled(sum[1], _mm256_blend_epi32(_mm256_shuffle_epi32(ratio, 0x55), unit, 0x88));
        sum[2] = scaled(sum[2], _mm256_blend_epi32(_mm256_shuffle_epi32(ratio, 0xaa), unit, 0x88));
        sum[3] = scaled(sum[3], _mm256_blend_epi32(_mm256_shuffle_epi32(ratio, 0xff), unit, 0x88));
        return;
    }
#pragma GCC unroll 2
    for (int i = 0; i < 4; i += 2) {
        __m256i ratio = ratio_of(shuffle_two(sum[i], sum[i + 1], 0xdd), half);
        sum[i] = scaled(sum[i], _mm256_blend_epi32(_mm256_shuffle_epi32(ratio, 0x50), unit, 0xaa));
        sum[i + 1] = scaled(sum[i + 1], _mm256_blend_epi32(_mm256_shuffle_epi32(ratio, 0xfa), unit, 0xaa));
    }
}

/* channels: 0 where there is nothing to divide by. fixed: the number of pairs, or 0 for any. */
static inline __attribute__((always_inline)) void filter_rows(uint8_t *dst, const runs *rows, const int16_t *weight,
                                                              int32_t samples, int32_t bits, int channels, int fixed) {
    wide_rounding wide = rounding_to_levels(bits, channels > 0);
    rounding round = narrow_rounding(&wide);
    const int16_t *row[UNROLLED];
    __m256i both[UNROLLED];
#pragma GCC unroll 5
    for (int i = 0; i < fixed; i++) {
        int wrapped = i >= rows->count[0];
        row[i] = rows->from[wrapped] + (i - wrapped * rows->count[0]) * rows->stride;
        both[i] = two_weights(weight + 2 * i);
    }
    for (int32_t x = 0; x < samples; x += 32) {
        __m256i sum[4] = {round.offset, round.offset, round.offset, round.offset};
        if (!fixed) {
            sum_rows(sum, rows, weight, 2 * (ptrdiff_t)x);
        }
#pragma GCC unroll 5
        for (int i = 0; i < fixed; i++) {
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                sum[j] = _mm256_add_epi32(sum[j], _mm256_madd_epi16(load(row[i] + 2 * x + 16 * j), both[i]));
            }
        }
        if (channels) {
            divide(sum, channels, round.half, round.unit);
        } else {
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                sum[j] = _mm256_sra_epi32(sum[j], round.shift);
            }
        }
        __m256i bytes = narrow(sum);
        if (x + 32 <= samples) {
            store(dst + x, bytes);
        } else {
            uint8_t whole[32];
            store(whole, bytes);
            memcpy(dst + x, whole, (size_t)(samples - x));
        }
    }
}

static inline __attribute__((always_inline)) void filter_rows_of(uint8_t *dst, const runs *rows, const int16_t *weight,
                                                                 int32_t samples, int32_t bits, int channels) {
    switch (rows->count[0] + rows->count[1]) {
    case 1:
        filter_rows(dst, rows, weight, samples, bits, channels, 1);
        break;
    case 2:
        filter_rows(dst, rows, weight, samples, bits, channels, 2);
        break;
    case 3:
        filter_rows(dst, rows, weight, samples, bits, channels, 3);
        break;
    case 4:
        filter_rows(dst, rows, weight, samples, bits, channels, 4);
        break;
    case UNROLLED:
        filter_rows(dst, rows, weight, samples, bits, channels, UNROLLED);
        break;
    default:
        filter_rows(dst, rows, weight, samples, bits, channels, 0);
    }
}

void pixelshift_resample_take_avx2(const pixelshift_resample_stream *stream, uint8_t *dst) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *y = plan->y;
    int32_t slots = stream->slots >> 1;
    int32_t first = y->start[stream->next] >> 1;
    int32_t count = ((y->start[stream->next] + y->count[stream->next] + 1) >> 1) - first;
    int32_t slot = first & (slots - 1);
    int32_t before_wrap = count < slots - slot ? count : slots - slot;
    runs rows = {
        {stream->rows + (ptrdiff_t)slot * 2 * stream->stride, stream->rows},
        {before_wrap, count - before_wrap},
        2 * (ptrdiff_t)stream->stride,
    };
    const int16_t *weight = y->weight + (ptrdiff_t)stream->next * y->taps;
    int32_t bits = y->bits + plan->middle_bits;
    int32_t samples = plan->x->out * plan->channels;
    if (!plan->premultiply) {
        filter_rows_of(dst, &rows, weight, samples, bits, 0);
    } else if (plan->channels == 2) {
        filter_rows_of(dst, &rows, weight, samples, bits, 2);
    } else {
        filter_rows_of(dst, &rows, weight, samples, bits, 4);
    }
}
