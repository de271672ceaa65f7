#ifndef PIXELSHIFT_SCALAR_YCBCR_H
#define PIXELSHIFT_SCALAR_YCBCR_H

#include <stddef.h>
#include <stdint.h>

void pixelshift_ycbcr_from_rgb_scalar(uint8_t *y, uint8_t *cb, uint8_t *cr, const uint8_t *rgb, size_t pixels);
void pixelshift_ycbcr_to_rgb_scalar(uint8_t *rgb, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
                                    size_t pixels);
void pixelshift_ycbcr_halve_scalar(uint8_t *dst, const uint8_t *upper, const uint8_t *lower, size_t samples);

#endif
