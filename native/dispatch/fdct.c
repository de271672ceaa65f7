#include "pixelshift/fdct.h"

#include "../scalar/fdct.h"
#if PIXELSHIFT_HAVE_AVX2
#include "../avx2/fdct.h"
#endif

pixelshift_fdct pixelshift_fdct_kernel(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    return level >= PIXELSHIFT_CPU_AVX2 ? pixelshift_fdct_avx2 : pixelshift_fdct_scalar;
#else
    (void)level;
    return pixelshift_fdct_scalar;
#endif
}
