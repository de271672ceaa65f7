#include "pixelshift/pettitt.h"

static const pixelshift_pettitt_table scalar = {
    .pass_i32 = pixelshift_pettitt_pass_i32,
    .pass_i64 = pixelshift_pettitt_pass_i64,
    .drop_i32 = pixelshift_pettitt_drop_i32,
    .drop_i64 = pixelshift_pettitt_drop_i64,
    .reaches_i32 = pixelshift_pettitt_reaches_i32,
    .reaches_i64 = pixelshift_pettitt_reaches_i64,
    .bound = pixelshift_pettitt_bound,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_pettitt_table avx2 = {
    .pass_i32 = pixelshift_pettitt_pass_i32_avx2,
    .pass_i64 = pixelshift_pettitt_pass_i64_avx2,
    .drop_i32 = pixelshift_pettitt_drop_i32_avx2,
    .drop_i64 = pixelshift_pettitt_drop_i64, /* rare: windows beyond 92,681 */
    .reaches_i32 = pixelshift_pettitt_reaches_i32_avx2,
    .reaches_i64 = pixelshift_pettitt_reaches_i64, /* no AVX2 conversion of 64-bit integers to double */
    .bound = pixelshift_pettitt_bound_avx2,
};
#endif

const pixelshift_pettitt_table *pixelshift_pettitt_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level >= PIXELSHIFT_CPU_AVX2) {
        return &avx2;
    }
#endif
    (void)level;
    return &scalar;
}
