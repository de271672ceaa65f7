/*
 * The walk of a blur over a picture, for one type of samples. The including file defines SAMPLE, CHANGE (the type of a
 * weighted difference), WALK(name) and KERNEL(kernels, name).
 */

typedef struct {
    int32_t *sum;
    CHANGE *change;
    SAMPLE *padded;
    const SAMPLE *enter[PIXELSHIFT_CONVOLVE_BOXES], *leave[PIXELSHIFT_CONVOLVE_BOXES];
} WALK(scratch);

static WALK(scratch) WALK(share_scratch)(const pixelshift_convolve_shape *shape, void *memory) {
    size_t samples = shape->columns * shape->channels;
    WALK(scratch) scratch;
    scratch.sum = memory;
    scratch.change = (CHANGE *)(scratch.sum + samples);
    scratch.padded = (SAMPLE *)(scratch.change + samples);
    return scratch;
}

/* One row with copies of its first pixel before, and of its last one after it. */
static void WALK(pad_row)(SAMPLE *padded, const SAMPLE *row, const pixelshift_convolve_shape *shape, size_t margin) {
    size_t channels = shape->channels, samples = shape->columns * channels;
    memcpy(padded + margin * channels, row, samples * sizeof(SAMPLE));
    for (size_t i = 0; i < margin * channels; i++) {
        padded[i] = row[i % channels];
        padded[margin * channels + samples + i] = row[samples - channels + i % channels];
    }
}

static void WALK(blur_row)(SAMPLE *dst, const SAMPLE *row, const pixelshift_convolve_shape *shape,
                           const pixelshift_convolve_mask *mask, const pixelshift_convolve_kernels_table *kernels,
                           WALK(scratch) * scratch) {
    const size_t channels = shape->channels, samples = shape->columns * channels, margin = mask->radius + 1;
    WALK(pad_row)(scratch->padded, row, shape, margin);
    const SAMPLE *middle = scratch->padded + margin * channels;
    for (size_t j = 0; j < mask->boxes; j++) {
        scratch->enter[j] = middle + mask->box_radius[j] * channels;
        scratch->leave[j] = middle - (mask->box_radius[j] + 1) * channels;
    }
    KERNEL(kernels, difference)
    (scratch->change, scratch->enter, scratch->leave, mask->box_weight, mask->boxes, samples);
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
    KERNEL(kernels, divide)(dst, scratch->sum, &mask->quotient, samples);
}

void WALK(pixelshift_convolve_along_rows)(SAMPLE *dst, const SAMPLE *src, const pixelshift_convolve_shape *shape,
                                          const pixelshift_convolve_mask *mask, size_t first, size_t last,
                                          pixelshift_cpu_level level, void *memory) {
    const pixelshift_convolve_kernels_table *kernels = pixelshift_convolve_kernels(level);
    const size_t samples = shape->columns * shape->channels;
    WALK(scratch) scratch = WALK(share_scratch)(shape, memory);
    for (size_t y = first; y < last; y++) {
        WALK(blur_row)(dst + y * samples, src + y * samples, shape, mask, kernels, &scratch);
    }
}

static const SAMPLE *WALK(row_at)(const SAMPLE *src, const pixelshift_convolve_shape *shape, ptrdiff_t row) {
    ptrdiff_t last = (ptrdiff_t)shape->rows - 1;
    ptrdiff_t clamped = row < 0 ? 0 : row > last ? last : row;
    return src + (size_t)clamped * shape->columns * shape->channels;
}

/* The sums of the row before `first`, from which the walk starts. */
static void WALK(start_columns)(int32_t *sum, const SAMPLE *src, const pixelshift_convolve_shape *shape,
                                const pixelshift_convolve_mask *mask, ptrdiff_t row) {
    const size_t samples = shape->columns * shape->channels;
    const ptrdiff_t radius = (ptrdiff_t)mask->radius;
    memset(sum, 0, samples * sizeof(int32_t));
    for (ptrdiff_t t = -radius; t <= radius; t++) {
        const SAMPLE *here = WALK(row_at)(src, shape, row + t);
        int32_t weight = mask->weight[t < 0 ? -t : t];
        for (size_t i = 0; i < samples; i++) {
            sum[i] += weight * here[i];
        }
    }
}

void WALK(pixelshift_convolve_along_columns)(SAMPLE *dst, const SAMPLE *src, const pixelshift_convolve_shape *shape,
                                             const pixelshift_convolve_mask *mask, size_t first, size_t last,
                                             pixelshift_cpu_level level, void *memory) {
    const pixelshift_convolve_kernels_table *kernels = pixelshift_convolve_kernels(level);
    const size_t samples = shape->columns * shape->channels;
    WALK(scratch) scratch = WALK(share_scratch)(shape, memory);
    WALK(start_columns)(scratch.sum, src, shape, mask, (ptrdiff_t)first - 1);
    for (ptrdiff_t y = (ptrdiff_t)first; y < (ptrdiff_t)last; y++) {
        for (size_t j = 0; j < mask->boxes; j++) {
            ptrdiff_t reach = (ptrdiff_t)mask->box_radius[j];
            scratch.enter[j] = WALK(row_at)(src, shape, y + reach);
            scratch.leave[j] = WALK(row_at)(src, shape, y - reach - 1);
        }
        KERNEL(kernels, difference)
        (scratch.change, scratch.enter, scratch.leave, mask->box_weight, mask->boxes, samples);
        KERNEL(kernels, add)(scratch.sum, scratch.change, samples);
        KERNEL(kernels, divide)(dst + (size_t)y * samples, scratch.sum, &mask->quotient, samples);
    }
}
