/* The walks over the picture around the kernels, and the table of kernels per level. */
#include "../scalar/convolve.h"

#include <string.h>

#define TABLE(level)                                                                                                   \
    {pixelshift_convolve_difference_##level, pixelshift_convolve_add_##level,                                          \
     pixelshift_convolve_divide_##level,     pixelshift_convolve_weigh_##level,                                        \
     pixelshift_convolve_correlate_##level,  pixelshift_convolve_correlate_real_##level}

static const pixelshift_convolve_kernels_table SCALAR = TABLE(scalar);

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_convolve_kernels_table AVX2 = TABLE(avx2);
#endif

const pixelshift_convolve_kernels_table *pixelshift_convolve_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}

/* factor = ceil(2^shift / total) errs by less than total / 2^shift, too little to matter below 2^31. */
static pixelshift_convolve_quotient divide_by(uint32_t total) {
    pixelshift_convolve_quotient quotient = {total / 2, 0, 31};
    uint64_t factor = 0;
    for (uint32_t shift = 31; shift < 63; shift++) {
        uint64_t next = (((uint64_t)1 << shift) + total - 1) / total;
        if (next > UINT32_MAX) {
            break;
        }
        factor = next;
        quotient.shift = shift;
    }
    quotient.factor = (uint32_t)factor;
    return quotient;
}

int pixelshift_convolve_mask_init(pixelshift_convolve_mask *mask, const int32_t *weight, size_t radius) {
    if (radius > PIXELSHIFT_CONVOLVE_RADIUS_LIMIT || weight[0] > PIXELSHIFT_CONVOLVE_BOXES || weight[radius] < 1) {
        return 0;
    }
    uint32_t total = (uint32_t)weight[0];
    mask->radius = radius;
    mask->weight = weight;
    mask->boxes = 0;
    for (size_t r = 0; r <= radius; r++) {
        int32_t next = r < radius ? weight[r + 1] : 0;
        /* Below 0 there are more steps than boxes, and differences that no integer holds. */
        if (next < 0 || next > weight[r]) {
            return 0;
        }
        int32_t step = weight[r] - next;
        if (step > 0) {
            mask->box_radius[mask->boxes] = r;
            mask->box_weight[mask->boxes++] = (int16_t)step;
        }
        total += r > 0 ? 2 * (uint32_t)weight[r] : 0;
    }
    /* Sums of 15-bit samples must keep below 2^31. */
    if (total > 65000) {
        return 0;
    }
    mask->quotient = divide_by(total);
    return 1;
}

size_t pixelshift_convolve_scratch_bytes(const pixelshift_convolve_shape *shape, const pixelshift_convolve_mask *mask) {
    size_t samples = shape->columns * shape->channels, margins = 2 * (mask->radius + 1) * shape->channels;
    return samples * (sizeof(int32_t) + sizeof(int16_t)) + samples + margins;
}

typedef struct {
    int32_t *sum;
    int16_t *change;
    uint8_t *padded;
    const uint8_t *enter[PIXELSHIFT_CONVOLVE_BOXES], *leave[PIXELSHIFT_CONVOLVE_BOXES];
} walk_scratch;

static walk_scratch share_scratch(const pixelshift_convolve_shape *shape, void *memory) {
    size_t samples = shape->columns * shape->channels;
    walk_scratch scratch;
    scratch.sum = memory;
    scratch.change = (int16_t *)(scratch.sum + samples);
    scratch.padded = (uint8_t *)(scratch.change + samples);
    return scratch;
}

/* One row with copies of its first pixel before, and of its last one after it. */
static void pad_row(uint8_t *padded, const uint8_t *row, const pixelshift_convolve_shape *shape, size_t margin) {
    size_t channels = shape->channels, samples = shape->columns * channels;
    memcpy(padded + margin * channels, row, samples);
    for (size_t i = 0; i < margin * channels; i++) {
        padded[i] = row[i % channels];
        padded[margin * channels + samples + i] = row[samples - channels + i % channels];
    }
}

static void blur_row(uint8_t *dst, const uint8_t *row, const pixelshift_convolve_shape *shape,
                     const pixelshift_convolve_mask *mask, const pixelshift_convolve_kernels_table *kernels,
                     walk_scratch *scratch) {
    const size_t channels = shape->channels, samples = shape->columns * channels, margin = mask->radius + 1;
    pad_row(scratch->padded, row, shape, margin);
    const uint8_t *middle = scratch->padded + margin * channels;
    for (size_t j = 0; j < mask->boxes; j++) {
        scratch->enter[j] = middle + mask->box_radius[j] * channels;
        scratch->leave[j] = middle - (mask->box_radius[j] + 1) * channels;
    }
    kernels->difference(scratch->change, scratch->enter, scratch->leave, mask->box_weight, mask->boxes, samples);
    for (size_t c = 0; c < channels; c++) {
        int32_t sum = mask->weight[0] * middle[c];
        for (size_t t = 1; t <= mask->radius; t++) {
            sum += mask->weight[t] * (middle[c] + middle[t * channels + c]);
        }
        scratch->sum[c] = sum;
    }
    for (size_t i = channels; i < samples; i++) {
        scratch->sum[i] = scratch->sum[i - channels] + scratch->change[i];
    }
    kernels->divide(dst, scratch->sum, &mask->quotient, samples);
}

void pixelshift_convolve_along_rows(uint8_t *dst, const uint8_t *src, const pixelshift_convolve_shape *shape,
                                    const pixelshift_convolve_mask *mask, size_t first, size_t last,
                                    pixelshift_cpu_level level, void *memory) {
    const pixelshift_convolve_kernels_table *kernels = pixelshift_convolve_kernels(level);
    const size_t samples = shape->columns * shape->channels;
    walk_scratch scratch = share_scratch(shape, memory);
    for (size_t y = first; y < last; y++) {
        blur_row(dst + y * samples, src + y * samples, shape, mask, kernels, &scratch);
    }
}

static const uint8_t *row_at(const uint8_t *src, const pixelshift_convolve_shape *shape, ptrdiff_t row) {
    ptrdiff_t last = (ptrdiff_t)shape->rows - 1;
    ptrdiff_t clamped = row < 0 ? 0 : row > last ? last : row;
    return src + (size_t)clamped * shape->columns * shape->channels;
}

/* The sums of the row before `first`, from which the walk starts. */
static void start_columns(int32_t *sum, const uint8_t *src, const pixelshift_convolve_shape *shape,
                          const pixelshift_convolve_mask *mask, ptrdiff_t row) {
    const size_t samples = shape->columns * shape->channels;
    const ptrdiff_t radius = (ptrdiff_t)mask->radius;
    memset(sum, 0, samples * sizeof(int32_t));
    for (ptrdiff_t t = -radius; t <= radius; t++) {
        const uint8_t *here = row_at(src, shape, row + t);
        int32_t weight = mask->weight[t < 0 ? -t : t];
        for (size_t i = 0; i < samples; i++) {
            sum[i] += weight * here[i];
        }
    }
}

void pixelshift_convolve_along_columns(uint8_t *dst, const uint8_t *src, const pixelshift_convolve_shape *shape,
                                       const pixelshift_convolve_mask *mask, size_t first, size_t last,
                                       pixelshift_cpu_level level, void *memory) {
    const pixelshift_convolve_kernels_table *kernels = pixelshift_convolve_kernels(level);
    const size_t samples = shape->columns * shape->channels;
    walk_scratch scratch = share_scratch(shape, memory);
    start_columns(scratch.sum, src, shape, mask, (ptrdiff_t)first - 1);
    for (ptrdiff_t y = (ptrdiff_t)first; y < (ptrdiff_t)last; y++) {
        for (size_t j = 0; j < mask->boxes; j++) {
            ptrdiff_t reach = (ptrdiff_t)mask->box_radius[j];
            scratch.enter[j] = row_at(src, shape, y + reach);
            scratch.leave[j] = row_at(src, shape, y - reach - 1);
        }
        kernels->difference(scratch.change, scratch.enter, scratch.leave, mask->box_weight, mask->boxes, samples);
        kernels->add(scratch.sum, scratch.change, samples);
        kernels->divide(dst + (size_t)y * samples, scratch.sum, &mask->quotient, samples);
    }
}
