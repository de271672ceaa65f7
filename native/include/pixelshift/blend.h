/*
 * Compositing of 8-bit pictures: every blend mode of libvips, and the watermark path.
 *
 * Pictures are rows of RGBA (or RGB where a name says so), alpha not premultiplied. Modes follow libvips, which
 * computes on premultiplied colours throughout: Porter and Duff (1984) for the first fourteen, where `atop` and
 * `dest-atop` leave out the other picture's alpha, and the separable modes of PDF 1.7 (11.3.5) for the rest, fed
 * premultiplied colours. For opaque pictures all but `dest-atop` agree with the textbook.
 */
#ifndef PIXELSHIFT_BLEND_H
#define PIXELSHIFT_BLEND_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

typedef enum {
    PIXELSHIFT_BLEND_CLEAR,
    PIXELSHIFT_BLEND_SOURCE,
    PIXELSHIFT_BLEND_OVER,
    PIXELSHIFT_BLEND_IN,
    PIXELSHIFT_BLEND_OUT,
    PIXELSHIFT_BLEND_ATOP,
    PIXELSHIFT_BLEND_DEST,
    PIXELSHIFT_BLEND_DEST_OVER,
    PIXELSHIFT_BLEND_DEST_IN,
    PIXELSHIFT_BLEND_DEST_OUT,
    PIXELSHIFT_BLEND_DEST_ATOP,
    PIXELSHIFT_BLEND_XOR,
    PIXELSHIFT_BLEND_ADD,
    PIXELSHIFT_BLEND_SATURATE,
    PIXELSHIFT_BLEND_MULTIPLY,
    PIXELSHIFT_BLEND_SCREEN,
    PIXELSHIFT_BLEND_OVERLAY,
    PIXELSHIFT_BLEND_DARKEN,
    PIXELSHIFT_BLEND_LIGHTEN,
    PIXELSHIFT_BLEND_COLOUR_DODGE,
    PIXELSHIFT_BLEND_COLOUR_BURN,
    PIXELSHIFT_BLEND_HARD_LIGHT,
    PIXELSHIFT_BLEND_SOFT_LIGHT,
    PIXELSHIFT_BLEND_DIFFERENCE,
    PIXELSHIFT_BLEND_EXCLUSION,
} pixelshift_blend_mode;

typedef struct {
    /* Blend `pixels` of overlay onto base, in place; overlay alpha is first scaled by opacity / 255. */
    void (*rgba)(uint8_t *base, const uint8_t *overlay, size_t pixels, pixelshift_blend_mode mode, uint32_t opacity);
    /* `over` onto opaque RGB, in place. */
    void (*over_rgb)(uint8_t *base, const uint8_t *overlay, size_t pixels, uint32_t opacity);
    /* RGBA to premultiplied RGBA, fractions cut as in libvips; dst may be src. */
    void (*premultiply)(uint8_t *dst, const uint8_t *src, size_t pixels);
    /* Back again, in single precision, clipped and cut; dst may be src. */
    void (*unpremultiply)(uint8_t *dst, const uint8_t *src, size_t pixels);
    /* The same from levels beyond 0-255, alpha's too: only what comes out is clipped. */
    void (*unpremultiply_real)(uint8_t *dst, const float *src, size_t pixels);
} pixelshift_blend_kernels_table;

const pixelshift_blend_kernels_table *pixelshift_blend_kernels(pixelshift_cpu_level level);

#endif
