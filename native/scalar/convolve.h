/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_CONVOLVE_H
#define PIXELSHIFT_SCALAR_CONVOLVE_H

#include "pixelshift/convolve.h"

#define PIXELSHIFT_CONVOLVE_DECLARE(level)                                                                             \
    void pixelshift_convolve_difference_##level(int16_t *dst, const uint8_t *const *enter,                             \
                                                const uint8_t *const *leave, const int16_t *weight, size_t boxes,      \
                                                size_t samples);                                                       \
    void pixelshift_convolve_add_##level(int32_t *sum, const int16_t *change, size_t samples);                         \
    void pixelshift_convolve_divide_##level(uint8_t *dst, const int32_t *sum,                                          \
                                            const pixelshift_convolve_quotient *quotient, size_t samples);             \
    void pixelshift_convolve_weigh_##level(uint16_t *dst, const uint16_t *const *tap,                                  \
                                           const pixelshift_convolve_mask *mask, size_t samples);                      \
    void pixelshift_convolve_correlate_##level(uint8_t *dst, const uint8_t *const *tap, const double *weight,          \
                                               size_t taps, double scale, double offset, size_t samples);              \
    void pixelshift_convolve_correlate_real_##level(float *dst, const uint8_t *const *tap, const double *weight,       \
                                                    size_t taps, double scale, double offset, size_t samples);

PIXELSHIFT_CONVOLVE_DECLARE(scalar)
PIXELSHIFT_CONVOLVE_DECLARE(avx2)

/* The same from sample `first` on, for what a twin leaves over. */
void pixelshift_convolve_difference_from(int16_t *dst, const uint8_t *const *enter, const uint8_t *const *leave,
                                         const int16_t *weight, size_t boxes, size_t first, size_t samples);
void pixelshift_convolve_correlate_from(uint8_t *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                        double scale, double offset, size_t first, size_t samples);
void pixelshift_convolve_correlate_real_from(float *dst, const uint8_t *const *tap, const double *weight, size_t taps,
                                             double scale, double offset, size_t first, size_t samples);

/* What keeps real results finite. */
#define PIXELSHIFT_CONVOLVE_REAL_LIMIT 1e9

static inline uint32_t pixelshift_convolve_divide(int32_t sum, const pixelshift_convolve_quotient *quotient) {
    uint64_t product = (uint64_t)((uint32_t)sum + quotient->half) * quotient->factor;
    return (uint32_t)(product >> quotient->shift);
}

#endif
