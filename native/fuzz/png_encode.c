/* Pixels of any kind: what the PNG sink writes must be read back, the same at both levels. */
#include <stdlib.h>
#include <string.h>

#include "pixelshift/png.h"

/* Byte 0: channels and filtering, byte 1: level, bytes 2 and 3: width; the rest are pixels, repeated as often as asked.
 */
enum { HEADER = 5, MOST_ROWS = 4096, MOST_BYTES = 3 << 16 };

static uint8_t *encoded(const pixelshift_engine_job *job, const uint8_t *pixels, int channels, size_t *size) {
    uint8_t *body;
    ptrdiff_t stride = (ptrdiff_t)job->width * channels;
    if (pixelshift_engine_encode(job, pixels, stride, channels, &body, size) != PIXELSHIFT_ENGINE_OK) {
        abort();
    }
    return body;
}

static void check(const uint8_t *body, size_t size, const uint8_t *pixels, size_t bytes, int channels) {
    pixelshift_png_info info;
    pixelshift_png_decoder *decoder;
    if (pixelshift_png_open(&decoder, &info, body, size, pixelshift_cpu_detect()) != PIXELSHIFT_ENGINE_OK ||
        info.channels != channels) {
        abort();
    }
    uint8_t *back = malloc(bytes);
    pixelshift_png_read(decoder, &info, back, (ptrdiff_t)info.width * channels, 0);
    pixelshift_png_close(decoder);
    if (info.harmed || info.rows != info.height || memcmp(back, pixels, bytes) != 0) {
        abort();
    }
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size <= HEADER) {
        return 0;
    }
    int channels = 1 + data[0] % 4, repeats = 1 + data[4];
    size_t width = 1 + ((size_t)data[2] | (size_t)data[3] << 8) % 2000, row = width * (size_t)channels;
    size_t given = size - HEADER, height = (given * (size_t)repeats + row - 1) / row;
    if (height > MOST_ROWS || height * row > MOST_BYTES) {
        return 0;
    }
    uint8_t *pixels = malloc(height * row);
    for (size_t i = 0; i < height * row; i++) {
        pixels[i] = data[HEADER + i % given];
    }
    pixelshift_engine_job job = {.sink = PIXELSHIFT_ENGINE_PNG, .width = (int)width, .height = (int)height};
    job.png = (pixelshift_engine_png){data[1] % 10, data[0] >> 7, 1};
    job.output_limit = SIZE_MAX / 2;
    size_t one_size, two_size;
    uint8_t *one = encoded(&job, pixels, channels, &one_size);
    job.level = pixelshift_cpu_detect();
    uint8_t *two = encoded(&job, pixels, channels, &two_size);
    if (one_size != two_size || memcmp(one, two, one_size) != 0) {
        abort();
    }
    check(one, one_size, pixels, height * row, channels);
    free(one);
    free(two);
    free(pixels);
    return 0;
}
