/* A PNG file of any kind and state: both levels must show the same. */
#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>

#include "pixelshift/png.h"

enum { MOST_PIXELS = 1 << 18 };

/* Makes the checksums right, so that mutations reach what lies behind them; files of odd size stay as they are. */
static void mend(uint8_t *file, size_t size) {
    for (size_t at = 8; size % 2 == 0 && at + 12 <= size;) {
        uint32_t length = (uint32_t)file[at] << 24 | (uint32_t)file[at + 1] << 16 | (uint32_t)file[at + 2] << 8 |
                          (uint32_t)file[at + 3];
        if (length > size - at - 12) {
            return;
        }
        uint32_t sum = crc32_gzip_refl(0, file + at + 4, (uint64_t)length + 4);
        for (int i = 0; i < 4; i++) {
            file[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        }
        at += 12 + (size_t)length;
    }
}

/* NULL for what is no PNG, or too large a one. */
static uint8_t *decoded(const uint8_t *file, size_t size, pixelshift_png_info *info, pixelshift_cpu_level level) {
    pixelshift_png_decoder *decoder;
    uint8_t *pixels = NULL;
    if (pixelshift_png_open(&decoder, info, file, size, level) != PIXELSHIFT_ENGINE_OK) {
        return NULL;
    }
    if ((uint64_t)info->width * (uint64_t)info->height <= MOST_PIXELS) {
        size_t stride = (size_t)info->width * (size_t)info->channels;
        pixels = calloc((size_t)info->height, stride);
        if (pixelshift_png_read(decoder, info, pixels, (ptrdiff_t)stride, 0) != PIXELSHIFT_ENGINE_OK) {
            abort();
        }
    }
    pixelshift_png_close(decoder);
    return pixels;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pixelshift_png_info info, other;
    uint8_t *file = malloc(size + 1);
    memcpy(file, data, size);
    mend(file, size);
    uint8_t *one = decoded(file, size, &info, PIXELSHIFT_CPU_SCALAR);
    uint8_t *two = decoded(file, size, &other, pixelshift_cpu_detect());
    if ((one == NULL) != (two == NULL)) {
        abort();
    }
    if (one != NULL) {
        size_t bytes = (size_t)info.width * (size_t)info.channels * (size_t)info.height;
        if (info.rows != other.rows || memcmp(one, two, bytes) != 0) {
            abort();
        }
    }
    free(one);
    free(two);
    free(file);
    return 0;
}
