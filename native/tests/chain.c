/*
 * Runs the engine over a file, to one of the same format, and prints a hash of what came out, for
 * benchmarks/instructions.py to count what is spent. Usage: chain FAMILY LEVEL FILE WIDTH HEIGHT; without arguments:
 * the families.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pixelshift/engine.h"

static const struct {
    const char *name;
    pixelshift_engine_format format;
    int scale, width, height;
    pixelshift_engine_sharpen_kind sharpen;
} FAMILIES[] = {
    {"chain-full", PIXELSHIFT_ENGINE_JPEG, 8, 400, 262, PIXELSHIFT_ENGINE_SHARPEN_NONE},
    {"chain-scaled", PIXELSHIFT_ENGINE_JPEG, 2, 200, 131, PIXELSHIFT_ENGINE_SHARPEN_NONE},
    {"chain-sharpened", PIXELSHIFT_ENGINE_JPEG, 3, 300, 197, PIXELSHIFT_ENGINE_SHARPEN_MILD},
    {"chain-light", PIXELSHIFT_ENGINE_JPEG, 3, 300, 197, PIXELSHIFT_ENGINE_SHARPEN_LIGHT},
    {"chain-png", PIXELSHIFT_ENGINE_PNG, 8, 400, 312, PIXELSHIFT_ENGINE_SHARPEN_NONE},
};

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return NULL;
    }
    long end = ftell(file);
    rewind(file);
    uint8_t *data = end > 0 ? malloc((size_t)end) : NULL;
    if (data != NULL && fread(data, 1, (size_t)end, file) == (size_t)end) {
        *size = (size_t)end;
    } else {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

static int run(int family, pixelshift_cpu_level level, char **arguments) {
    pixelshift_engine_job job = {.level = level, .source = FAMILIES[family].format, .sink = FAMILIES[family].format};
    uint8_t *data = read_file(arguments[0], &job.size), *body;
    if (data == NULL) {
        return 2;
    }
    job.data = data;
    job.scale = job.chroma_scale = FAMILIES[family].scale;
    job.area = job.box = (pixelshift_engine_box){0, 0, atoi(arguments[1]), atoi(arguments[2])};
    job.width = FAMILIES[family].width;
    job.height = FAMILIES[family].height;
    static const int32_t mask[] = {20, 12, 3}; /* of sigma 1 */
    job.sharpen = (pixelshift_engine_sharpen){FAMILIES[family].sharpen, mask, 2, {1, 2, 2, 10, 20}};
    job.filter = PIXELSHIFT_RESAMPLE_LANCZOS3;
    job.jpeg.quality = 80;
    job.png = (pixelshift_engine_png){.level = 6, .adaptive = 1};
    job.output_limit = 1 << 24;
    size_t size;
    if (pixelshift_engine_run(&job, &body, &size) != PIXELSHIFT_ENGINE_OK) {
        return 2;
    }
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ body[i]) * 1099511628211u;
    }
    printf("%016" PRIx64 "\n", hash);
    pixelshift_engine_free(body);
    free(data);
    return 0;
}

int main(int count, char **arguments) {
    for (int i = 0; i < (int)(sizeof FAMILIES / sizeof FAMILIES[0]); i++) {
        if (count == 1) {
            puts(FAMILIES[i].name);
        } else if (count == 6 && strcmp(arguments[1], FAMILIES[i].name) == 0) {
            pixelshift_cpu_level level = (pixelshift_cpu_level)atoi(arguments[2]);
            return level > pixelshift_cpu_detect() ? 3 : run(i, level, arguments + 3);
        }
    }
    return count == 1 ? 0 : 2;
}
