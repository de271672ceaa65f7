/*
 * Vertical direction first, with AVX2; native/scalar/resample.c specifies the results.
 *
 * A strip of rows is widened to pairs of rows once, a piece of its width at a time; each result that the strip touches
 * adds its weighted pairs to its row of sums while the piece is in the first-level cache.
 */
#include "../scalar/resample.h"
#include "resample_turn.h"

/* Samples of a strip that are widened at a time: 16 KiB of pairs. */
#define PIECE 512
#define PAIRS (STRIP / 2)
/* Where colour is weighted by alpha over more than 128 rows, sums take 64 bits. */
#define LONG_SUMS(plan) ((plan)->premultiply && (plan)->y->wide)
/* From this many rows per result on, runs of pairs with the same results are long enough for resample_tall.c. */
#define TALL_RATIO 5

size_t pixelshift_resample_sum_bytes_avx2(const pixelshift_resample_plan *plan) {
    return LONG_SUMS(plan) ? sizeof(int64_t) : sizeof(int32_t);
}

/*
 * 32 samples of two rows -> 64 int16 in pairs. Each vector takes four samples from the first 16 and four from the
 * last, so that packing two of them to int16 twice gives 32 samples in order but for their halves.
 */
static inline __attribute__((always_inline)) void widen_rows(int16_t *pairs, const uint8_t *even, const uint8_t *odd,
                                                             int alpha_of, premultiplier by) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i low = _mm256_unpacklo_epi8(load(even), load(odd));
    __m256i high = _mm256_unpackhi_epi8(load(even), load(odd));
    __m256i part[4] = {_mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
                       _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        store(pairs + 16 * i, alpha_of ? weighted(part[i], alpha_of, by) : part[i]);
    }
}

typedef struct {
    const uint8_t *row[STRIP];
    const uint8_t *ahead; /* what to prefetch meanwhile */
    int32_t from;         /* the piece: samples [from, to) of the rows, */
    int32_t to;           /* widened in whole vectors of 32 */
    int32_t width;        /* samples of a row, beyond which nothing may be read */
} piece;

static inline __attribute__((always_inline)) void widen_piece(int16_t *pairs, const piece *of, int alpha_of,
                                                              premultiplier by) {
    ptrdiff_t samples = of->to - of->from;
    ptrdiff_t readable = of->width - of->from;
    ptrdiff_t whole = (samples + 31 < readable ? samples + 31 : readable) & ~(ptrdiff_t)31;
    const uint8_t *ahead = of->ahead;
    for (int pair = 0; pair < PAIRS; pair++, pairs += 2 * PIECE, ahead += 2 * whole) {
        const uint8_t *even = of->row[2 * pair] + of->from;
        const uint8_t *odd = of->row[2 * pair + 1] + of->from;
        for (ptrdiff_t i = 0; i < whole; i += 32) {
            PREFETCH(ahead + 2 * i);
            widen_rows(pairs + 2 * i, even + i, odd + i, alpha_of, by);
        }
        if (whole < samples) {
            uint8_t rest[2][32] = {{0}};
            memcpy(rest[0], even + whole, (size_t)(readable - whole));
            memcpy(rest[1], odd + whole, (size_t)(readable - whole));
            widen_rows(pairs + 2 * whole, rest[0], rest[1], alpha_of, by);
        }
    }
}

/* What one result does with the strip: its pairs [from, to) of it, weighted. */
typedef struct {
    const int16_t *weight;
    int32_t from;
    int32_t to;
    int begins;
    int16_t *finished; /* NULL: not yet */
    void *sums;
} share;

static inline __attribute__((always_inline)) void weigh(__m256i *sum, const int16_t *pairs, const share *of) {
    const int16_t *pair = pairs + (ptrdiff_t)of->from * 2 * PIECE;
    const int16_t *weight = of->weight;
    for (int32_t i = of->from; i < of->to; i++, pair += 2 * PIECE, weight += 2) {
        __m256i both = two_weights(weight);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            sum[j] = _mm256_add_epi32(sum[j], _mm256_madd_epi16(load(pair + 16 * j), both));
        }
    }
}

static inline void store_finished(int16_t *finished, const __m256i *value) {
    __m256i low = _mm256_packs_epi32(value[0], value[1]);
    __m256i high = _mm256_packs_epi32(value[2], value[3]);
    store(finished, _mm256_permute2x128_si256(low, high, 0x20));
    store(finished + 16, _mm256_permute2x128_si256(low, high, 0x31));
}

/*
 * Adds `count` pairs to the sums of a piece. The flags are constants: each combination is compiled by itself, with the
 * weights in registers, since a compiler that sees a choice inside the loop runs out of them.
 */
static inline __attribute__((always_inline)) void add_pairs(const int16_t *pairs, const share *of, int32_t from,
                                                            int32_t to, const rounding *round, const int count,
                                                            const int begins, const int ends) {
    int32_t *sums = (int32_t *)of->sums + from;
    int16_t *finished = of->finished + from;
    __m256i both[PAIRS];
#pragma GCC unroll 8
    for (int i = 0; i < count; i++) {
        both[i] = two_weights(of->weight + 2 * i);
    }
    pairs += (ptrdiff_t)of->from * 2 * PIECE;
    for (int32_t sample = from; sample < to; sample += 32, pairs += 64, sums += 32, finished += 32) {
        __m256i sum[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            sum[j] = begins ? round->offset : load(sums + 8 * j);
        }
#pragma GCC unroll 8
        for (int i = 0; i < count; i++) {
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                __m256i pair = load(pairs + (ptrdiff_t)i * 2 * PIECE + 16 * j);
                sum[j] = _mm256_add_epi32(sum[j], _mm256_madd_epi16(pair, both[i]));
            }
        }
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            if (ends) {
                sum[j] = _mm256_sra_epi32(sum[j], round->shift);
            } else {
                store(sums + 8 * j, sum[j]);
            }
        }
        if (ends) {
            store_finished(finished, sum);
        }
    }
}

static inline __attribute__((always_inline)) void add_pairs_of(const int16_t *pairs, const share *of, int32_t from,
                                                               int32_t to, const rounding *round, const int count) {
    switch ((of->begins ? 1 : 0) + (of->finished != NULL ? 2 : 0)) {
    case 0:
        add_pairs(pairs, of, from, to, round, count, 0, 0);
        break;
    case 1:
        add_pairs(pairs, of, from, to, round, count, 1, 0);
        break;
    case 2:
        add_pairs(pairs, of, from, to, round, count, 0, 1);
        break;
    default:
        add_pairs(pairs, of, from, to, round, count, 1, 1);
    }
}

static void add_piece(const int16_t *pairs, const share *of, int32_t from, int32_t to, const rounding *round) {
    switch (of->to - of->from) {
    case 1:
        add_pairs_of(pairs, of, from, to, round, 1);
        break;
    case 2:
        add_pairs_of(pairs, of, from, to, round, 2);
        break;
    case 3:
        add_pairs_of(pairs, of, from, to, round, 3);
        break;
    case 4:
        add_pairs_of(pairs, of, from, to, round, 4);
        break;
    case 5:
        add_pairs_of(pairs, of, from, to, round, 5);
        break;
    case 6:
        add_pairs_of(pairs, of, from, to, round, 6);
        break;
    case 7:
        add_pairs_of(pairs, of, from, to, round, 7);
        break;
    default:
        add_pairs_of(pairs, of, from, to, round, PAIRS);
    }
}

/* The same with 64-bit sums; those of one strip fit 32 bits. Sums keep the vectors' order of samples. */
static void add_piece_wide(const int16_t *pairs, const share *of, int32_t from, int32_t to,
                           const wide_rounding *round) {
    int64_t *sums = (int64_t *)of->sums + from;
    const __m256i offset = _mm256_set1_epi64x(round->offset);
    for (int32_t sample = from; sample < to; sample += 32, pairs += 64, sums += 32) {
        __m256i part[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                           _mm256_setzero_si256()};
        weigh(part, pairs, of);
        for (int j = 0; j < 4; j++) {
            __m256i sum[2] = {of->begins ? offset : load(sums + 8 * j), of->begins ? offset : load(sums + 8 * j + 4)};
            widen(sum, part[j]);
            store(sums + 8 * j, sum[0]);
            store(sums + 8 * j + 4, sum[1]);
        }
        if (of->finished != NULL) {
            __m256i value[4];
            for (int i = 0; i < 32; i++) {
                int64_t whole = sums[i] >> round->shift;
                ((int32_t *)value)[i] = (int32_t)(whole < INT16_MIN   ? INT16_MIN
                                                  : whole > INT16_MAX ? INT16_MAX
                                                                      : whole);
            }
            store_finished(of->finished + sample, value);
        }
    }
}

/* The next result that the strip of `rows` rows touches. */
static share share_of(const pixelshift_resample_stream *stream, int32_t output, int32_t rows) {
    const pixelshift_resample_axis *y = stream->plan.y;
    int32_t begin = ((y->start[output] & ~1) - stream->pushed) / 2; /* both even */
    int32_t end = (y->start[output] + y->count[output] + 1 - stream->pushed) >> 1;
    share of = {.from = begin > 0 ? begin : 0, .to = end < PAIRS ? end : PAIRS, .begins = begin >= 0};
    of.weight = y->weight + (ptrdiff_t)output * y->taps + 2 * (of.from - begin);
    size_t bytes = pixelshift_resample_sum_bytes_avx2(&stream->plan);
    of.sums = (uint8_t *)stream->sums + (size_t)(output % stream->slots) * (size_t)stream->sum_stride * bytes;
    if (y->start[output] + y->count[output] <= stream->pushed + rows) {
        of.finished = stream->rows + (ptrdiff_t)(stream->held + output - stream->summed) * stream->stride;
    }
    return of;
}

static void widen_of(int16_t *pairs, const piece *of, const pixelshift_resample_plan *plan) {
    premultiplier by = premultiplier_of(plan->source_bits);
    if (!plan->premultiply) {
        widen_piece(pairs, of, 0, by);
    } else if (plan->channels == 2) {
        widen_piece(pairs, of, 2, by);
    } else {
        widen_piece(pairs, of, 4, by);
    }
}

void pixelshift_resample_add_avx2(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                  int32_t rows) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *y = plan->y;
    if (!LONG_SUMS(plan) && y->last - y->first >= TALL_RATIO * y->out &&
        stream->slots <= PIXELSHIFT_RESAMPLE_TALL_RESULTS) {
        pixelshift_resample_add_tall_avx2(stream, src, src_stride, rows);
        return;
    }
    int16_t *pairs = stream->scratch;
    wide_rounding wide = rounding_to_middle(plan, y->bits + plan->source_bits);
    rounding round = narrow_rounding(&wide);
    int32_t touched = stream->summed;
    while (touched < y->out && y->start[touched] < stream->pushed + rows) {
        touched++;
    }
    /* Pieces begin at whole vectors of the row, so that sums, finished rows and pairs share one index. */
    piece part = {.from = plan->x->first * plan->channels & ~31, .width = plan->x->in * plan->channels};
    int32_t last = plan->x->last * plan->channels;
    for (int i = 0; i < STRIP; i++) {
        part.row[i] = src + (i < rows ? i : rows - 1) * src_stride;
    }
    for (; part.from < last; part.from = part.to) {
        part.to = part.from + PIECE < last ? part.from + PIECE : last;
        part.ahead = next_strip(src, src_stride, part.from);
        widen_of(pairs, &part, plan);
        for (int32_t output = stream->summed; output < touched; output++) {
            share of = share_of(stream, output, rows);
            if (LONG_SUMS(plan)) {
                add_piece_wide(pairs, &of, part.from, part.to, &wide);
            } else {
                add_piece(pairs, &of, part.from, part.to, &round);
            }
        }
    }
    for (; stream->summed < touched; stream->summed++, stream->held++) {
        if (y->start[stream->summed] + y->count[stream->summed] > stream->pushed + rows) {
            break;
        }
    }
}

/* The int16 samples of two neighbouring pixels side by side, channel by channel. */
static inline __m256i pairing(int channels) {
    __m128i one;
    switch (channels) {
    case 2:
        one = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
        break;
    case 3:
        one = _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
        break;
    default:
        one = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    }
    return _mm256_broadcastsi128_si256(one);
}

/* 4x4 of 32 bits in each half. */
static inline void turn_four(__m256i *a) {
    __m256i b0 = _mm256_unpacklo_epi32(a[0], a[1]);
    __m256i b1 = _mm256_unpackhi_epi32(a[0], a[1]);
    __m256i b2 = _mm256_unpacklo_epi32(a[2], a[3]);
    __m256i b3 = _mm256_unpackhi_epi32(a[2], a[3]);
    a[0] = _mm256_unpacklo_epi64(b0, b2);
    a[1] = _mm256_unpackhi_epi64(b0, b2);
    a[2] = _mm256_unpacklo_epi64(b1, b3);
    a[3] = _mm256_unpackhi_epi64(b1, b3);
}

/* Pairs of columns [from, to) of the finished rows, laid out as turn_pairs of the other order does. */
static inline __attribute__((always_inline)) void turn_rows(int16_t *pairs, const pixelshift_resample_stream *stream,
                                                            int32_t from, int32_t to, int channels) {
    const int columns = channels == 3 ? 3 : 4;
    const __m256i order = pairing(channels);
    ptrdiff_t stride = stream->stride;
    for (int32_t sample = from; sample < to; sample += 2 * columns) {
        const int16_t *row = stream->rows + sample;
        __m256i a[8];
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            __m128i low = _mm_loadu_si128((const __m128i *)(row + i * stride));
            __m128i high = _mm_loadu_si128((const __m128i *)(row + (i + 8) * stride));
            a[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
            a[i] = channels > 1 ? _mm256_shuffle_epi8(a[i], order) : a[i];
        }
        turn_four(a);
        turn_four(a + 4);
#pragma GCC unroll 4
        for (int i = 0; i < columns; i++, pairs += 2 * STRIP) {
            store(pairs, a[i]);
            store(pairs + STRIP, a[i + 4]);
        }
    }
}

static inline __attribute__((always_inline)) void finish_tile(const pixelshift_resample_stream *stream,
                                                              const workshop *shop, const tile *part, int channels,
                                                              int divide) {
    const pixelshift_resample_plan *plan = &stream->plan;
    wide_rounding wide = rounding_to_levels(plan->x->bits + plan->middle_bits, divide);
    turn_rows(shop->pairs, stream, part->first, part->last, channels);
    if (plan->x->wide) {
        filter_columns_wide(shop->turned, shop->pairs, plan->x, part->from, part->to, &wide, channels, divide);
    } else {
        rounding round = narrow_rounding(&wide);
        filter_columns_of(shop->turned, shop->pairs, plan->x, part->from, part->to, &round, channels, divide);
    }
    for (int32_t sample = 0; sample < (part->to - part->from) * channels; sample += STRIP) {
        turn_back_bytes(stream->ready + (ptrdiff_t)part->from * channels + sample, stream->ready_stride,
                        shop->turned + (ptrdiff_t)sample * STRIP);
    }
}

static void finish_tile_of(const pixelshift_resample_stream *stream, const workshop *shop, const tile *part) {
    switch (stream->plan.channels + (stream->plan.premultiply ? 4 : 0)) {
    case 1:
        finish_tile(stream, shop, part, 1, 0);
        break;
    case 2:
        finish_tile(stream, shop, part, 2, 0);
        break;
    case 3:
        finish_tile(stream, shop, part, 3, 0);
        break;
    case 4:
        finish_tile(stream, shop, part, 4, 0);
        break;
    case 6:
        finish_tile(stream, shop, part, 2, 1);
        break;
    default:
        finish_tile(stream, shop, part, 4, 1);
    }
}

void pixelshift_resample_finish_avx2(const pixelshift_resample_stream *stream, int32_t count) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *x = plan->x;
    workshop shop = lay_out(plan, stream->scratch);
    (void)count; /* rows beyond it are filtered too, from whatever they hold, and not read */
    for (int32_t from = 0, to; from < x->out; from = to) {
        to = tile_end(&shop, plan, from);
        int32_t end = (x->start[to - 1] + x->count[to - 1] + 1) & ~1;
        tile part = {from, to, (x->start[from] & ~1) * plan->channels, end * plan->channels};
        finish_tile_of(stream, &shop, &part);
    }
}
