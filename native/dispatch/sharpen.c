#include "pixelshift/sharpen.h"

#include "../scalar/sharpen.h"
#if PIXELSHIFT_HAVE_AVX2
#include "../avx2/sharpen.h"
#endif

pixelshift_sharpen_row pixelshift_sharpen_kernel(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    return level >= PIXELSHIFT_CPU_AVX2 ? pixelshift_sharpen_row_avx2 : pixelshift_sharpen_row_scalar;
#else
    (void)level;
    return pixelshift_sharpen_row_scalar;
#endif
}
