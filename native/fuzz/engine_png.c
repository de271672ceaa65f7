/* A PNG file of any state through the whole engine, to every sink: no finding, and the same bytes at every level. */
#include <stdlib.h>
#include <string.h>

#include "pixelshift/engine.h"
#include "pixelshift/png.h"

/* Bytes 0 to 5: sink and options, filter and sharpening, size and turn, place of the area; then the file. */
enum { HEADER = 6, MOST_PIXELS = 1 << 18 };

static void set_sink(pixelshift_engine_job *job, const uint8_t *control) {
    job->sink = (pixelshift_engine_format)(control[0] % PIXELSHIFT_ENGINE_FORMATS);
    job->jpeg = (pixelshift_engine_jpeg){1 + control[1] % 100, control[0] >> 7, control[0] >> 6 & 1, 1};
    job->png = (pixelshift_engine_png){control[1] % 10, control[0] >> 7, 0};
    job->webp = (pixelshift_engine_webp){
        .quality = control[1] % 101,
        .alpha_quality = 100,
        .lossless = control[0] >> 7,
        .near_lossless = control[0] >> 6 & 1,
        .smart_subsample = control[0] >> 5 & 1,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pixelshift_png_info info;
    pixelshift_png_decoder *decoder;
    if (size <= HEADER || pixelshift_png_open(&decoder, &info, data + HEADER, size - HEADER, PIXELSHIFT_CPU_SCALAR) !=
                              PIXELSHIFT_ENGINE_OK) {
        return 0;
    }
    pixelshift_png_close(decoder);
    if ((uint64_t)info.width * (uint64_t)info.height > MOST_PIXELS) {
        return 0;
    }
    int width = info.width, height = info.height;
    pixelshift_engine_job job = {.data = data + HEADER, .size = size - HEADER, .source = PIXELSHIFT_ENGINE_PNG};
    set_sink(&job, data);
    job.scale = 8;
    job.filter = (pixelshift_resample_filter)(data[2] % PIXELSHIFT_RESAMPLE_FILTERS);
    static const int32_t mask[] = {20, 12, 3};
    job.sharpen = (pixelshift_engine_sharpen){
        .kind = (pixelshift_engine_sharpen_kind)(data[2] / PIXELSHIFT_RESAMPLE_FILTERS % 3),
        .mask = mask,
        .radius = data[2] >> 6 & 1 ? 2 : 0,
        .curve = {1, 2, 2, 10, 20},
    };
    job.width = 1 + data[3] % 64;
    job.height = 1 + data[4] % 64;
    job.turn = (pixelshift_engine_turn){data[4] >> 7, data[3] >> 6 & 1, data[3] >> 7};
    job.area = (pixelshift_engine_box){data[5] % width, data[5] % height, width, height};
    job.box = job.area;
    job.output_limit = 1 << 24;
    uint8_t *output[2] = {NULL, NULL};
    size_t output_size[2] = {0, 0};
    pixelshift_engine_status status = pixelshift_engine_run(&job, &output[0], &output_size[0]);
    job.level = pixelshift_cpu_detect();
    if (pixelshift_engine_run(&job, &output[1], &output_size[1]) != status || output_size[0] != output_size[1] ||
        (status == PIXELSHIFT_ENGINE_OK && memcmp(output[0], output[1], output_size[0]) != 0)) {
        abort();
    }
    pixelshift_engine_free(output[0]);
    pixelshift_engine_free(output[1]);
    return 0;
}
