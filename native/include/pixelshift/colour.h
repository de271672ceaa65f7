/*
 * Edits in CIELAB (D65) of 8-bit sRGB, and luminance in linear light, with the constants of libvips.
 *
 * Rows hold RGB or RGBA; alpha is carried over. Arithmetic is single precision in a fixed order, so all levels agree.
 */
#ifndef PIXELSHIFT_COLOUR_H
#define PIXELSHIFT_COLOUR_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

enum { PIXELSHIFT_COLOUR_LEVELS = 256 };

/*
 * The curve of sRGB (IEC 61966-2-1) both ways. Libvips encodes 8-bit results by straight lines between whole levels,
 * and so does all of this; the curve itself would differ by up to two levels in the shadows.
 */
typedef struct {
    float linear[PIXELSHIFT_COLOUR_LEVELS]; /* linear light 0-1 of each level */
    /* Of linear light n / 255: the rise to the next level, and from bit 16 on twice the level and one. */
    int32_t encoded[PIXELSHIFT_COLOUR_LEVELS];
} pixelshift_colour_tables;

void pixelshift_colour_tables_init(pixelshift_colour_tables *tables);

/* L' = scale L + offset, and (a, b) by a 2x2 matrix. */
typedef struct {
    float scale, offset, aa, ab, ba, bb;
} pixelshift_colour_adjustment;

/* L in 1/327.67, a and b in 1/256, fractions cut: libvips' LABS. */
typedef struct {
    uint16_t *light;
    int16_t *a, *b;
} pixelshift_colour_planes;

/*
 * What sharpening adds to L: a curve over its difference from smoothed L, with the slope m1 up to x1 either way and m2
 * beyond, of y2 at most and -y3 at least. In steps of L.
 */
typedef struct {
    float m1, m2, x1, y2, y3;
} pixelshift_colour_sharpening;

typedef struct {
    void (*adjust)(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                   const pixelshift_colour_adjustment *adjustment, size_t pixels, size_t channels);
    void (*split)(pixelshift_colour_planes dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                  size_t pixels, size_t channels);
    /* dst holds the alpha that stays. */
    void (*join)(uint8_t *dst, pixelshift_colour_planes src, const pixelshift_colour_tables *tables, size_t pixels,
                 size_t channels);
    /* The same with L sharpened against `smooth`. */
    void (*sharpen)(uint8_t *dst, pixelshift_colour_planes src, const uint16_t *smooth,
                    const pixelshift_colour_tables *tables, const pixelshift_colour_sharpening *sharpening,
                    size_t pixels, size_t channels);
    /* L 0-100 with its fraction cut. */
    void (*lightness)(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables, size_t pixels,
                      size_t channels);
    /* The grey level of equal luminance (Rec. 709 weights). */
    void (*luminance)(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables, size_t pixels,
                      size_t channels);
} pixelshift_colour_kernels_table;

const pixelshift_colour_kernels_table *pixelshift_colour_kernels(pixelshift_cpu_level level);

#endif
