/*
 * Filters that look at the histogram of the window around each pixel: median, and equalisation with limited contrast.
 *
 * A histogram is kept per column of samples and slides down with the window; the window's own slides along the row by
 * adding one column and taking off another (Perreault and Hebert 2007), so time does not depend on the window's size.
 */
#ifndef PIXELSHIFT_RANK_H
#define PIXELSHIFT_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

enum {
    PIXELSHIFT_RANK_BINS = 256,
    /* 256 counts, then 16 sums of 16 of them each. */
    PIXELSHIFT_RANK_TIERS = 272,
    /* Counts of a median's window have 16 bits. */
    PIXELSHIFT_RANK_MEDIAN_SIDE_LIMIT = 255,
};

typedef struct {
    /* Median of 3x3; rows reach `step` samples (one pixel) beyond both ends. */
    void (*median3)(uint8_t *dst, const uint8_t *above, const uint8_t *here, const uint8_t *below, size_t samples,
                    size_t step);
    /* window += enter - leave, over all tiers. */
    void (*slide)(uint16_t *window, const uint16_t *enter, const uint16_t *leave);
    /* The value of which `rank` samples of the window are smaller, or equal and counted before it. */
    uint8_t (*value_at)(const uint16_t *window, uint32_t rank);
    /* Sum of min(count, limit) over all bins, below 2^16; *below is the part up to and including bin `target`. */
    uint64_t (*limited)(uint64_t *below, const uint16_t *window, uint32_t target, uint32_t limit);
    /* Both for windows of any area, over the bins alone. */
    void (*slide_wide)(uint32_t *window, const uint16_t *enter, const uint16_t *leave);
    uint64_t (*limited_wide)(uint64_t *below, const uint32_t *window, uint32_t target, uint32_t limit);
} pixelshift_rank_kernels_table;

const pixelshift_rank_kernels_table *pixelshift_rank_kernels(pixelshift_cpu_level level);

/* A picture with margins: rows + height - 1 by columns + width - 1 pixels, for a window of height x width. */
typedef struct {
    const uint8_t *samples;
    size_t stride; /* samples per row of the padded picture */
    size_t columns, channels;
    size_t width, height;
} pixelshift_rank_source;

/* Scratch memory, for either filter. */
size_t pixelshift_rank_scratch_bytes(const pixelshift_rank_source *source);

/* Rows first to last - 1 of the median of one channel, or of all channels where the window is 3x3. */
void pixelshift_rank_median(uint8_t *dst, const pixelshift_rank_source *source, size_t first, size_t last,
                            pixelshift_cpu_level level, void *scratch);

/* Rows first to last - 1 of contrast-limited equalisation; `slope` 0 does not limit. */
void pixelshift_rank_equalise(uint8_t *dst, const pixelshift_rank_source *source, size_t first, size_t last,
                              uint32_t slope, pixelshift_cpu_level level, void *scratch);

#endif
