/*
 * Inverse DCT of one 8x8 block to 8x8, 4x4, 2x2 or 1 samples.
 *
 * The accurate integer transform after Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13-bit constants, and its
 * reduced forms: sample for sample what libjpeg's JDCT_ISLOW gives, so that a decoder may change between the two.
 */
#ifndef PIXELSHIFT_IDCT_H
#define PIXELSHIFT_IDCT_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

/* `block`: 64 dequantised coefficients, rows first, 32-byte aligned. */
typedef void (*pixelshift_idct)(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block);

typedef struct {
    pixelshift_idct to_8;
    pixelshift_idct to_4;
    pixelshift_idct to_2;
    pixelshift_idct to_1;
} pixelshift_idct_kernels_table;

const pixelshift_idct_kernels_table *pixelshift_idct_kernels(pixelshift_cpu_level level);

#endif
