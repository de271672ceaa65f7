#include "convolve.h"

void pixelshift_convolve_difference_from(int16_t *dst, const uint8_t *const *enter, const uint8_t *const *leave,
                                         const int16_t *weight, size_t boxes, size_t first, size_t samples) {
    for (size_t i = first; i < samples; i++) {
        int32_t change = 0;
        for (size_t j = 0; j < boxes; j++) {
            change += weight[j] * (enter[j][i] - leave[j][i]);
        }
        dst[i] = (int16_t)change;
    }
}

void pixelshift_convolve_difference_scalar(int16_t *dst, const uint8_t *const *enter, const uint8_t *const *leave,
                                           const int16_t *weight, size_t boxes, size_t samples) {
    pixelshift_convolve_difference_from(dst, enter, leave, weight, boxes, 0, samples);
}

void pixelshift_convolve_add_scalar(int32_t *sum, const int16_t *change, size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        sum[i] += change[i];
    }
}

void pixelshift_convolve_divide_scalar(uint8_t *dst, const int32_t *sum, const pixelshift_convolve_quotient *quotient,
                                       size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        dst[i] = (uint8_t)pixelshift_convolve_divide(sum[i], quotient);
    }
}

void pixelshift_convolve_weigh_scalar(uint16_t *dst, const uint16_t *const *tap, const pixelshift_convolve_mask *mask,
                                      size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        int32_t sum = mask->weight[0] * tap[mask->radius][i];
        for (size_t t = 1; t <= mask->radius; t++) {
            sum += mask->weight[t] * (tap[mask->radius - t][i] + tap[mask->radius + t][i]);
        }
        dst[i] = (uint16_t)pixelshift_convolve_divide(sum, &mask->quotient);
    }
}

static inline double correlated(const uint8_t *const *tap, const double *weight, size_t taps, double scale,
                                double offset, size_t at) {
    double sum = 0.0;
    for (size_t t = 0; t < taps; t++) {
        sum += weight[t] * (double)tap[t][at];
    }
    return sum / scale + offset;
}

/* The order of the comparisons sends NaN to the low end, as the vector instructions do. */
static inline double clipped(double value, double low, double high) {
    value = value > low ? value : low;
    return value < high ? value : high;
}

void pixelshift_convolve_correlate_from(uint8_t *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                        double scale, double offset, size_t first, size_t samples) {
    for (size_t i = first; i < samples; i++) {
        dst[i] = (uint8_t)(int32_t)clipped(correlated(tap, weight, taps, scale, offset, i), 0.0, 255.0);
    }
}

void pixelshift_convolve_correlate_scalar(uint8_t *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                          double scale, double offset, size_t samples) {
    pixelshift_convolve_correlate_from(dst, tap, weight, taps, scale, offset, 0, samples);
}

void pixelshift_convolve_correlate_real_from(float *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                             double scale, double offset, size_t first, size_t samples) {
    const double limit = PIXELSHIFT_CONVOLVE_REAL_LIMIT;
    for (size_t i = first; i < samples; i++) {
        dst[i] = (float)clipped(correlated(tap, weight, taps, scale, offset, i), -limit, limit);
    }
}

void pixelshift_convolve_correlate_real_scalar(float *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                               double scale, double offset, size_t samples) {
    pixelshift_convolve_correlate_real_from(dst, tap, weight, taps, scale, offset, 0, samples);
}
