/* The walks over the picture around the kernels, and the table of kernels per level. */
#include "../scalar/convolve.h"

#include <string.h>

#define TABLE(level)                                                                                                   \
    {pixelshift_convolve_difference_u8_##level, pixelshift_convolve_difference_u16_##level,                            \
     pixelshift_convolve_add_u8_##level,        pixelshift_convolve_add_u16_##level,                                   \
     pixelshift_convolve_divide_u8_##level,     pixelshift_convolve_divide_u16_##level,                                \
     pixelshift_convolve_correlate_##level,     pixelshift_convolve_correlate_real_##level}

static const pixelshift_convolve_kernels_table SCALAR = TABLE(scalar);

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_convolve_kernels_table AVX2 = TABLE(avx2);
#endif

const pixelshift_convolve_kernels_table *pixelshift_convolve_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}

/* factor = ceil(2^shift / total) errs by less than total / 2^shift, too little to matter below 2^31. */
static pixelshift_convolve_quotient divide_by(uint32_t total) {
    pixelshift_convolve_quotient quotient = {total / 2, 0, 31};
    uint64_t factor = 0;
    for (uint32_t shift = 31; shift < 63; shift++) {
        uint64_t next = (((uint64_t)1 << shift) + total - 1) / total;
        if (next > UINT32_MAX) {
            break;
        }
        factor = next;
        quotient.shift = shift;
    }
    quotient.factor = (uint32_t)factor;
    return quotient;
}

int pixelshift_convolve_mask_init(pixelshift_convolve_mask *mask, const int32_t *weight, size_t radius) {
    if (radius > PIXELSHIFT_CONVOLVE_RADIUS_LIMIT || weight[0] > PIXELSHIFT_CONVOLVE_BOXES || weight[radius] < 1) {
        return 0;
    }
    uint32_t total = (uint32_t)weight[0];
    mask->radius = radius;
    mask->weight = weight;
    mask->boxes = 0;
    for (size_t r = 0; r <= radius; r++) {
        int32_t next = r < radius ? weight[r + 1] : 0;
        /* Below 0 there are more steps than boxes, and differences that no integer holds. */
        if (next < 0 || next > weight[r]) {
            return 0;
        }
        int32_t step = weight[r] - next;
        if (step > 0) {
            mask->box_radius[mask->boxes] = r;
            mask->box_weight[mask->boxes++] = (int16_t)step;
        }
        total += r > 0 ? 2 * (uint32_t)weight[r] : 0;
    }
    /* Sums of 15-bit samples must keep below 2^31. */
    if (total > 65000) {
        return 0;
    }
    mask->quotient = divide_by(total);
    return 1;
}

size_t pixelshift_convolve_scratch_bytes(const pixelshift_convolve_shape *shape, const pixelshift_convolve_mask *mask) {
    size_t samples = shape->columns * shape->channels, margins = 2 * (mask->radius + 1) * shape->channels;
    return samples * (2 * sizeof(int32_t)) + (samples + margins) * sizeof(uint16_t);
}

#define SAMPLE uint8_t
#define CHANGE int16_t
#define WALK(name) name##_u8
#define KERNEL(kernels, name) (kernels)->name##_u8
#include "convolve_walk.h"
#undef SAMPLE
#undef CHANGE
#undef WALK
#undef KERNEL

#define SAMPLE uint16_t
#define CHANGE int32_t
#define WALK(name) name##_u16
#define KERNEL(kernels, name) (kernels)->name##_u16
#include "convolve_walk.h"
