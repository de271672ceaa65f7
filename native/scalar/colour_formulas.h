/* The colour formulas, written once for all levels; the including file first includes its own lane.h. */
#include "pixelshift/colour.h"

typedef struct {
    lane x, y, z;
} lane_triple;

static inline lane dot(lane_triple v, float x, float y, float z) {
    lane sum = lane_add(lane_mul(lane_set(x), v.x), lane_mul(lane_set(y), v.y));
    return lane_add(sum, lane_mul(lane_set(z), v.z));
}

/* Cube root of x > 0: a third of the exponent, then Halley's step twice (each triples the digits). */
static inline lane cube_root(lane x) {
    lane third = lane_mul(lane_float(lane_bits(x)), lane_set(1.0f / 3.0f));
    lane root = lane_from_bits(lane_cut(lane_add(third, lane_set(709921077.0f))));
    for (int i = 0; i < 2; i++) {
        lane cube = lane_mul(lane_mul(root, root), root);
        lane above = lane_add(cube, lane_add(x, x)), below = lane_add(lane_add(cube, cube), x);
        root = lane_div(lane_mul(root, above), below);
    }
    return root;
}

/* f of CIE 1976. */
static inline lane lab_curve(lane x) {
    lane line = lane_add(lane_mul(lane_set(7.787f), x), lane_set(16.0f / 116.0f));
    return lane_if_less(x, lane_set(0.008856f), line, cube_root(x));
}

/* Lab of linear light; X, Y, Z are relative to white (95.0470, 100, 108.8827). */
static inline lane_triple to_lab(lane_triple linear) {
    lane x = lab_curve(dot(linear, 41.24f / 95.0470f, 35.76f / 95.0470f, 18.056f / 95.0470f));
    lane y = lab_curve(dot(linear, 0.2126f, 0.7152f, 0.0722f));
    lane z = lab_curve(dot(linear, 1.93f / 108.8827f, 11.92f / 108.8827f, 95.05f / 108.8827f));
    lane_triple lab = {
        lane_sub(lane_mul(lane_set(116.0f), y), lane_set(16.0f)),
        lane_mul(lane_set(500.0f), lane_sub(x, y)),
        lane_mul(lane_set(200.0f), lane_sub(y, z)),
    };
    return lab;
}

static inline lane inverse_curve(lane f) {
    lane line = lane_div(lane_sub(f, lane_set(0.13793f)), lane_set(7.787f));
    return lane_if_less(f, lane_set(0.2069f), line, lane_mul(lane_mul(f, f), f));
}

static inline lane_triple from_lab(lane_triple lab) {
    const lane eight = lane_set(8.0f);
    lane dark = lane_div(lab.x, lane_set(903.3f));
    lane dark_curve = lane_add(lane_mul(lane_set(7.787f), dark), lane_set(16.0f / 116.0f));
    lane light_curve = lane_div(lane_add(lab.x, lane_set(16.0f)), lane_set(116.0f));
    lane f = lane_if_less(lab.x, eight, dark_curve, light_curve);
    lane y = lane_if_less(lab.x, eight, dark, lane_mul(lane_mul(f, f), f));
    lane x = inverse_curve(lane_add(lane_div(lab.y, lane_set(500.0f)), f));
    lane z = inverse_curve(lane_sub(f, lane_div(lab.z, lane_set(200.0f))));
    lane_triple xyz = {lane_mul(x, lane_set(0.950470f)), y, lane_mul(z, lane_set(1.088827f))};
    lane_triple linear = {
        dot(xyz, 3.2406f, -1.5372f, -0.4986f),
        dot(xyz, -0.9689f, 1.8758f, 0.0415f),
        dot(xyz, 0.0557f, -0.2040f, 1.0570f),
    };
    return linear;
}

/* Level of linear light: a straight line between the entries of the table, rounded, clipped. */
static inline lane_int encode(lane linear, const float *encoded) {
    lane scaled = lane_mul(linear, lane_set(255.0f));
    scaled = lane_min(lane_max(scaled, lane_set(0.0f)), lane_set(255.0f));
    lane_int below = lane_cut(scaled);
    lane low = lane_take(encoded, below), high = lane_take(encoded, lane_next(below));
    lane level = lane_add(low, lane_mul(lane_sub(high, low), lane_sub(scaled, lane_float(below))));
    return lane_cut(lane_add(level, lane_set(0.5f)));
}

static inline lane_triple adjust_lab(lane_triple lab, const pixelshift_colour_adjustment *by) {
    lane_triple result = {
        lane_add(lane_mul(lane_set(by->scale), lab.x), lane_set(by->offset)),
        lane_add(lane_mul(lane_set(by->aa), lab.y), lane_mul(lane_set(by->ab), lab.z)),
        lane_add(lane_mul(lane_set(by->ba), lab.y), lane_mul(lane_set(by->bb), lab.z)),
    };
    return result;
}

static inline lane clip(lane x, float low, float high) {
    return lane_min(lane_max(x, lane_set(low)), lane_set(high));
}
