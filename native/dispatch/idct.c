#include "pixelshift/idct.h"

#include "../scalar/idct.h"
#if PIXELSHIFT_HAVE_AVX2
#include "../avx2/idct.h"
#endif
#if PIXELSHIFT_HAVE_NEON
#include "../neon/idct.h"
#endif

static const pixelshift_idct_kernels_table SCALAR = {
    .to_8 = pixelshift_idct_to_8_scalar,
    .corner_to_8 = pixelshift_idct_to_8_scalar,
    .to_4 = pixelshift_idct_to_4_scalar,
    .row_to_3 = pixelshift_idct_row_to_3_scalar,
    .row_to_2 = pixelshift_idct_row_to_2_scalar,
    .row_to_1 = pixelshift_idct_row_to_1_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_idct_kernels_table AVX2 = {
    .to_8 = pixelshift_idct_to_8_avx2,
    .corner_to_8 = pixelshift_idct_corner_to_8_avx2,
    .to_4 = pixelshift_idct_to_4_avx2,
    .row_to_3 = pixelshift_idct_row_to_3_avx2,
    .row_to_2 = pixelshift_idct_row_to_2_avx2,
    .row_to_1 = pixelshift_idct_row_to_1_avx2,
};
#endif

#if PIXELSHIFT_HAVE_NEON
/* To 3, 2 and 1 by what gcc makes of the scalar code. */
static const pixelshift_idct_kernels_table NEON = {
    .to_8 = pixelshift_idct_to_8_neon,
    .corner_to_8 = pixelshift_idct_to_8_neon,
    .to_4 = pixelshift_idct_to_4_neon,
    .row_to_3 = pixelshift_idct_row_to_3_scalar,
    .row_to_2 = pixelshift_idct_row_to_2_scalar,
    .row_to_1 = pixelshift_idct_row_to_1_scalar,
};
#endif

const pixelshift_idct_kernels_table *pixelshift_idct_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    return level >= PIXELSHIFT_CPU_AVX2 ? &AVX2 : &SCALAR;
#elif PIXELSHIFT_HAVE_NEON
    return level >= PIXELSHIFT_CPU_NEON ? &NEON : &SCALAR;
#else
    (void)level;
    return &SCALAR;
#endif
}
