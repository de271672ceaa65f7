/* The specification of the kernels that give Pillow's bytes. */
#include "exact.h"

size_t pixelshift_exact_scratch_bytes_scalar(const pixelshift_exact_plan *plan) {
    (void)plan;
    return 0;
}

static int32_t weight_at(const pixelshift_exact_axis *axis, ptrdiff_t place) {
    return axis->high.weight[place] * (1 << PIXELSHIFT_EXACT_LOW_BITS) + axis->low.weight[place];
}

static uint8_t level_of(uint32_t sum) {
    int32_t level = (int32_t)(sum + (1u << (PIXELSHIFT_EXACT_BITS - 1))) >> PIXELSHIFT_EXACT_BITS;
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

void pixelshift_exact_across_scalar(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride,
                                    int32_t rows, const pixelshift_exact_plan *plan, void *scratch) {
    const pixelshift_resample_axis *x = &plan->x->high;
    int32_t channels = plan->channels;
    (void)scratch;
    for (int32_t row = 0; row < rows; row++, src += src_stride, dst += dst_stride) {
        for (int32_t output = 0; output < x->out; output++) {
            ptrdiff_t place = (ptrdiff_t)output * x->taps + (x->start[output] & 1);
            const uint8_t *sample = src + (ptrdiff_t)x->start[output] * channels;
            for (int32_t c = 0; c < channels; c++) {
                uint32_t sum = 0;
                for (int32_t i = 0; i < x->count[output]; i++) {
                    sum += (uint32_t)(weight_at(plan->x, place + i) * sample[(ptrdiff_t)i * channels + c]);
                }
                dst[(ptrdiff_t)output * channels + c] = level_of(sum);
            }
        }
    }
}

void pixelshift_exact_down_scalar(uint8_t *dst, const uint8_t *ring, ptrdiff_t ring_stride, int32_t slots,
                                  int32_t output, int32_t samples, const pixelshift_exact_axis *axis) {
    const pixelshift_resample_axis *y = &axis->high;
    int32_t first = y->start[output] - y->first;
    ptrdiff_t place = (ptrdiff_t)output * y->taps + (y->start[output] & 1);
    for (int32_t sample = 0; sample < samples; sample++) {
        uint32_t sum = 0;
        for (int32_t i = 0; i < y->count[output]; i++) {
            const uint8_t *row = ring + ((first + i) & (slots - 1)) * ring_stride;
            sum += (uint32_t)(weight_at(axis, place + i) * row[sample]);
        }
        dst[sample] = level_of(sum);
    }
}
