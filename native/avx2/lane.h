/* Single-precision arithmetic on eight values: the twin of native/scalar/lane.h. */
#ifndef PIXELSHIFT_AVX2_LANE_H
#define PIXELSHIFT_AVX2_LANE_H

#include <immintrin.h>
#include <stdint.h>

typedef __m256 lane;

static inline lane lane_set(float x) {
    return _mm256_set1_ps(x);
}
static inline lane lane_add(lane x, lane y) {
    return _mm256_add_ps(x, y);
}
static inline lane lane_sub(lane x, lane y) {
    return _mm256_sub_ps(x, y);
}
static inline lane lane_mul(lane x, lane y) {
    return _mm256_mul_ps(x, y);
}
static inline lane lane_div(lane x, lane y) {
    return _mm256_div_ps(x, y);
}
static inline lane lane_min(lane x, lane y) {
    return _mm256_min_ps(x, y);
}
static inline lane lane_max(lane x, lane y) {
    return _mm256_max_ps(x, y);
}
static inline lane lane_sqrt(lane x) {
    return _mm256_sqrt_ps(x);
}
static inline lane lane_if_less(lane x, lane y, lane a, lane b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, y, _CMP_LT_OQ));
}

typedef __m256i lane_int;

static inline lane_int lane_cut(lane x) {
    return _mm256_cvttps_epi32(x);
}
static inline lane lane_float(lane_int x) {
    return _mm256_cvtepi32_ps(x);
}
static inline lane_int lane_bits(lane x) {
    return _mm256_castps_si256(x);
}
static inline lane lane_from_bits(lane_int x) {
    return _mm256_castsi256_ps(x);
}

#endif
