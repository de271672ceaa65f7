/*
 * What draws the eye: integer marks per pixel, to be summed over a grid of cells.
 *
 * Three signs count, as in the attention crops of sharp and libvips: detail (the gradient of luma), strong colour, and
 * the chroma of skin. Everything is integer, so every level gives the same map.
 */
#ifndef PIXELSHIFT_SALIENCY_H
#define PIXELSHIFT_SALIENCY_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

/* Three rows of 0-255 each. */
typedef struct {
    uint8_t *detail; /* gradient of luma, |dx| + |dy| */
    uint8_t *colour; /* how far beyond a limit the colour is from grey */
    uint8_t *skin;   /* how near the chroma is to that of skin */
} pixelshift_saliency_marks;

typedef struct {
    /* Rec. 601 luma of RGB: (77 R + 150 G + 29 B + 128) >> 8. */
    void (*luma)(uint8_t *dst, const uint8_t *rgb, size_t pixels);
    /* Marks of one row; `luma` is its own luma, `above` that of the row above (or its own again). */
    void (*mark)(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma, const uint8_t *above,
                 size_t pixels);
    uint64_t (*sum)(const uint8_t *values, size_t count);
} pixelshift_saliency_kernels_table;

const pixelshift_saliency_kernels_table *pixelshift_saliency_kernels(pixelshift_cpu_level level);

#endif
