/*
 * Affine transforms of 8-bit RGB and RGBA by bilinear interpolation, as libvips' `affine` and `rotate` do them.
 *
 * A result pixel samples the source where the inverse transform takes it, pixel (i, j) of the source standing at the
 * whole numbers (i, j). Around the source lies opaque black without end. Weights have 12 bits. Of RGBA the colours are
 * weighted by alpha, exactly; both then lose their fractions, as in libvips. Positions are fixed-point numbers with 32
 * fraction bits, so that all levels agree.
 */
#ifndef PIXELSHIFT_WARP_H
#define PIXELSHIFT_WARP_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

enum { PIXELSHIFT_WARP_SIDE_LIMIT = 1 << 20 };

typedef struct {
    const uint8_t *pixels; /* rows packed */
    int32_t width, height, channels;
} pixelshift_warp_source;

/* Source position of the first result pixel, and the way to the next, in 2^-32 of a pixel. */
typedef struct {
    int64_t x, y, step_x, step_y;
} pixelshift_warp_line;

typedef struct {
    void (*bilinear)(uint8_t *dst, const pixelshift_warp_source *source, const pixelshift_warp_line *line,
                     size_t pixels);
} pixelshift_warp_kernels_table;

const pixelshift_warp_kernels_table *pixelshift_warp_kernels(pixelshift_cpu_level level);

/* Result pixel (column, row) samples the source at (x, y) + column * (x_across, y_across) + row * (x_down, y_down). */
typedef struct {
    double x, y, x_across, y_across, x_down, y_down;
} pixelshift_warp_map;

/* Rows first to last - 1 of a result `columns` wide, which begins at dst. */
void pixelshift_warp_bilinear(uint8_t *dst, size_t columns, const pixelshift_warp_source *source,
                              const pixelshift_warp_map *map, size_t first, size_t last, pixelshift_cpu_level level);

#endif
