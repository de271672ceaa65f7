/*
 * Forward DCT of 8x8 samples to quantised coefficients.
 *
 * The accurate integer transform after Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13-bit constants, and a
 * division that rounds halves away from zero: coefficient for coefficient what libjpeg's JDCT_ISLOW gives.
 */
#ifndef PIXELSHIFT_FDCT_H
#define PIXELSHIFT_FDCT_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

/* What coefficients are divided by, rows first; the transform leaves a factor of 8. */
typedef struct {
    uint16_t divisor[64];
    uint16_t half[64];                 /* of the divisor */
    uint16_t multiplier[64], rest[64]; /* n / divisor = (n * multiplier >> 16) * rest >> 16 for any n below 2^15 */
} pixelshift_fdct_quantiser;

/* `quantiser`: rows first, each 1 to 255. */
void pixelshift_fdct_quantiser_init(pixelshift_fdct_quantiser *to, const uint16_t quantiser[64]);

/*
 * Transforms the samples rows[0..7][x..x+7] into block[64], rows first, 16-byte aligned. Returns which coefficients are
 * not zero: bit i for block[i].
 */
typedef uint64_t (*pixelshift_fdct)(int16_t *block, const uint8_t *const rows[8], size_t x,
                                    const pixelshift_fdct_quantiser *quantiser);

pixelshift_fdct pixelshift_fdct_kernel(pixelshift_cpu_level level);

#endif
