/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_BLEND_H
#define PIXELSHIFT_SCALAR_BLEND_H

#include "pixelshift/blend.h"

void pixelshift_blend_rgba_scalar(uint8_t *base, const uint8_t *overlay, size_t pixels, pixelshift_blend_mode mode,
                                  uint32_t opacity);
void pixelshift_blend_over_rgb_scalar(uint8_t *base, const uint8_t *overlay, size_t pixels, uint32_t opacity);
void pixelshift_blend_premultiply_scalar(uint8_t *dst, const uint8_t *src, size_t pixels);
void pixelshift_blend_unpremultiply_scalar(uint8_t *dst, const uint8_t *src, size_t pixels);
void pixelshift_blend_unpremultiply_real_scalar(uint8_t *dst, const float *src, size_t pixels);

void pixelshift_blend_rgba_avx2(uint8_t *base, const uint8_t *overlay, size_t pixels, pixelshift_blend_mode mode,
                                uint32_t opacity);
void pixelshift_blend_over_rgb_avx2(uint8_t *base, const uint8_t *overlay, size_t pixels, uint32_t opacity);
void pixelshift_blend_premultiply_avx2(uint8_t *dst, const uint8_t *src, size_t pixels);
void pixelshift_blend_unpremultiply_avx2(uint8_t *dst, const uint8_t *src, size_t pixels);
void pixelshift_blend_unpremultiply_real_avx2(uint8_t *dst, const float *src, size_t pixels);

#endif
