/* The walk over the picture around the kernels, and the table of kernels per level. */
#include "../scalar/rank.h"

#include <string.h>

static const pixelshift_rank_kernels_table SCALAR = {
    pixelshift_rank_median3_scalar, pixelshift_rank_slide_scalar,      pixelshift_rank_value_at_scalar,
    pixelshift_rank_limited_scalar, pixelshift_rank_slide_wide_scalar, pixelshift_rank_limited_wide_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_rank_kernels_table AVX2 = {
    pixelshift_rank_median3_avx2, pixelshift_rank_slide_avx2,      pixelshift_rank_value_at_avx2,
    pixelshift_rank_limited_avx2, pixelshift_rank_slide_wide_avx2, pixelshift_rank_limited_wide_avx2,
};
#endif

const pixelshift_rank_kernels_table *pixelshift_rank_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}

static size_t padded_columns(const pixelshift_rank_source *source) {
    return source->columns + source->width - 1;
}

size_t pixelshift_rank_scratch_bytes(const pixelshift_rank_source *source) {
    return padded_columns(source) * PIXELSHIFT_RANK_TIERS * sizeof(uint16_t);
}

static void count(uint16_t *histogram, uint8_t value, int change) {
    histogram[value] = (uint16_t)(histogram[value] + change);
    histogram[PIXELSHIFT_RANK_BINS + (value >> 4)] =
        (uint16_t)(histogram[PIXELSHIFT_RANK_BINS + (value >> 4)] + change);
}

/* Add one row of a channel to the column histograms, or take it off. */
static void count_row(uint16_t *histograms, const pixelshift_rank_source *source, size_t row, size_t channel,
                      int change) {
    const uint8_t *samples = source->samples + row * source->stride + channel;
    size_t columns = padded_columns(source);
    for (size_t x = 0; x < columns; x++) {
        count(histograms + x * PIXELSHIFT_RANK_TIERS, samples[x * source->channels], change);
    }
}

/* Histograms of the columns under the first window of a band. */
static void start_band(uint16_t *histograms, const pixelshift_rank_source *source, size_t first, size_t channel) {
    memset(histograms, 0, pixelshift_rank_scratch_bytes(source));
    for (size_t j = 0; j < source->height; j++) {
        count_row(histograms, source, first + j, channel, 1);
    }
}

static void next_row(uint16_t *histograms, const pixelshift_rank_source *source, size_t row, size_t channel) {
    count_row(histograms, source, row, channel, -1);
    count_row(histograms, source, row + source->height, channel, 1);
}

static void median_row(uint8_t *dst, const uint16_t *histograms, const pixelshift_rank_source *source,
                       const pixelshift_rank_kernels_table *kernels) {
    static const uint16_t none[PIXELSHIFT_RANK_TIERS];
    uint16_t window[PIXELSHIFT_RANK_TIERS] = {0};
    const uint32_t rank = (uint32_t)(source->width * source->height / 2);
    for (size_t x = 0; x + 1 < source->width; x++) {
        kernels->slide(window, histograms + x * PIXELSHIFT_RANK_TIERS, none);
    }
    for (size_t x = 0; x < source->columns; x++) {
        const uint16_t *leave = x > 0 ? histograms + (x - 1) * PIXELSHIFT_RANK_TIERS : none;
        kernels->slide(window, histograms + (x + source->width - 1) * PIXELSHIFT_RANK_TIERS, leave);
        dst[x * source->channels] = kernels->value_at(window, rank);
    }
}

void pixelshift_rank_median(uint8_t *dst, const pixelshift_rank_source *source, size_t first, size_t last,
                            pixelshift_cpu_level level, void *scratch) {
    const pixelshift_rank_kernels_table *kernels = pixelshift_rank_kernels(level);
    const size_t samples = source->columns * source->channels;
    if (source->width == 3 && source->height == 3) {
        for (size_t y = first; y < last; y++) {
            const uint8_t *row = source->samples + y * source->stride + source->channels;
            kernels->median3(dst + y * samples, row, row + source->stride, row + 2 * source->stride, samples,
                             source->channels);
        }
        return;
    }
    for (size_t channel = 0; channel < source->channels; channel++) {
        start_band(scratch, source, first, channel);
        for (size_t y = first; y < last; y++) {
            median_row(dst + y * samples + channel, scratch, source, kernels);
            if (y + 1 < last) {
                next_row(scratch, source, y, channel);
            }
        }
    }
}

/* The histogram of one window: counts of 16 bits where its area allows, as they are twice as fast. */
typedef struct {
    const pixelshift_rank_kernels_table *kernels;
    int is_wide;
    uint16_t narrow[PIXELSHIFT_RANK_TIERS];
    uint32_t wide[PIXELSHIFT_RANK_BINS];
} counted_window;

static void slide(counted_window *window, const uint16_t *enter, const uint16_t *leave) {
    if (window->is_wide) {
        window->kernels->slide_wide(window->wide, enter, leave);
    } else {
        window->kernels->slide(window->narrow, enter, leave);
    }
}

static uint64_t limited(const counted_window *window, uint64_t *below, uint32_t target, uint32_t limit) {
    return window->is_wide ? window->kernels->limited_wide(below, window->wide, target, limit)
                           : window->kernels->limited(below, window->narrow, target, limit);
}

static void equalise_row(uint8_t *dst, const uint16_t *histograms, const uint8_t *centre,
                         const pixelshift_rank_source *source, uint32_t slope,
                         const pixelshift_rank_kernels_table *kernels) {
    static const uint16_t none[PIXELSHIFT_RANK_TIERS];
    const uint64_t area = (uint64_t)source->width * source->height;
    const uint32_t limit = slope > 0 ? slope : UINT32_MAX;
    counted_window window = {.kernels = kernels, .is_wide = area > UINT16_MAX};
    for (size_t x = 0; x + 1 < source->width; x++) {
        slide(&window, histograms + x * PIXELSHIFT_RANK_TIERS, none);
    }
    for (size_t x = 0; x < source->columns; x++) {
        const uint16_t *leave = x > 0 ? histograms + (x - 1) * PIXELSHIFT_RANK_TIERS : none;
        slide(&window, histograms + (x + source->width - 1) * PIXELSHIFT_RANK_TIERS, leave);
        uint32_t target = centre[x * source->channels];
        uint64_t below = 0;
        uint64_t excess = area - limited(&window, &below, target, limit);
        /* What was cut off is spread over all bins evenly. */
        dst[x * source->channels] = (uint8_t)(255 * (below + (target + 1) * excess / 256) / area);
    }
}

void pixelshift_rank_equalise(uint8_t *dst, const pixelshift_rank_source *source, size_t first, size_t last,
                              uint32_t slope, pixelshift_cpu_level level, void *scratch) {
    const pixelshift_rank_kernels_table *kernels = pixelshift_rank_kernels(level);
    const size_t samples = source->columns * source->channels;
    for (size_t channel = 0; channel < source->channels; channel++) {
        start_band(scratch, source, first, channel);
        for (size_t y = first; y < last; y++) {
            const uint8_t *centre = source->samples + (y + source->height / 2) * source->stride +
                                    source->width / 2 * source->channels + channel;
            equalise_row(dst + y * samples + channel, scratch, centre, source, slope, kernels);
            if (y + 1 < last) {
                next_row(scratch, source, y, channel);
            }
        }
    }
}
