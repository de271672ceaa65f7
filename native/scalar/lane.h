/*
 * Single-precision arithmetic on one value: the scalar face of formulas that are written once for all levels. The twin
 * in native/avx2 does the same on eight values; both round as IEEE 754 says, and neither fuses operations.
 */
#ifndef PIXELSHIFT_SCALAR_LANE_H
#define PIXELSHIFT_SCALAR_LANE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float lane;

static inline lane lane_set(float x) {
    return x;
}
static inline lane lane_add(lane x, lane y) {
    return x + y;
}
static inline lane lane_sub(lane x, lane y) {
    return x - y;
}
static inline lane lane_mul(lane x, lane y) {
    return x * y;
}
static inline lane lane_div(lane x, lane y) {
    return x / y;
}
/* As the vector instructions have it: the second operand where the comparison is false, NaN included. */
static inline lane lane_min(lane x, lane y) {
    return x < y ? x : y;
}
static inline lane lane_max(lane x, lane y) {
    return x > y ? x : y;
}
static inline lane lane_sqrt(lane x) {
    return sqrtf(x);
}
static inline lane lane_if_less(lane x, lane y, lane a, lane b) {
    return x < y ? a : b;
}

typedef int32_t lane_int;

/* The whole part. */
static inline lane_int lane_cut(lane x) {
    return (int32_t)x;
}
static inline lane lane_float(lane_int x) {
    return (float)x;
}
static inline lane_int lane_bits(lane x) {
    lane_int bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline lane lane_from_bits(lane_int x) {
    lane value;
    memcpy(&value, &x, sizeof value);
    return value;
}

#endif
