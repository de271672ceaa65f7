/*
 * The horizontal direction with NEON; native/scalar/resample.c specifies the results.
 *
 * Eight rows are turned on their side, so that one vector holds one column of samples: a filter of any length over any
 * number of channels is a run of multiply-adds without a shuffle.
 */
#include "../scalar/resample.h"
#include "resample_parts.h"
#include "turn.h"

#define ROWS 8
/* Outputs that are filtered between turning and turning back, a multiple of eight. */
#define TILE 64

typedef struct {
    int32_t from; /* outputs [from, to) */
    int32_t to;
    int32_t first; /* source samples [first, last) that they read */
    int32_t last;
} tile;

static tile tile_at(const pixelshift_resample_plan *plan, int32_t from) {
    const pixelshift_resample_axis *x = plan->x;
    int32_t to = from + TILE < x->out ? from + TILE : x->out;
    tile part = {from, to, x->start[from] * plan->channels, (x->start[to - 1] + x->count[to - 1]) * plan->channels};
    return part;
}

size_t pixelshift_resample_scratch_bytes_across_neon(const pixelshift_resample_plan *plan) {
    int32_t widest = 0;
    for (int32_t from = 0; from < plan->x->out; from += TILE) {
        tile part = tile_at(plan, from);
        widest = part.last - part.first > widest ? part.last - part.first : widest;
    }
    return ((size_t)(widest + ROWS) + (size_t)TILE * (size_t)plan->channels) * ROWS * sizeof(int16_t);
}

static inline void store_columns(int16_t *columns, int16x8_t *a) {
    turn_square(a);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
        vst1q_s16(columns + i * ROWS, a[i]);
    }
}

/* Samples [from, to) of eight rows of `width` samples, as columns; whole eights are written. */
static void turn_bytes(int16_t *columns, const uint8_t *const *rows, int32_t from, int32_t to, int32_t width) {
    int16x8_t a[ROWS];
    for (; from < to && from + 8 <= width; from += 8, columns += 8 * ROWS) {
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            a[i] = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(rows[i] + from)));
        }
        store_columns(columns, a);
    }
    if (from < to) {
        for (int i = 0; i < ROWS; i++) {
            uint8_t rest[8] = {0};
            memcpy(rest, rows[i] + from, (size_t)(width - from));
            a[i] = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(rest)));
        }
        store_columns(columns, a);
    }
}

/* The same of rows of int16, which may be read beyond their end. */
static void turn_words(int16_t *columns, const int16_t *rows, ptrdiff_t stride, int32_t from, int32_t to) {
    for (; from < to; from += 8, columns += 8 * ROWS) {
        int16x8_t a[ROWS];
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            a[i] = vld1q_s16(rows + i * stride + from);
        }
        store_columns(columns, a);
    }
}

static void premultiply_columns(int16_t *columns, int32_t pixels, int channels, premultiplier by) {
    for (int32_t i = 0; i < pixels; i++, columns += channels * ROWS) {
        int16_t *alphas = columns + (channels - 1) * ROWS;
        int16x8_t alpha = vld1q_s16(alphas);
        for (int c = 0; c < channels - 1; c++) {
            vst1q_s16(columns + c * ROWS, premultiplied(vld1q_s16(columns + c * ROWS), alpha, by));
        }
        vst1q_s16(alphas, vshlq_s16(alpha, by.bits));
    }
}

/* Columns of source samples -> columns of results. */
static inline __attribute__((always_inline)) void filter_columns(int16_t *results, const int16_t *columns,
                                                                 const pixelshift_resample_axis *axis, const tile *part,
                                                                 const rounding *round, const int channels,
                                                                 const int divide) {
    for (int32_t x = part->from; x < part->to; x++) {
        const int16_t *column = columns + ((ptrdiff_t)axis->start[x] * channels - part->first) * ROWS;
        const int16_t *weight = axis->weight + (ptrdiff_t)x * axis->taps + (axis->start[x] & 1);
        int32x4_t sum[8];
#pragma GCC unroll 8
        for (int i = 0; i < 2 * channels; i++) {
            sum[i] = round->offset;
        }
        for (const int16_t *end = weight + axis->count[x]; weight < end; weight++, column += channels * ROWS) {
            int16x4_t by = vld1_dup_s16(weight);
#pragma GCC unroll 4
            for (int c = 0; c < channels; c++) {
                add_weighted(sum + 2 * c, vld1q_s16(column + c * ROWS), by);
            }
        }
        if (divide) {
            float32x4_t ratio[2] = {ratio_of(sum[2 * channels - 2], round), ratio_of(sum[2 * channels - 1], round)};
#pragma GCC unroll 8
            for (int i = 0; i < 2 * channels; i++) {
                sum[i] = scaled(sum[i], i < 2 * channels - 2 ? ratio[i & 1] : round->unit);
            }
        } else {
#pragma GCC unroll 8
            for (int i = 0; i < 2 * channels; i++) {
                sum[i] = vshlq_s32(sum[i], round->shift);
            }
        }
#pragma GCC unroll 4
        for (int c = 0; c < channels; c++, results += ROWS) {
            vst1q_s16(results, narrowed(sum[2 * c], sum[2 * c + 1]));
        }
    }
}

static void filter_columns_of(int16_t *results, const int16_t *columns, const pixelshift_resample_plan *plan,
                              const tile *part, const rounding *round, int divide) {
    switch (plan->channels + (divide ? 4 : 0)) {
    case 1:
        filter_columns(results, columns, plan->x, part, round, 1, 0);
        break;
    case 2:
        filter_columns(results, columns, plan->x, part, round, 2, 0);
        break;
    case 3:
        filter_columns(results, columns, plan->x, part, round, 3, 0);
        break;
    case 4:
        filter_columns(results, columns, plan->x, part, round, 4, 0);
        break;
    case 6:
        filter_columns(results, columns, plan->x, part, round, 2, 1);
        break;
    default:
        filter_columns(results, columns, plan->x, part, round, 4, 1);
    }
}

static inline void load_results(int16x8_t *a, const int16_t *results) {
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
        a[i] = vld1q_s16(results + i * ROWS);
    }
    turn_square(a);
}

/* Filters eight source rows into eight of the ring, the first of which is row `first` of the source. */
static void push_eight(pixelshift_resample_stream *stream, const uint8_t *const *rows, int32_t first) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const int32_t channels = plan->channels;
    const rounding round = rounding_to_middle(plan, plan->x->bits + plan->source_bits);
    int16_t *results = stream->scratch;
    int16_t *columns = results + TILE * channels * ROWS;
    for (int32_t from = 0; from < plan->x->out; from += TILE) {
        tile part = tile_at(plan, from);
        turn_bytes(columns, rows, part.first, part.last, plan->x->in * channels);
        if (plan->premultiply) {
            premultiply_columns(columns, (part.last - part.first) / channels, channels,
                                premultiplier_of(plan->source_bits));
        }
        filter_columns_of(results, columns, plan, &part, &round, 0);
        for (int32_t sample = 0; sample < (part.to - from) * channels; sample += 8) {
            int16x8_t a[ROWS];
            load_results(a, results + sample * ROWS);
#pragma GCC unroll 8
            for (int i = 0; i < ROWS; i++) {
                ptrdiff_t slot = (first + i) & (stream->slots - 1);
                vst1q_s16(stream->rows + slot * stream->stride + (ptrdiff_t)from * channels + sample, a[i]);
            }
        }
    }
}

void pixelshift_resample_push_neon(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                   int32_t rows) {
    if (LONG_SUMS(&stream->plan, stream->plan.x)) {
        pixelshift_resample_push_scalar(stream, src, src_stride, rows);
        return;
    }
    for (int32_t done = 0; done < rows; done += ROWS) {
        const uint8_t *eight[ROWS];
        for (int i = 0; i < ROWS; i++) {
            eight[i] = src + (done + i < rows ? done + i : rows - 1) * src_stride;
        }
        push_eight(stream, eight, stream->pushed + done);
    }
}

void pixelshift_resample_finish_neon(const pixelshift_resample_stream *stream, int32_t count) {
    const pixelshift_resample_plan *plan = &stream->plan;
    if (plan->x->wide) {
        pixelshift_resample_finish_scalar(stream, count);
        return;
    }
    const int32_t channels = plan->channels;
    const rounding round = rounding_to_levels(plan->x->bits + plan->middle_bits, plan->premultiply);
    int16_t *results = stream->scratch;
    int16_t *columns = results + TILE * channels * ROWS;
    for (int32_t row = 0; row < count; row += ROWS) {
        for (int32_t from = 0; from < plan->x->out; from += TILE) {
            tile part = tile_at(plan, from);
            turn_words(columns, stream->rows + (ptrdiff_t)row * stream->stride, stream->stride, part.first, part.last);
            filter_columns_of(results, columns, plan, &part, &round, plan->premultiply);
            for (int32_t sample = 0; sample < (part.to - from) * channels; sample += 8) {
                int16x8_t a[ROWS];
                load_results(a, results + sample * ROWS);
                uint8_t *ready = stream->ready + (ptrdiff_t)row * stream->ready_stride + from * channels + sample;
#pragma GCC unroll 8
                for (int i = 0; i < ROWS; i++) {
                    vst1_u8(ready + i * (ptrdiff_t)stream->ready_stride, vqmovun_s16(a[i]));
                }
            }
        }
    }
}
