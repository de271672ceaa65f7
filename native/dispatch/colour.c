#include "../scalar/colour.h"

#define TABLE(level)                                                                                                   \
    {pixelshift_colour_adjust_##level,  pixelshift_colour_split_##level,     pixelshift_colour_join_##level,           \
     pixelshift_colour_sharpen_##level, pixelshift_colour_lightness_##level, pixelshift_colour_luminance_##level}

static const pixelshift_colour_kernels_table SCALAR = TABLE(scalar);

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_colour_kernels_table AVX2 = TABLE(avx2);
#endif

const pixelshift_colour_kernels_table *pixelshift_colour_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}
