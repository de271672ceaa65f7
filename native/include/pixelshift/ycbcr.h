/*
 * RGB and YCbCr of JFIF (ITU-T T.871, clause 7): full range, BT.601 weights, with 16 fraction bits and libjpeg's
 * rounding, so that a row converted here and by libjpeg is the same.
 */
#ifndef PIXELSHIFT_YCBCR_H
#define PIXELSHIFT_YCBCR_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

typedef struct {
    void (*from_rgb)(uint8_t *y, uint8_t *cb, uint8_t *cr, const uint8_t *rgb, size_t pixels);
    void (*to_rgb)(uint8_t *rgb, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, size_t pixels);
    /* dst[i] = mean of a 2x2 square; halves round down and up in turn, which keeps an even area even. */
    void (*halve)(uint8_t *dst, const uint8_t *upper, const uint8_t *lower, size_t samples);
} pixelshift_ycbcr_kernels_table;

const pixelshift_ycbcr_kernels_table *pixelshift_ycbcr_kernels(pixelshift_cpu_level level);

#endif
