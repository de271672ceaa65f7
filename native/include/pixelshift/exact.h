/*
 * Resampling that gives the bytes of Pillow's own resize, for 8 bits per sample.
 *
 * Pillow filters across, rounds to 8 bits, then filters down; since version 13 the other way round where a picture
 * loses more than twice as many rows as columns. Its weights have 22 fraction bits and are rounded each by itself. Here
 * a weight is kept in two parts that fit int16: weight = high * 2^11 + low. Sums are taken modulo 2^32, as Pillow's are
 * where they do not overflow.
 *
 * Nothing here allocates or keeps state: callers ask for sizes and pass memory.
 */
#ifndef PIXELSHIFT_EXACT_H
#define PIXELSHIFT_EXACT_H

#include "pixelshift/resample.h"

#define PIXELSHIFT_EXACT_BITS 22
#define PIXELSHIFT_EXACT_LOW_BITS 11

/* `high` and `low` share all but their weights; the members about fraction bits mean nothing here. */
typedef struct {
    pixelshift_resample_axis high;
    pixelshift_resample_axis low;
} pixelshift_exact_axis;

/* Bytes of memory for the axis, or 0 if the specification makes no sense or names a filter that Pillow lacks. */
size_t pixelshift_exact_axis_bytes(const pixelshift_resample_spec *spec);
/* Fills the axis inside `memory` of that many bytes. Bounds of the interval are rounded to float, as Pillow's are. */
void pixelshift_exact_axis_init(pixelshift_exact_axis *axis, const pixelshift_resample_spec *spec, void *memory);

typedef struct {
    const pixelshift_exact_axis *x;
    const pixelshift_exact_axis *y;
    int32_t channels;    /* 1 to 4 */
    int32_t premultiply; /* 1: the last channel is alpha, and others go through Pillow's La or RGBa */
} pixelshift_exact_plan;

typedef struct {
    size_t (*scratch_bytes)(const pixelshift_exact_plan *plan);
    /* Filters `rows` <= STRIP source rows across into as many rows of dst; may write STRIP rows of whole vectors. */
    void (*across)(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride, int32_t rows,
                   const pixelshift_exact_plan *plan, void *scratch);
    /*
     * `samples` of row `output` from `ring`, in which row `first` + i lies in slot i & (slots - 1); may read whole
     * vectors of its rows.
     */
    void (*down)(uint8_t *dst, const uint8_t *ring, ptrdiff_t ring_stride, int32_t slots, int32_t output,
                 int32_t samples, const pixelshift_exact_axis *axis);
} pixelshift_exact_kernels_table;

const pixelshift_exact_kernels_table *pixelshift_exact_kernels(pixelshift_cpu_level level);

/* Bytes of memory for a run of the plan at this level. */
size_t pixelshift_exact_run_bytes(const pixelshift_exact_plan *plan, pixelshift_cpu_level level);
void pixelshift_exact_run(const pixelshift_exact_plan *plan, pixelshift_cpu_level level, void *memory, uint8_t *dst,
                          ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride);

#endif
