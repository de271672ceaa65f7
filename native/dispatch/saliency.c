#include "../scalar/saliency.h"

static const pixelshift_saliency_kernels_table SCALAR = {
    pixelshift_saliency_luma_scalar,
    pixelshift_saliency_mark_scalar,
    pixelshift_saliency_sum_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_saliency_kernels_table AVX2 = {
    pixelshift_saliency_luma_avx2,
    pixelshift_saliency_mark_avx2,
    pixelshift_saliency_sum_avx2,
};
#endif

const pixelshift_saliency_kernels_table *pixelshift_saliency_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}
