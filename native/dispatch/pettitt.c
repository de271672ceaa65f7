#include "pixelshift/pettitt.h"

static const pixelshift_pettitt_table scalar = {
    .pass_i32 = pixelshift_pettitt_pass_i32,
    .pass_i64 = pixelshift_pettitt_pass_i64,
    .bound = pixelshift_pettitt_bound,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_pettitt_table avx2 = {
    .pass_i32 = pixelshift_pettitt_pass_i32_avx2,
    .pass_i64 = pixelshift_pettitt_pass_i64_avx2,
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
