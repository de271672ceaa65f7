/* Sharpening by the 3x3 kernel of -1 around 32, divided by 24. */
#ifndef PIXELSHIFT_SHARPEN_H
#define PIXELSHIFT_SHARPEN_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

/*
 * One row of `pixels` pixels of `channels` interleaved samples, clipped. The outermost pixels have themselves for
 * neighbours. `bias` is added before the division, whose fraction is cut: 0, or 12 to round.
 */
typedef void (*pixelshift_sharpen_row)(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                       size_t pixels, size_t channels, uint16_t bias);

pixelshift_sharpen_row pixelshift_sharpen_kernel(pixelshift_cpu_level level);

#endif
