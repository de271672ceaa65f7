/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_COLOUR_H
#define PIXELSHIFT_SCALAR_COLOUR_H

#include "pixelshift/colour.h"

#define PIXELSHIFT_COLOUR_DECLARE(level)                                                                               \
    void pixelshift_colour_adjust_##level(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,    \
                                          const pixelshift_colour_adjustment *adjustment, size_t pixels,               \
                                          size_t channels);                                                            \
    void pixelshift_colour_split_##level(pixelshift_colour_planes dst, const uint8_t *src,                             \
                                         const pixelshift_colour_tables *tables, size_t pixels, size_t channels);      \
    void pixelshift_colour_join_##level(uint8_t *dst, pixelshift_colour_planes src,                                    \
                                        const pixelshift_colour_tables *tables, size_t pixels, size_t channels);       \
    void pixelshift_colour_sharpen_##level(                                                                            \
        uint8_t *dst, pixelshift_colour_planes src, const uint16_t *smooth, const pixelshift_colour_tables *tables,    \
        const pixelshift_colour_sharpening *sharpening, size_t pixels, size_t channels);                               \
    void pixelshift_colour_lightness_##level(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables, \
                                             size_t pixels, size_t channels);                                          \
    void pixelshift_colour_luminance_##level(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables, \
                                             size_t pixels, size_t channels);

PIXELSHIFT_COLOUR_DECLARE(scalar)
PIXELSHIFT_COLOUR_DECLARE(avx2)

#endif
