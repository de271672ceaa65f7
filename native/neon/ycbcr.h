/* Kernels of the NEON level, for the table in native/dispatch. */
#ifndef PIXELSHIFT_NEON_YCBCR_H
#define PIXELSHIFT_NEON_YCBCR_H

#include <stddef.h>
#include <stdint.h>

void pixelshift_ycbcr_to_rgb_neon(uint8_t *rgb, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, size_t pixels);

#endif
