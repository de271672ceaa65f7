/* The walk over the result around the kernels, and the table of kernels per level. */
#include "../scalar/warp.h"

#include <math.h>
#include <string.h>

static const pixelshift_warp_kernels_table SCALAR = {pixelshift_warp_bilinear_scalar};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_warp_kernels_table AVX2 = {pixelshift_warp_bilinear_avx2};
#endif

const pixelshift_warp_kernels_table *pixelshift_warp_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level == PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}

/* The vector kernel counts bytes in 31 bits, and reads four at once. */
static pixelshift_cpu_level fitting(pixelshift_cpu_level level, const pixelshift_warp_source *source) {
    int64_t bytes = (int64_t)source->width * source->height * source->channels;
    return bytes >= 4 && bytes <= INT32_MAX ? level : PIXELSHIFT_CPU_SCALAR;
}

static void fill_black(uint8_t *dst, size_t pixels, int32_t channels) {
    memset(dst, 0, pixels * (size_t)channels);
    for (size_t i = 0; channels == 4 && i < pixels; i++) {
        dst[4 * i + 3] = 255;
    }
}

typedef struct {
    double first, last;
} interval;

/* Narrows to the result pixels whose taps can lie in [0, side), with a pixel to spare on both ends. */
static interval meeting(interval columns, double from, double step, double side) {
    if (fabs(step) < 1e-12) {
        interval none = {0, 0};
        return from > -2 && from < side + 1 ? columns : none;
    }
    double enter = (-1 - from) / step, leave = (side - from) / step;
    double low = floor(fmin(enter, leave)) - 1, high = ceil(fmax(enter, leave)) + 2;
    interval result = {fmax(columns.first, low), fmin(columns.last, high)};
    return result;
}

/* Only one pixel in a row can be met by steps larger than any picture. */
static double bounded(double step) {
    const double most = 2.0 * PIXELSHIFT_WARP_SIDE_LIMIT;
    return fmin(fmax(step, -most), most);
}

static int64_t fixed(double position) {
    const double most = 1 << 30;
    return (int64_t)llrint(fmin(fmax(position, -most), most) * 4294967296.0);
}

static void warp_row(uint8_t *dst, size_t columns, const pixelshift_warp_source *source, const pixelshift_warp_map *map,
                     double row, const pixelshift_warp_kernels_table *kernels) {
    const size_t channels = (size_t)source->channels;
    double x = map->x + row * map->x_down, y = map->y + row * map->y_down;
    interval met = {0, (double)columns};
    met = meeting(met, x, map->x_across, source->width);
    met = meeting(met, y, map->y_across, source->height);
    if (!(met.first < met.last)) {
        fill_black(dst, columns, source->channels);
        return;
    }
    size_t first = (size_t)met.first, last = (size_t)met.last;
    const pixelshift_warp_line line = {
        fixed(x + met.first * map->x_across),
        fixed(y + met.first * map->y_across),
        fixed(bounded(map->x_across)),
        fixed(bounded(map->y_across)),
    };
    fill_black(dst, first, source->channels);
    kernels->bilinear(dst + first * channels, source, &line, last - first);
    fill_black(dst + last * channels, columns - last, source->channels);
}

void pixelshift_warp_bilinear(uint8_t *dst, size_t columns, const pixelshift_warp_source *source,
                              const pixelshift_warp_map *map, size_t first, size_t last, pixelshift_cpu_level level) {
    const pixelshift_warp_kernels_table *kernels = pixelshift_warp_kernels(fitting(level, source));
    for (size_t row = first; row < last; row++) {
        warp_row(dst + row * columns * (size_t)source->channels, columns, source, map, (double)row, kernels);
    }
}
