/*
 * Any bytes as a JPEG through the engine: no finding of the sanitisers, the same answer from our decoder and from
 * libjpeg where they promise it, the same bytes at every level. The first six bytes of an input choose the job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pixelshift/engine.h"

enum { CHOICES = 6, PIXELS_LIMIT = 1 << 18, OUTPUT_LIMIT = 1 << 20 };

typedef struct {
    pixelshift_engine_status status;
    uint8_t *body;
    size_t size;
} answer;

/* The size that the first frame header names; 0 where there is none. */
static int frame_size(const uint8_t *data, size_t size, int *width, int *height) {
    for (size_t at = 2; at + 9 <= size; at++) {
        uint8_t marker = data[at + 1];
        if (data[at] == 0xFF && marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
            marker != 0xCC) {
            *height = data[at + 5] << 8 | data[at + 6];
            *width = data[at + 7] << 8 | data[at + 8];
            return *width > 0 && *height > 0 && *width * (long)*height <= PIXELS_LIMIT;
        }
    }
    return 0;
}

static answer run(const pixelshift_engine_job *job, int reference, pixelshift_cpu_level level) {
    pixelshift_engine_job own = *job;
    answer result;
    own.reference = reference;
    own.level = level;
    result.status = pixelshift_engine_run(&own, &result.body, &result.size);
    return result;
}

static void expect_same(const answer *a, const answer *b, const char *what) {
    if (a->status != b->status || a->size != b->size || (a->size > 0 && memcmp(a->body, b->body, a->size) != 0)) {
        fprintf(stderr, "%s: status %d and %d, %zu and %zu bytes\n", what, (int)a->status, (int)b->status, a->size,
                b->size);
        abort();
    }
}

static double between(int low, int high, uint8_t share) {
    return low + (high - low) * (share / 255.0);
}

static pixelshift_engine_sharpen sharpening_of(int on, int light) {
    static const int32_t mask[] = {20, 12, 3};
    pixelshift_engine_sharpen sharpen = {.mask = mask, .radius = 2, .curve = {1, 2, 2, 10, 20}};
    pixelshift_engine_sharpen_kind kind = light ? PIXELSHIFT_ENGINE_SHARPEN_LIGHT : PIXELSHIFT_ENGINE_SHARPEN_MILD;
    sharpen.kind = on ? kind : PIXELSHIFT_ENGINE_SHARPEN_NONE;
    return sharpen;
}

/* The file's own bytes as pixels, up to the last one. */
static pixelshift_engine_overlay overlay_of(const uint8_t *pixels, size_t size, uint8_t side, uint8_t corner) {
    int width = 1 + side % 40, height = (int)(size / (4 * (size_t)width));
    pixelshift_engine_overlay overlay = {pixels + size % (4 * (size_t)width), 4 * width, width, height, 0, 0};
    overlay.left = corner % 16 * 8 - 40;
    overlay.top = corner / 16 * 8 - 40;
    return height > 0 ? overlay : (pixelshift_engine_overlay){0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int scales[] = {8, 8, 4, 4, 3, 2, 1, 8};
    int width, height;
    if (size <= CHOICES || !frame_size(data + CHOICES, size - CHOICES, &width, &height)) {
        return 0;
    }
    int left = (int)between(0, width - 1, data[2]), top = (int)between(0, height - 1, data[3]);
    pixelshift_engine_job job = {
        .data = data + CHOICES,
        .size = size - CHOICES,
        .scale = scales[data[0] & 7],
        .width = 1 + data[4] % 80,
        .height = 1 + data[5] % 80,
        .turn = {data[1] >> 7, data[4] >> 7, data[5] >> 6 & 1},
        .filter = (pixelshift_resample_filter)(data[1] % PIXELSHIFT_RESAMPLE_FILTERS),
        .jpeg = {.quality = 1 + data[1] % 100, .full_chroma = data[0] >> 3 & 1, .progressive = data[0] >> 4 & 1},
        .sharpen = sharpening_of(data[0] >> 6 & 1, data[5] >> 7),
        .output_limit = OUTPUT_LIMIT,
    };
    job.area = (pixelshift_engine_box){left, top, width, height};
    job.box =
        (pixelshift_engine_box){between(left, width - 1, data[1]), between(top, height - 1, data[4]), width, height};
    if (data[0] >> 5 & 1) {
        job.chroma_scale = job.scale;
    }
    if (data[1] >> 6 & 1 && job.width > 2 && job.height > 2) {
        job.canvas = (pixelshift_engine_canvas){1, 2, job.width - 2, job.height - 2, {data[2], data[3], data[4]}};
    }
    if (data[0] >> 7 & 1) {
        job.overlay = overlay_of(job.data, job.size, data[2], data[3]);
    }
    answer own = run(&job, 0, PIXELSHIFT_CPU_SCALAR), vector = run(&job, 0, pixelshift_cpu_current());
    expect_same(&own, &vector, "levels");
    if (job.scale >= 4 && job.chroma_scale == 0) {
        answer reference = run(&job, 1, PIXELSHIFT_CPU_SCALAR);
        expect_same(&own, &reference, "decoders");
        pixelshift_engine_free(reference.body);
    }
    pixelshift_engine_free(own.body);
    pixelshift_engine_free(vector.body);
    return 0;
}
