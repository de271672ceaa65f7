#include "../scalar/png.h"

static const pixelshift_png_kernels_table SCALAR = {
    pixelshift_png_unfilter_scalar,
    pixelshift_png_unfilter_paeth_pair_scalar,
    pixelshift_png_filter_scalar,
    pixelshift_png_weigh_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_png_kernels_table AVX2 = {
    pixelshift_png_unfilter_avx2,
    pixelshift_png_unfilter_paeth_pair_avx2,
    pixelshift_png_filter_avx2,
    pixelshift_png_weigh_avx2,
};
#endif

const pixelshift_png_kernels_table *pixelshift_png_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}
