/*
 * The blend formulas, written once for all levels; the including file first includes its own lane.h. A is the new
 * picture, B what lies below; both premultiplied, 0 to 1.
 */
#include "pixelshift/blend.h"

#define ONE lane_set(1.0f)
#define NOT(x) lane_sub(ONE, x)
#define TWICE(x) lane_add(x, x)

static inline __attribute__((always_inline)) lane blend_alpha(pixelshift_blend_mode mode, lane a, lane b) {
    switch (mode) {
    case PIXELSHIFT_BLEND_CLEAR:
        return lane_set(0.0f);
    case PIXELSHIFT_BLEND_SOURCE:
    case PIXELSHIFT_BLEND_DEST_ATOP:
        return a;
    case PIXELSHIFT_BLEND_IN:
    case PIXELSHIFT_BLEND_DEST_IN:
        return lane_mul(a, b);
    case PIXELSHIFT_BLEND_OUT:
        return lane_mul(a, NOT(b));
    case PIXELSHIFT_BLEND_ATOP:
    case PIXELSHIFT_BLEND_DEST:
        return b;
    case PIXELSHIFT_BLEND_DEST_OUT:
        return lane_mul(NOT(a), b);
    case PIXELSHIFT_BLEND_XOR:
        return lane_add(lane_mul(a, NOT(b)), lane_mul(b, NOT(a)));
    case PIXELSHIFT_BLEND_ADD:
    case PIXELSHIFT_BLEND_SATURATE:
        return lane_min(ONE, lane_add(a, b));
    default: /* over, dest-over and all PDF modes */
        return lane_add(a, lane_mul(b, NOT(a)));
    }
}

static inline __attribute__((always_inline)) lane soft_light(lane x, lane y) {
    lane cubic =
        lane_mul(lane_add(lane_mul(lane_sub(lane_mul(lane_set(16.0f), y), lane_set(12.0f)), y), lane_set(4.0f)), y);
    lane light = lane_if_less(lane_set(0.25f), y, lane_sqrt(y), cubic);
    lane darker = lane_sub(y, lane_mul(lane_mul(NOT(TWICE(x)), y), NOT(y)));
    lane lighter = lane_add(y, lane_mul(lane_sub(TWICE(x), ONE), lane_sub(light, y)));
    return lane_if_less(lane_set(0.5f), x, lighter, darker);
}

/* Multiply below one half of `side`, screen above. */
static inline __attribute__((always_inline)) lane multiply_or_screen(lane x, lane y, lane side) {
    lane screen = NOT(TWICE(lane_mul(NOT(x), NOT(y))));
    return lane_if_less(lane_set(0.5f), side, screen, TWICE(lane_mul(x, y)));
}

/* The blend function of a PDF mode. */
static inline __attribute__((always_inline)) lane blend_function(pixelshift_blend_mode mode, lane x, lane y) {
    switch (mode) {
    case PIXELSHIFT_BLEND_MULTIPLY:
        return lane_mul(x, y);
    case PIXELSHIFT_BLEND_SCREEN:
        return lane_sub(lane_add(x, y), lane_mul(x, y));
    case PIXELSHIFT_BLEND_OVERLAY:
        return multiply_or_screen(x, y, y);
    case PIXELSHIFT_BLEND_DARKEN:
        return lane_min(x, y);
    case PIXELSHIFT_BLEND_LIGHTEN:
        return lane_max(x, y);
    case PIXELSHIFT_BLEND_COLOUR_DODGE:
        return lane_if_less(x, ONE, lane_min(ONE, lane_div(y, NOT(x))), ONE);
    case PIXELSHIFT_BLEND_COLOUR_BURN:
        return lane_if_less(lane_set(0.0f), x, NOT(lane_min(ONE, lane_div(NOT(y), x))), lane_set(0.0f));
    case PIXELSHIFT_BLEND_HARD_LIGHT:
        return multiply_or_screen(x, y, x);
    case PIXELSHIFT_BLEND_SOFT_LIGHT:
        return soft_light(x, y);
    case PIXELSHIFT_BLEND_DIFFERENCE:
        return lane_max(lane_sub(x, y), lane_sub(y, x));
    default: /* exclusion */
        return lane_sub(lane_add(x, y), TWICE(lane_mul(x, y)));
    }
}

/* One premultiplied colour channel of the result: x with alpha a laid onto y with alpha b. */
static inline __attribute__((always_inline)) lane blend_colour(pixelshift_blend_mode mode, lane x, lane a, lane y,
                                                               lane b) {
    switch (mode) {
    case PIXELSHIFT_BLEND_CLEAR:
        return lane_set(0.0f);
    case PIXELSHIFT_BLEND_SOURCE:
        return x;
    case PIXELSHIFT_BLEND_OVER:
    case PIXELSHIFT_BLEND_ATOP:
        return lane_add(x, lane_mul(NOT(a), y));
    case PIXELSHIFT_BLEND_IN:
        return lane_mul(x, b);
    case PIXELSHIFT_BLEND_OUT:
        return lane_mul(x, NOT(b));
    case PIXELSHIFT_BLEND_DEST:
        return y;
    case PIXELSHIFT_BLEND_DEST_OVER:
    case PIXELSHIFT_BLEND_DEST_ATOP:
        return lane_add(y, lane_mul(NOT(b), x));
    case PIXELSHIFT_BLEND_DEST_IN:
        return lane_mul(y, a);
    case PIXELSHIFT_BLEND_DEST_OUT:
        return lane_mul(y, NOT(a));
    case PIXELSHIFT_BLEND_XOR:
        return lane_add(lane_mul(NOT(b), x), lane_mul(NOT(a), y));
    case PIXELSHIFT_BLEND_ADD:
        return lane_add(x, y);
    case PIXELSHIFT_BLEND_SATURATE:
        return lane_add(lane_mul(lane_min(a, NOT(b)), x), y);
    default: {
        lane apart = lane_add(lane_mul(NOT(b), x), lane_mul(NOT(a), y));
        return lane_add(apart, lane_mul(lane_mul(a, b), blend_function(mode, x, y)));
    }
    }
}

/* 8-bit level, plus one half to be cut, of a premultiplied colour; 0 where nothing covers it. */
static inline __attribute__((always_inline)) lane blend_level(lane colour, lane alpha) {
    lane level = lane_add(lane_mul(lane_div(colour, alpha), lane_set(255.0f)), lane_set(0.5f));
    lane clipped = lane_min(lane_max(level, lane_set(0.0f)), lane_set(255.0f));
    return lane_if_less(lane_set(0.0f), alpha, clipped, lane_set(0.0f));
}

static inline __attribute__((always_inline)) lane blend_clip(lane level) {
    return lane_min(lane_max(level, lane_set(0.0f)), lane_set(255.0f));
}

/* Level of a colour weighted by alpha, both 0-255 or beyond, to be cut; 0 where alpha is 0. */
static inline __attribute__((always_inline)) lane blend_unweighted(lane colour, lane alpha) {
    lane factor = lane_div(lane_set(255.0f), alpha);
    lane size = lane_max(alpha, lane_sub(lane_set(0.0f), alpha));
    return lane_if_less(lane_set(0.0f), size, blend_clip(lane_mul(factor, colour)), lane_set(0.0f));
}

/* One call per mode, so that each loop is compiled with its mode as a constant. */
#define BLEND_EACH_MODE(ROW)                                                                                           \
    ROW(PIXELSHIFT_BLEND_CLEAR)                                                                                        \
    ROW(PIXELSHIFT_BLEND_SOURCE)                                                                                       \
    ROW(PIXELSHIFT_BLEND_OVER)                                                                                         \
    ROW(PIXELSHIFT_BLEND_IN)                                                                                           \
    ROW(PIXELSHIFT_BLEND_OUT)                                                                                          \
    ROW(PIXELSHIFT_BLEND_ATOP)                                                                                         \
    ROW(PIXELSHIFT_BLEND_DEST)                                                                                         \
    ROW(PIXELSHIFT_BLEND_DEST_OVER)                                                                                    \
    ROW(PIXELSHIFT_BLEND_DEST_IN)                                                                                      \
    ROW(PIXELSHIFT_BLEND_DEST_OUT)                                                                                     \
    ROW(PIXELSHIFT_BLEND_DEST_ATOP)                                                                                    \
    ROW(PIXELSHIFT_BLEND_XOR)                                                                                          \
    ROW(PIXELSHIFT_BLEND_ADD)                                                                                          \
    ROW(PIXELSHIFT_BLEND_SATURATE)                                                                                     \
    ROW(PIXELSHIFT_BLEND_MULTIPLY)                                                                                     \
    ROW(PIXELSHIFT_BLEND_SCREEN)                                                                                       \
    ROW(PIXELSHIFT_BLEND_OVERLAY)                                                                                      \
    ROW(PIXELSHIFT_BLEND_DARKEN)                                                                                       \
    ROW(PIXELSHIFT_BLEND_LIGHTEN)                                                                                      \
    ROW(PIXELSHIFT_BLEND_COLOUR_DODGE)                                                                                 \
    ROW(PIXELSHIFT_BLEND_COLOUR_BURN)                                                                                  \
    ROW(PIXELSHIFT_BLEND_HARD_LIGHT)                                                                                   \
    ROW(PIXELSHIFT_BLEND_SOFT_LIGHT)                                                                                   \
    ROW(PIXELSHIFT_BLEND_DIFFERENCE)                                                                                   \
    ROW(PIXELSHIFT_BLEND_EXCLUSION)
