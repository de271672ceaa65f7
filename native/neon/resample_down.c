/* The vertical direction with NEON: sums along columns, in the order of memory; see native/scalar/resample.c. */
#include "../scalar/resample.h"
#include "resample_parts.h"

/* Samples of a strip that are widened at a time: 16 KiB. */
#define PIECE 512
#define BLOCK 32

size_t pixelshift_resample_scratch_bytes_neon(const pixelshift_resample_plan *plan) {
    size_t bytes = pixelshift_resample_scratch_bytes_across_neon(plan);
    size_t widened = (size_t)STRIP * PIECE * sizeof(int16_t);
    size_t scalar = pixelshift_resample_scratch_bytes_scalar(plan);
    bytes = bytes > widened ? bytes : widened;
    return bytes > scalar ? bytes : scalar;
}

size_t pixelshift_resample_sum_bytes_neon(const pixelshift_resample_plan *plan) {
    return LONG_SUMS(plan, plan->y) ? pixelshift_resample_sum_bytes_scalar(plan) : sizeof(int32_t);
}

/* BLOCK samples as int16, colours weighted by alpha where the last of 2 or 4 channels is alpha. */
static inline __attribute__((always_inline)) void widen_block(int16_t *to, const uint8_t *src, const int alpha_of,
                                                              premultiplier by) {
    if (alpha_of == 4) {
        uint8x8x4_t pixel = vld4_u8(src);
        int16x8x4_t wide;
        int16x8_t alpha = vreinterpretq_s16_u16(vmovl_u8(pixel.val[3]));
        for (int c = 0; c < 3; c++) {
            wide.val[c] = premultiplied(vreinterpretq_s16_u16(vmovl_u8(pixel.val[c])), alpha, by);
        }
        wide.val[3] = vshlq_s16(alpha, by.bits);
        vst4q_s16(to, wide);
        return;
    }
    for (int i = 0; i < BLOCK; i += 16) {
        if (alpha_of == 2) {
            uint8x8x2_t pixel = vld2_u8(src + i);
            int16x8_t alpha = vreinterpretq_s16_u16(vmovl_u8(pixel.val[1]));
            int16x8x2_t wide = {
                {premultiplied(vreinterpretq_s16_u16(vmovl_u8(pixel.val[0])), alpha, by), vshlq_s16(alpha, by.bits)}};
            vst2q_s16(to + i, wide);
        } else {
            uint8x16_t samples = vld1q_u8(src + i);
            vst1q_s16(to + i, vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(samples))));
            vst1q_s16(to + i + 8, vreinterpretq_s16_u16(vmovl_high_u8(samples)));
        }
    }
}

typedef struct {
    const uint8_t *src; /* the strip */
    ptrdiff_t stride;
    int32_t rows;
    int32_t from; /* samples [from, to) of its rows */
    int32_t to;
    int32_t width; /* samples of a row, beyond which nothing may be read */
} piece;

static inline __attribute__((always_inline)) void widen_piece(int16_t *to, const piece *of, const int alpha_of,
                                                              premultiplier by) {
    int32_t samples = of->to - of->from;
    int32_t readable = of->width - of->from;
    const uint8_t *src = of->src + of->from;
    for (int32_t row = 0; row < of->rows; row++, src += of->stride, to += PIECE) {
        int32_t i = 0;
        for (; i < samples && i + BLOCK <= readable; i += BLOCK) {
            widen_block(to + i, src + i, alpha_of, by);
        }
        if (i < samples) {
            uint8_t rest[BLOCK] = {0};
            memcpy(rest, src + i, (size_t)(readable - i));
            widen_block(to + i, rest, alpha_of, by);
        }
    }
}

static void widen_of(int16_t *to, const piece *of, const pixelshift_resample_plan *plan) {
    premultiplier by = premultiplier_of(plan->source_bits);
    if (!plan->premultiply) {
        widen_piece(to, of, 0, by);
    } else if (plan->channels == 2) {
        widen_piece(to, of, 2, by);
    } else {
        widen_piece(to, of, 4, by);
    }
}

/* Rows `stride` apart, one weight each, 16 samples of them, to four vectors of sums. */
static inline __attribute__((always_inline)) void sum_rows(int32x4_t *sum, const int16_t *row, ptrdiff_t stride,
                                                           const int16_t *weight, int32_t count) {
    for (const int16_t *end = weight + count; weight < end; weight++, row += stride) {
        int16x4_t by = vld1_dup_s16(weight);
        add_weighted(sum, vld1q_s16(row), by);
        add_weighted(sum + 2, vld1q_s16(row + 8), by);
    }
}

/* What one result does with the strip: its rows [from, to) of it, weighted. */
typedef struct {
    const int16_t *weight;
    int32_t from;
    int32_t to;
    int begins;
    int16_t *finished; /* NULL: not yet */
    int32_t *sums;
} share;

static share share_of(const pixelshift_resample_stream *stream, int32_t output, int32_t rows) {
    const pixelshift_resample_axis *y = stream->plan.y;
    int32_t begin = y->start[output] - stream->pushed;
    int32_t end = begin + y->count[output];
    share of = {.from = begin > 0 ? begin : 0, .to = end < rows ? end : rows, .begins = begin >= 0};
    of.weight = y->weight + (ptrdiff_t)output * y->taps + (y->start[output] & 1) + of.from - begin;
    of.sums = (int32_t *)stream->sums + (ptrdiff_t)(output % stream->slots) * stream->sum_stride;
    if (end <= rows) {
        of.finished = stream->rows + (ptrdiff_t)(stream->held + output - stream->summed) * stream->stride;
    }
    return of;
}

static void add_piece(const int16_t *widened, const share *of, int32_t from, int32_t to, const rounding *round) {
    for (int32_t sample = from; sample < to; sample += 16) {
        int32x4_t sum[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            sum[i] = of->begins ? round->offset : vld1q_s32(of->sums + sample + 4 * i);
        }
        sum_rows(sum, widened + of->from * PIECE + sample - from, PIECE, of->weight, of->to - of->from);
        if (of->finished == NULL) {
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) {
                vst1q_s32(of->sums + sample + 4 * i, sum[i]);
            }
        } else {
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) {
                sum[i] = vshlq_s32(sum[i], round->shift);
            }
            vst1q_s16(of->finished + sample, narrowed(sum[0], sum[1]));
            vst1q_s16(of->finished + sample + 8, narrowed(sum[2], sum[3]));
        }
    }
}

void pixelshift_resample_add_neon(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                  int32_t rows) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *y = plan->y;
    if (LONG_SUMS(plan, y)) {
        pixelshift_resample_add_scalar(stream, src, src_stride, rows);
        return;
    }
    const rounding round = rounding_to_middle(plan, y->bits + plan->source_bits);
    int32_t touched = stream->summed;
    int32_t complete = touched;
    while (touched < y->out && y->start[touched] < stream->pushed + rows) {
        complete += y->start[touched] + y->count[touched] <= stream->pushed + rows;
        touched++;
    }
    /* Pieces begin at whole blocks of the row, so that sums, finished rows and samples share one index. */
    piece part = {.src = src, .stride = src_stride, .rows = rows, .width = plan->x->in * plan->channels};
    int32_t last = plan->x->last * plan->channels;
    for (part.from = plan->x->first * plan->channels & ~(BLOCK - 1); part.from < last; part.from = part.to) {
        part.to = part.from + PIECE < last ? part.from + PIECE : last;
        widen_of(stream->scratch, &part, plan);
        for (int32_t output = stream->summed; output < touched; output++) {
            share of = share_of(stream, output, rows);
            add_piece(stream->scratch, &of, part.from, part.to, &round);
        }
    }
    stream->held += complete - stream->summed;
    stream->summed = complete;
}

/* Divides the colours of a vector of pixels by their alphas, the last of 2 or 4 channels. */
static inline int32x4_t divided(int32x4_t sum, int channels, const rounding *round) {
    static const uint32_t alphas[4] = {0, UINT32_MAX, 0, UINT32_MAX};
    if (channels == 4) {
        float32x4_t ratio = ratio_of(vdupq_laneq_s32(sum, 3), round);
        return scaled(sum, vsetq_lane_f32(vgetq_lane_f32(round->unit, 0), ratio, 3));
    }
    return scaled(sum, vbslq_f32(vld1q_u32(alphas), round->unit, ratio_of(vtrn2q_s32(sum, sum), round)));
}

void pixelshift_resample_take_neon(const pixelshift_resample_stream *stream, uint8_t *dst) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *y = plan->y;
    const int32_t samples = plan->x->out * plan->channels;
    const int32_t count = y->count[stream->next];
    const int32_t slot = y->start[stream->next] & (stream->slots - 1);
    const int32_t before_wrap = count < stream->slots - slot ? count : stream->slots - slot;
    const int16_t *weight = y->weight + (ptrdiff_t)stream->next * y->taps + (y->start[stream->next] & 1);
    const int16_t *first = stream->rows + (ptrdiff_t)slot * stream->stride;
    const rounding round = rounding_to_levels(y->bits + plan->middle_bits, plan->premultiply);
    for (int32_t x = 0; x < samples; x += 16) {
        int32x4_t sum[4] = {round.offset, round.offset, round.offset, round.offset};
        sum_rows(sum, first + x, stream->stride, weight, before_wrap);
        sum_rows(sum, stream->rows + x, stream->stride, weight + before_wrap, count - before_wrap);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            sum[i] = plan->premultiply ? divided(sum[i], plan->channels, &round) : vshlq_s32(sum[i], round.shift);
        }
        uint8x8_t low = vqmovun_s16(narrowed(sum[0], sum[1]));
        uint8x16_t bytes = vqmovun_high_s16(low, narrowed(sum[2], sum[3]));
        if (x + 16 <= samples) {
            vst1q_u8(dst + x, bytes);
        } else {
            uint8_t whole[16];
            vst1q_u8(whole, bytes);
            memcpy(dst + x, whole, (size_t)(samples - x));
        }
    }
}
