#include "../scalar/blend.h"

static const pixelshift_blend_kernels_table SCALAR = {
    pixelshift_blend_rgba_scalar,
    pixelshift_blend_over_rgb_scalar,
    pixelshift_blend_premultiply_scalar,
    pixelshift_blend_unpremultiply_scalar,
    pixelshift_blend_unpremultiply_real_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_blend_kernels_table AVX2 = {
    pixelshift_blend_rgba_avx2,          pixelshift_blend_over_rgb_avx2,           pixelshift_blend_premultiply_avx2,
    pixelshift_blend_unpremultiply_avx2, pixelshift_blend_unpremultiply_real_avx2,
};
#endif

const pixelshift_blend_kernels_table *pixelshift_blend_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}
