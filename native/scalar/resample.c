/* The specification of the resampling kernels. */
#include <string.h>

#include "resample.h"

size_t pixelshift_resample_sum_bytes_scalar(const pixelshift_resample_plan *plan) {
    (void)plan;
    return sizeof(int64_t);
}

size_t pixelshift_resample_scratch_bytes_scalar(const pixelshift_resample_plan *plan) {
    return (size_t)plan->x->in * (size_t)plan->channels * sizeof(int16_t);
}

/* colour * alpha / 255, rounded to `bits` fraction bits; 65025 + 16 still fits 16 bits. */
static int16_t premultiplied(unsigned colour, unsigned alpha, int32_t bits) {
    unsigned scale = ((1u << (bits + 16)) + 127) / 255;
    unsigned half = (255 + (1u << bits)) >> (bits + 1);
    return (int16_t)(((colour * alpha + half) * scale) >> 16);
}

static void load_row(int16_t *row, const uint8_t *src, const pixelshift_resample_plan *plan) {
    int32_t channels = plan->channels;
    for (int32_t x = 0; x < plan->x->in; x++, row += channels, src += channels) {
        for (int32_t c = 0; c < channels; c++) {
            row[c] = src[c];
        }
        if (plan->premultiply) {
            unsigned alpha = src[channels - 1];
            for (int32_t c = 0; c < channels - 1; c++) {
                row[c] = premultiplied(src[c], alpha, plan->source_bits);
            }
            row[channels - 1] = (int16_t)(alpha << plan->source_bits);
        }
    }
}

static int16_t saturated(int64_t value) {
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

static void filter_row(int16_t *out, const int16_t *row, const pixelshift_resample_plan *plan) {
    const pixelshift_resample_axis *axis = plan->x;
    int32_t channels = plan->channels;
    int32_t fraction = axis->bits + plan->source_bits;
    int32_t shift = fraction - plan->middle_bits;
    int64_t offset = ((int64_t)1 << shift >> 1) - ((int64_t)128 << fraction);
    for (int32_t x = 0; x < axis->out; x++) {
        const int16_t *weight = axis->weight + (ptrdiff_t)x * axis->taps + (axis->start[x] & 1);
        for (int32_t c = 0; c < channels; c++) {
            const int16_t *sample = row + (ptrdiff_t)axis->start[x] * channels + c;
            int64_t sum = offset;
            for (int32_t i = 0; i < axis->count[x]; i++) {
                sum += weight[i] * sample[(ptrdiff_t)i * channels];
            }
            out[(ptrdiff_t)x * channels + c] = saturated(sum >> shift);
        }
    }
}

void pixelshift_resample_push_scalar(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                     int32_t rows) {
    for (int32_t i = 0; i < rows; i++) {
        ptrdiff_t slot = (stream->pushed + i) & (stream->slots - 1);
        load_row(stream->scratch, src + i * src_stride, &stream->plan);
        filter_row(stream->rows + slot * stream->stride, stream->scratch, &stream->plan);
    }
}

void pixelshift_resample_add_scalar(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                    int32_t rows) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *axis = plan->y;
    int32_t samples = plan->x->in * plan->channels;
    int32_t fraction = axis->bits + plan->source_bits;
    int32_t shift = fraction - plan->middle_bits;
    int64_t offset = ((int64_t)1 << shift >> 1) - ((int64_t)128 << fraction);
    const int16_t *sample = stream->scratch;
    for (int32_t row = stream->pushed; row < stream->pushed + rows; row++, src += src_stride) {
        load_row(stream->scratch, src, plan);
        for (int32_t output = stream->summed; output < axis->out && axis->start[output] <= row; output++) {
            int64_t *sum = (int64_t *)stream->sums + (ptrdiff_t)(output % stream->slots) * stream->sum_stride;
            int32_t place = row - (axis->start[output] & ~1);
            int16_t weight = axis->weight[(ptrdiff_t)output * axis->taps + place];
            for (int32_t i = 0; i < samples; i++) {
                sum[i] = (row == axis->start[output] ? offset : sum[i]) + weight * sample[i];
            }
            if (row == axis->start[output] + axis->count[output] - 1) {
                int16_t *finished = stream->rows + (ptrdiff_t)stream->held++ * stream->stride;
                for (int32_t i = 0; i < samples; i++) {
                    finished[i] = saturated(sum[i] >> shift);
                }
                stream->summed++;
            }
        }
    }
}

static uint8_t clamped(int64_t value) {
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/*
 * The nearest whole number, halves to the even one; |value| < 2^22. At 1.5 * 2^23 a float has no bits for a fraction,
 * so that the addition rounds: lrintf() would be a call on the baseline.
 */
static int32_t nearest(float value) {
    float shifted = value + 0x1.8p23f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4b400000;
}

/*
 * Colours out of premultiplied sums, and alpha. Floats, since correctly rounded products and quotients are the same on
 * every CPU. Where alpha rounds to 0 colour is 0, so that no quotient leaves the range of int32.
 */
static void divide(uint8_t *dst, const int64_t *sums, int32_t channels, int32_t bits) {
    int64_t alpha = sums[channels - 1];
    float ratio = alpha >= (int64_t)1 << bits >> 1 ? 255 * PIXELSHIFT_RESAMPLE_NUDGE / (float)alpha : 0.0f;
    for (int32_t c = 0; c < channels - 1; c++) {
        dst[c] = clamped(nearest((float)sums[c] * ratio));
    }
    dst[channels - 1] = clamped(nearest((float)alpha * (PIXELSHIFT_RESAMPLE_NUDGE / (float)(1 << bits))));
}

/* One pixel: weighted sums over `count` neighbours that lie `step` samples apart, round a ring of `slots` of them. */
typedef struct {
    const int16_t *samples;
    ptrdiff_t step;
    int32_t first;
    int32_t slots;
} neighbours;

static void finish_pixel(uint8_t *dst, neighbours of, const int16_t *weight, int32_t count,
                         const pixelshift_resample_plan *plan, int32_t shift) {
    int64_t sums[4];
    for (int32_t c = 0; c < plan->channels; c++) {
        int64_t sum = (int64_t)128 << shift;
        for (int32_t i = 0; i < count; i++) {
            sum += weight[i] * of.samples[((of.first + i) & (of.slots - 1)) * of.step + c];
        }
        sums[c] = sum;
        dst[c] = clamped((sum + ((int64_t)1 << shift >> 1)) >> shift);
    }
    if (plan->premultiply) {
        divide(dst, sums, plan->channels, shift);
    }
}

void pixelshift_resample_take_scalar(const pixelshift_resample_stream *stream, uint8_t *dst) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *axis = plan->y;
    int32_t row = stream->next;
    const int16_t *weight = axis->weight + (ptrdiff_t)row * axis->taps + (axis->start[row] & 1);
    neighbours of = {stream->rows, stream->stride, axis->start[row], stream->slots};
    for (int32_t x = 0; x < plan->x->out; x++, dst += plan->channels, of.samples += plan->channels) {
        finish_pixel(dst, of, weight, axis->count[row], plan, axis->bits + plan->middle_bits);
    }
}

void pixelshift_resample_finish_scalar(const pixelshift_resample_stream *stream, int32_t count) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *axis = plan->x;
    for (int32_t row = 0; row < count; row++) {
        uint8_t *dst = stream->ready + (ptrdiff_t)row * stream->ready_stride;
        neighbours of = {stream->rows + (ptrdiff_t)row * stream->stride, plan->channels, 0, 1 << 30};
        for (int32_t x = 0; x < axis->out; x++, dst += plan->channels) {
            const int16_t *weight = axis->weight + (ptrdiff_t)x * axis->taps + (axis->start[x] & 1);
            of.first = axis->start[x];
            finish_pixel(dst, of, weight, axis->count[x], plan, axis->bits + plan->middle_bits);
        }
    }
}
