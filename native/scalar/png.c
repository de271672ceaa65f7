#include "png.h"

#include <string.h>

/* Of one filter, so that the compiler sees which. */
static inline __attribute__((always_inline)) void unfilter(uint8_t *dst, const uint8_t *src, const uint8_t *above,
                                                           size_t bytes, size_t step, pixelshift_png_filter filter) {
    size_t first = bytes < step ? bytes : step;
    for (size_t i = 0; i < first; i++) {
        dst[i] = (uint8_t)(src[i] + png_prediction(filter, 0, above[i], 0));
    }
    for (size_t i = step; i < bytes; i++) {
        dst[i] = (uint8_t)(src[i] + png_prediction(filter, dst[i - step], above[i], above[i - step]));
    }
}

void pixelshift_png_unfilter_scalar(uint8_t *dst, const uint8_t *src, const uint8_t *above, size_t bytes, size_t step,
                                    pixelshift_png_filter filter) {
    switch (filter) {
    case PIXELSHIFT_PNG_SUB:
        unfilter(dst, src, above, bytes, step, PIXELSHIFT_PNG_SUB);
        break;
    case PIXELSHIFT_PNG_UP:
        unfilter(dst, src, above, bytes, step, PIXELSHIFT_PNG_UP);
        break;
    case PIXELSHIFT_PNG_AVERAGE:
        unfilter(dst, src, above, bytes, step, PIXELSHIFT_PNG_AVERAGE);
        break;
    case PIXELSHIFT_PNG_PAETH:
        unfilter(dst, src, above, bytes, step, PIXELSHIFT_PNG_PAETH);
        break;
    default:
        memmove(dst, src, bytes);
    }
}

void pixelshift_png_unfilter_paeth_pair_scalar(uint8_t *const dst[2], const uint8_t *const src[2], const uint8_t *above,
                                               size_t bytes, size_t step) {
    unfilter(dst[0], src[0], above, bytes, step, PIXELSHIFT_PNG_PAETH);
    unfilter(dst[1], src[1], dst[0], bytes, step, PIXELSHIFT_PNG_PAETH);
}

void pixelshift_png_filter_scalar(uint8_t *dst, const uint8_t *row, const uint8_t *above, size_t bytes, size_t step,
                                  pixelshift_png_filter filter) {
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t *left = row + i - step;
        dst[i] = (uint8_t)(row[i] - png_prediction(filter, *left, above[i], *(above + i - step)));
    }
}

static uint64_t magnitude(uint8_t value) {
    return value < 128 ? value : 256u - value;
}

void pixelshift_png_weigh_scalar(uint64_t costs[PIXELSHIFT_PNG_FILTERS], const uint8_t *row, const uint8_t *above,
                                 size_t bytes, size_t step) {
    memset(costs, 0, PIXELSHIFT_PNG_FILTERS * sizeof *costs);
    for (size_t i = 0; i < bytes; i++) {
        int a = *(row + i - step), b = above[i], c = *(above + i - step);
        for (int filter = 0; filter < PIXELSHIFT_PNG_FILTERS; filter++) {
            costs[filter] += magnitude((uint8_t)(row[i] - png_prediction((pixelshift_png_filter)filter, a, b, c)));
        }
    }
}
