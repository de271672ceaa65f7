#include "pixelshift/ycbcr.h"

#include "../scalar/ycbcr.h"
#if PIXELSHIFT_HAVE_AVX2
#include "../avx2/ycbcr.h"
#endif
#if PIXELSHIFT_HAVE_NEON
#include "../neon/ycbcr.h"
#endif

static const pixelshift_ycbcr_kernels_table SCALAR = {
    pixelshift_ycbcr_from_rgb_scalar,
    pixelshift_ycbcr_to_rgb_scalar,
    pixelshift_ycbcr_halve_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_ycbcr_kernels_table AVX2 = {
    pixelshift_ycbcr_from_rgb_avx2,
    pixelshift_ycbcr_to_rgb_avx2,
    pixelshift_ycbcr_halve_avx2,
};
#endif

#if PIXELSHIFT_HAVE_NEON
/* The others by what gcc makes of the scalar code, which is near what can be done by hand. */
static const pixelshift_ycbcr_kernels_table NEON = {
    pixelshift_ycbcr_from_rgb_scalar,
    pixelshift_ycbcr_to_rgb_neon,
    pixelshift_ycbcr_halve_scalar,
};
#endif

const pixelshift_ycbcr_kernels_table *pixelshift_ycbcr_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    return level >= PIXELSHIFT_CPU_AVX2 ? &AVX2 : &SCALAR;
#elif PIXELSHIFT_HAVE_NEON
    return level >= PIXELSHIFT_CPU_NEON ? &NEON : &SCALAR;
#else
    (void)level;
    return &SCALAR;
#endif
}
