/*
 * Weighted sums over neighbourhoods: Gaussian blur by integer masks, and correlation with any kernel.
 *
 * A mask that falls from its middle is a stack of boxes. From one sample to the next each box gains what it enters and
 * loses what it leaves, so the whole sum changes by one weighted difference per box: at most twenty, however wide the
 * blur. All of it is integer and exact. Samples beyond an edge are copies of the edge.
 */
#ifndef PIXELSHIFT_CONVOLVE_H
#define PIXELSHIFT_CONVOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

enum { PIXELSHIFT_CONVOLVE_BOXES = 20, PIXELSHIFT_CONVOLVE_RADIUS_LIMIT = 1 << 14 };

/* (sum + half of total) / total for 0 <= sum < 2^31, as a multiplication. */
typedef struct {
    uint32_t half, factor, shift;
} pixelshift_convolve_quotient;

typedef struct {
    size_t radius, boxes;
    const int32_t *weight; /* of the samples 0 to radius from the middle, falling, first at most 20 */
    size_t box_radius[PIXELSHIFT_CONVOLVE_BOXES];
    int16_t box_weight[PIXELSHIFT_CONVOLVE_BOXES];
    pixelshift_convolve_quotient quotient;
} pixelshift_convolve_mask;

/* Fails (0) unless the weights fall from at most 20 to at least 1 and the radius keeps to its limit. */
int pixelshift_convolve_mask_init(pixelshift_convolve_mask *mask, const int32_t *weight, size_t radius);

typedef struct {
    /* dst[i] = sum of weight[j] * (enter[j][i] - leave[j][i]). */
    void (*difference)(int16_t *dst, const uint8_t *const *enter, const uint8_t *const *leave, const int16_t *weight,
                       size_t boxes, size_t samples);
    /* sum[i] += change[i]. */
    void (*add)(int32_t *sum, const int16_t *change, size_t samples);
    void (*divide)(uint8_t *dst, const int32_t *sum, const pixelshift_convolve_quotient *quotient, size_t samples);
    /*
     * The whole sum at once, for masks of a short reach: dst[i] from tap[0][i] to tap[2 * radius][i], all below 32768.
     * No tap is dst.
     */
    void (*weigh)(uint16_t *dst, const uint16_t *const *tap, const pixelshift_convolve_mask *mask, size_t samples);
    /* dst[i] = sum of weight[t] * tap[t][i], in that order, / scale + offset, clipped, fraction cut. */
    void (*correlate)(uint8_t *dst, const uint8_t *const *tap, const double *weight, size_t taps, double scale,
                      double offset, size_t samples);
    /* The same, neither cut nor clipped but to a thousand million either way. */
    void (*correlate_real)(float *dst, const uint8_t *const *tap, const double *weight, size_t taps, double scale,
                           double offset, size_t samples);
} pixelshift_convolve_kernels_table;

const pixelshift_convolve_kernels_table *pixelshift_convolve_kernels(pixelshift_cpu_level level);

/* A plane of `rows` by `columns` pixels of interleaved channels, rows packed. */
typedef struct {
    size_t rows, columns, channels;
} pixelshift_convolve_shape;

size_t pixelshift_convolve_scratch_bytes(const pixelshift_convolve_shape *shape, const pixelshift_convolve_mask *mask);

/* Blur rows first to last - 1 along the row, or along the column; dst is not src. */
void pixelshift_convolve_along_rows(uint8_t *dst, const uint8_t *src, const pixelshift_convolve_shape *shape,
                                    const pixelshift_convolve_mask *mask, size_t first, size_t last,
                                    pixelshift_cpu_level level, void *scratch);
void pixelshift_convolve_along_columns(uint8_t *dst, const uint8_t *src, const pixelshift_convolve_shape *shape,
                                       const pixelshift_convolve_mask *mask, size_t first, size_t last,
                                       pixelshift_cpu_level level, void *scratch);

#endif
