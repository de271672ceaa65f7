/* The colour formulas, written once for all levels; the including file first includes its own lane.h. */
#include "pixelshift/colour.h"

typedef struct {
    lane x, y, z;
} lane_triple;

static inline lane dot(lane_triple v, float x, float y, float z) {
    lane sum = lane_add(lane_mul(lane_set(x), v.x), lane_mul(lane_set(y), v.y));
    return lane_add(sum, lane_mul(lane_set(z), v.z));
}

/*
 * Cube root of x > 0, to 5e-7 of it. A third of the exponent gives y, near 1 / root, and so x y^2; what is missing is
 * the factor (1 - h)^(-2/3) with h = 1 - x y^3 within 0.103 of 0: a polynomial, whose coefficients are the least
 * maximum of the error over that range.
 */
static inline lane cube_root(lane x) {
    lane third = lane_mul(lane_float(lane_bits(x)), lane_set(-1.0f / 3.0f));
    lane y = lane_from_bits(lane_cut(lane_add(third, lane_set(1419900000.0f))));
    lane root = lane_mul(x, lane_mul(y, y));
    lane h = lane_sub(lane_set(1.0f), lane_mul(root, y));
    lane series = lane_add(lane_mul(lane_set(0.45963606f), h), lane_set(0.49934706f));
    series = lane_add(lane_mul(series, h), lane_set(0.5555268f));
    series = lane_add(lane_mul(series, h), lane_set(0.6666525f));
    return lane_add(root, lane_mul(root, lane_mul(h, series)));
}

/* f of CIE 1976. */
static inline lane lab_curve(lane x) {
    lane line = lane_add(lane_mul(lane_set(7.787f), x), lane_set(16.0f / 116.0f));
    return lane_if_less(x, lane_set(0.008856f), line, cube_root(x));
}

/* Of linear light; relative to white (95.0470, 100, 108.8827). */
static inline lane_triple to_xyz(lane_triple linear) {
    lane_triple xyz = {
        dot(linear, 41.24f / 95.0470f, 35.76f / 95.0470f, 18.056f / 95.0470f),
        dot(linear, 0.2126f, 0.7152f, 0.0722f),
        dot(linear, 1.93f / 108.8827f, 11.92f / 108.8827f, 95.05f / 108.8827f),
    };
    return xyz;
}

/* Of what the curve makes of X, Y and Z. */
static inline lane_triple lab_of_curves(lane_triple f) {
    lane_triple lab = {
        lane_sub(lane_mul(lane_set(116.0f), f.y), lane_set(16.0f)),
        lane_mul(lane_set(500.0f), lane_sub(f.x, f.y)),
        lane_mul(lane_set(200.0f), lane_sub(f.y, f.z)),
    };
    return lab;
}

static inline lane_triple to_lab(lane_triple linear) {
    lane_triple xyz = to_xyz(linear);
    lane_triple curves = {lab_curve(xyz.x), lab_curve(xyz.y), lab_curve(xyz.z)};
    return lab_of_curves(curves);
}

static inline lane inverse_curve(lane f) {
    lane line = lane_mul(lane_sub(f, lane_set(0.13793f)), lane_set(1.0f / 7.787f));
    return lane_if_less(f, lane_set(0.2069f), line, lane_mul(lane_mul(f, f), f));
}

static inline lane_triple from_lab(lane_triple lab) {
    const lane eight = lane_set(8.0f);
    lane dark = lane_mul(lab.x, lane_set(1.0f / 903.3f));
    lane dark_curve = lane_add(lane_mul(lane_set(7.787f), dark), lane_set(16.0f / 116.0f));
    lane light_curve = lane_mul(lane_add(lab.x, lane_set(16.0f)), lane_set(1.0f / 116.0f));
    lane f = lane_if_less(lab.x, eight, dark_curve, light_curve);
    lane y = lane_if_less(lab.x, eight, dark, lane_mul(lane_mul(f, f), f));
    lane x = inverse_curve(lane_add(lane_mul(lab.y, lane_set(1.0f / 500.0f)), f));
    lane z = inverse_curve(lane_sub(f, lane_mul(lab.z, lane_set(1.0f / 200.0f))));
    lane_triple xyz = {x, y, z}; /* relative to white */
    lane_triple linear = {
        dot(xyz, 3.2406f * 0.950470f, -1.5372f, -0.4986f * 1.088827f),
        dot(xyz, -0.9689f * 0.950470f, 1.8758f, 0.0415f * 1.088827f),
        dot(xyz, 0.0557f * 0.950470f, -0.2040f, 1.0570f * 1.088827f),
    };
    return linear;
}

/* Linear light in parts of 1 / 255 / 2^16, clipped. */
static inline lane_int parts_of(lane linear) {
    const float most = 255 * 65536.0f;
    lane parts = lane_mul(linear, lane_set(most));
    return lane_cut(lane_min(lane_max(parts, lane_set(0.0f)), lane_set(most)));
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

/* The curve of a sharpening in parts of L, 1/327.67 each, ready for the loop. */
typedef struct {
    lane flat_slope, slope, flat, most, least;
} lane_sharpening;

static inline lane_sharpening sharpening_in_parts(const pixelshift_colour_sharpening *by) {
    const float parts = 327.67f;
    lane_sharpening result = {
        lane_set(by->m1),         lane_set(by->m2),          lane_set(by->x1 * parts),
        lane_set(by->y2 * parts), lane_set(-by->y3 * parts),
    };
    return result;
}

/*
 * Light sharpened against what is smooth around it, both in parts. The table of libvips stands one part beside the
 * difference, and so does this.
 */
static inline lane sharpened(lane light, lane smooth, const lane_sharpening *by) {
    const lane zero = lane_set(0.0f);
    lane difference = lane_add(lane_sub(light, smooth), lane_set(1.0f));
    lane flat = lane_min(lane_max(difference, lane_sub(zero, by->flat)), by->flat);
    lane added = lane_add(lane_mul(flat, by->flat_slope), lane_mul(lane_sub(difference, flat), by->slope));
    added = lane_min(lane_max(added, by->least), by->most);
    return lane_min(lane_max(lane_add(light, added), zero), lane_set(32767.0f));
}
