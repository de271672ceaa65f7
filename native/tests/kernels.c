/*
 * Runs one family of kernels at one level on a fixed input and prints a hash of what came out. The hash must be the
 * same on every level and every CPU (tests/native/test_other_cpus.py); benchmarks/instructions.py counts what is spent
 * outside the making of input and hash. Usage: kernels FAMILY LEVEL; without arguments: the families.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pixelshift/blend.h"
#include "pixelshift/colour.h"
#include "pixelshift/convolve.h"
#include "pixelshift/exact.h"
#include "pixelshift/fdct.h"
#include "pixelshift/idct.h"
#include "pixelshift/pettitt.h"
#include "pixelshift/png.h"
#include "pixelshift/rank.h"
#include "pixelshift/resample.h"
#include "pixelshift/saliency.h"
#include "pixelshift/warp.h"
#include "pixelshift/ycbcr.h"

enum { WIDTH = 301, HEIGHT = 203 };

static pixelshift_cpu_level level;
static uint64_t hash = 14695981039346656037u;

static __attribute__((noinline)) void mix(const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    }
}

static void *room(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (memory == NULL) {
        exit(2);
    }
    memset(memory, 0, bytes);
    return memory;
}

/* Half a slope, half noise: smooth and hard places. */
static __attribute__((noinline)) uint8_t *picture(size_t bytes) {
    uint8_t *pixels = room(bytes);
    uint32_t state = 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = i % 512 < 256 ? (uint8_t)(i / 7) : (uint8_t)(state >> 24);
    }
    return pixels;
}

static void resample(int32_t width, int32_t height, int32_t channels, pixelshift_resample_filter filter) {
    pixelshift_resample_spec across = {.in = WIDTH, .out = width, .high = WIDTH, .filter = filter};
    pixelshift_resample_spec down = {.in = HEIGHT, .out = height, .low = 0.25, .high = HEIGHT, .filter = filter};
    pixelshift_resample_axis x, y;
    pixelshift_resample_axis_init(&x, &across, room(pixelshift_resample_axis_bytes(&across)));
    pixelshift_resample_axis_init(&y, &down, room(pixelshift_resample_axis_bytes(&down)));
    pixelshift_resample_plan plan;
    pixelshift_resample_plan_init(&plan, &x, &y, channels, channels % 2 == 0);
    pixelshift_resample_stream stream;
    pixelshift_resample_stream_init(&stream, &plan, level, room(pixelshift_resample_stream_bytes(&plan, level)));
    size_t row = (size_t)width * (size_t)channels;
    uint8_t *result = room(row * (size_t)height);
    uint8_t *source = picture((size_t)WIDTH * HEIGHT * (size_t)channels);
    pixelshift_resample_run(&stream, result, (ptrdiff_t)row, source, (ptrdiff_t)WIDTH * channels);
    mix(result, row * (size_t)height);
}

static void resample_many_rows(void) {
    for (int filter = 0; filter < PIXELSHIFT_RESAMPLE_FILTERS; filter++) {
        resample(41, 25, 3, (pixelshift_resample_filter)filter);
        resample(41, 1, 1, (pixelshift_resample_filter)filter);
    }
}

static void resample_few_rows(void) {
    for (int filter = 0; filter < PIXELSHIFT_RESAMPLE_FILTERS; filter++) {
        resample(100, 80, 3, (pixelshift_resample_filter)filter);
        resample(240, 170, 3, (pixelshift_resample_filter)filter);
    }
}

static void resample_enlarging(void) {
    resample(601, 433, 3, PIXELSHIFT_RESAMPLE_LINEAR);
    resample(601, 433, 1, PIXELSHIFT_RESAMPLE_CUBIC);
}

static void resample_with_alpha(void) {
    for (int32_t channels = 2; channels <= 4; channels += 2) {
        resample(41, 25, channels, PIXELSHIFT_RESAMPLE_LANCZOS3);
        resample(240, 170, channels, PIXELSHIFT_RESAMPLE_LANCZOS3);
        resample(401, 303, channels, PIXELSHIFT_RESAMPLE_CUBIC);
        resample(1, 1, channels, PIXELSHIFT_RESAMPLE_LINEAR);
    }
}

static void exact_to(int32_t width, int32_t height, int32_t channels, pixelshift_resample_filter filter) {
    pixelshift_resample_spec across = {.in = WIDTH, .out = width, .high = WIDTH, .filter = filter};
    pixelshift_resample_spec down = {.in = HEIGHT, .out = height, .low = 0.25, .high = HEIGHT, .filter = filter};
    pixelshift_exact_axis x, y;
    pixelshift_exact_axis_init(&x, &across, room(pixelshift_exact_axis_bytes(&across)));
    pixelshift_exact_axis_init(&y, &down, room(pixelshift_exact_axis_bytes(&down)));
    pixelshift_exact_plan plan = {&x, &y, channels, channels % 2 == 0};
    size_t row = (size_t)width * (size_t)channels;
    uint8_t *result = room(row * (size_t)height);
    uint8_t *source = picture((size_t)WIDTH * HEIGHT * (size_t)channels);
    pixelshift_exact_run(&plan, level, room(pixelshift_exact_run_bytes(&plan, level)), result, (ptrdiff_t)row, source,
                         (ptrdiff_t)WIDTH * channels);
    mix(result, row * (size_t)height);
}

static void exact(void) {
    for (int32_t channels = 1; channels <= 4; channels++) {
        exact_to(41, 25, channels, PIXELSHIFT_RESAMPLE_LANCZOS3);
        exact_to(297, 120, channels, PIXELSHIFT_RESAMPLE_CUBIC);
        exact_to(401, 303, channels, PIXELSHIFT_RESAMPLE_LINEAR);
    }
}

static void blend(void) {
    const pixelshift_blend_kernels_table *kernels = pixelshift_blend_kernels(level);
    const size_t pixels = 4099;
    uint8_t *overlay = picture(4 * pixels);
    for (int mode = PIXELSHIFT_BLEND_CLEAR; mode <= PIXELSHIFT_BLEND_EXCLUSION; mode++) {
        uint8_t *base = picture(8 * pixels) + 2 * pixels;
        kernels->rgba(base, overlay, pixels, (pixelshift_blend_mode)mode, 200);
        mix(base, 4 * pixels);
    }
    uint8_t *base = picture(4 * pixels);
    kernels->over_rgb(base, overlay, pixels, 255);
    kernels->premultiply(base, base, pixels);
    kernels->unpremultiply(base, base, pixels);
    mix(base, 4 * pixels);
}

static void colour(void) {
    const pixelshift_colour_kernels_table *kernels = pixelshift_colour_kernels(level);
    static pixelshift_colour_tables tables;
    pixelshift_colour_tables_init(&tables);
    const pixelshift_colour_adjustment adjustment = {1.1f, 3, 0.9f, 0.1f, -0.2f, 1.2f};
    const size_t pixels = 8191;
    uint8_t *source = picture(4 * pixels);
    uint8_t *result = room(4 * pixels);
    kernels->adjust(result, source, &tables, &adjustment, pixels, 4);
    mix(result, 4 * pixels);
    kernels->luminance(result, source, &tables, pixels, 3);
    kernels->lightness(result + pixels, source, &tables, pixels, 3);
    mix(result, 2 * pixels);
    uint16_t *words = room(8 * pixels);
    const pixelshift_colour_planes planes = {words, (int16_t *)(words + pixels), (int16_t *)(words + 2 * pixels)};
    const pixelshift_colour_sharpening sharpening = {1, 2, 2, 10, 20};
    kernels->split(planes, source, &tables, pixels, 3);
    memset(words + 3 * pixels, 60, 2 * pixels);
    kernels->sharpen(result, planes, words + 3 * pixels, &tables, &sharpening, pixels, 3);
    mix((uint8_t *)words, 6 * pixels);
    mix(result, 3 * pixels);
}

static void convolve(void) {
    static const int32_t weights[] = {20, 18, 13, 8, 4, 2, 1};
    pixelshift_convolve_mask mask;
    if (!pixelshift_convolve_mask_init(&mask, weights, 6)) {
        exit(2);
    }
    const pixelshift_convolve_shape shape = {HEIGHT, WIDTH, 3};
    const size_t bytes = (size_t)WIDTH * HEIGHT * 3;
    void *scratch = room(pixelshift_convolve_scratch_bytes(&shape, &mask));
    uint8_t *first = room(bytes);
    uint8_t *second = room(bytes);
    pixelshift_convolve_along_rows(first, picture(bytes), &shape, &mask, 0, HEIGHT, level, scratch);
    pixelshift_convolve_along_columns(second, first, &shape, &mask, 0, HEIGHT, level, scratch);
    mix(second, bytes);
}

static void rank_filters(void) {
    for (size_t side = 3; side <= 7; side += 4) {
        const size_t columns = WIDTH - side + 1;
        const size_t rows = 60;
        const size_t channels = side == 3 ? 3 : 1;
        const pixelshift_rank_source source = {
            picture((size_t)WIDTH * (rows + side) * channels), WIDTH * channels, columns, channels, side, side};
        void *scratch = room(pixelshift_rank_scratch_bytes(&source));
        uint8_t *result = room(columns * rows * channels);
        pixelshift_rank_median(result, &source, 0, rows, level, scratch);
        mix(result, columns * rows * channels);
    }
}

static void saliency(void) {
    const pixelshift_saliency_kernels_table *kernels = pixelshift_saliency_kernels(level);
    const size_t pixels = 40007;
    uint8_t *rgb = picture(3 * pixels);
    uint8_t *rows = room(5 * pixels);
    kernels->luma(rows, rgb, pixels);
    kernels->luma(rows + pixels, rgb + 6, pixels - 2);
    const pixelshift_saliency_marks marks = {rows + 2 * pixels, rows + 3 * pixels, rows + 4 * pixels};
    kernels->mark(marks, rgb, rows, rows + pixels, pixels);
    uint64_t sum = kernels->sum(rows, 5 * pixels);
    mix(&sum, sizeof sum);
    mix(rows, 5 * pixels);
}

static void idct(void) {
    const pixelshift_idct_kernels_table *kernels = pixelshift_idct_kernels(level);
    int16_t *block = room(64 * sizeof *block), quantiser[64];
    uint8_t result[64] = {0};
    uint32_t state = 1;
    for (int i = 0; i < 2000; i++) {
        for (int k = 0; k < 64; k++) {
            state = state * 1664525u + 1013904223u;
            quantiser[k] = (int16_t)(1 + (i + k) % 9);
            block[k] = k < i % 65 ? (int16_t)((int32_t)(state >> 21) - 1024) / ((1 + k) * quantiser[k]) : 0;
            if (i % 16 == 15) {
                block[k] = (int16_t)((int32_t)(state >> 20) - 2048); /* nonsense, to be refused */
            }
        }
        int done = kernels->to_8(result, 8, block, quantiser);
        mix(&done, sizeof done);
        mix(result, 64);
        for (int k = 0; k < 64; k++) {
            block[k] = k % 8 < 4 && k / 8 < 4 ? (int16_t)(block[k] + block[63 - k] / 8) : 0;
        }
        done = kernels->corner_to_8(result, 8, block, quantiser);
        mix(&done, sizeof done);
        mix(result, 64);
        done = kernels->to_4(result, 4, block, quantiser);
        mix(&done, sizeof done);
        mix(result, 16);
    }
}

static void fdct(void) {
    pixelshift_fdct kernel = pixelshift_fdct_kernel(level);
    const size_t width = 1024;
    uint8_t *samples = picture(width + 16);
    const uint8_t *rows[8];
    int16_t *block = room(64 * sizeof *block);
    pixelshift_fdct_quantiser quantiser;
    uint16_t steps[64];
    for (uint16_t q = 1; q < 256; q = (uint16_t)(q * 2 + 1)) {
        for (int i = 0; i < 64; i++) {
            steps[i] = (uint16_t)(q - i % 3 * (q > 2));
        }
        pixelshift_fdct_quantiser_init(&quantiser, steps);
        for (size_t x = 0; x < width; x++) {
            for (size_t y = 0; y < 8; y++) {
                rows[y] = samples + (x * y * 37) % width + 8 - x % 8;
            }
            uint64_t some = kernel(block, rows, x % 8, &quantiser);
            mix(&some, sizeof some);
            mix(block, 64 * sizeof *block);
        }
    }
}

static void pettitt(void) {
    const pixelshift_pettitt_table *kernels = pixelshift_pettitt_kernels(level);
    const int64_t count = 30011;
    int32_t *sums = room((size_t)count * sizeof *sums);
    int64_t *long_sums = room((size_t)count * sizeof *long_sums);
    double *values = room((size_t)count * sizeof *values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = (double)(i * 7919 % 1009);
    }
    for (double pivot = 0; pivot < 1009; pivot += 201) {
        pixelshift_pettitt_range range = kernels->pass_i32(sums, values, count, pivot);
        pixelshift_pettitt_range other = kernels->pass_i64(long_sums, values, count, pivot);
        mix(&range, sizeof range);
        mix(&other, sizeof other);
    }
    mix(sums, (size_t)count * sizeof *sums);
}

static void png_rows(size_t step) {
    const pixelshift_png_kernels_table *kernels = pixelshift_png_kernels(level);
    const size_t bytes = 1001 * step, stride = bytes + PIXELSHIFT_PNG_MARGIN;
    uint8_t *above = (uint8_t *)room(3 * stride) + PIXELSHIFT_PNG_MARGIN;
    uint8_t *row = above + stride;
    uint8_t *result = row + stride;
    uint8_t *pixels = picture(2 * bytes);
    memcpy(above, pixels, bytes);
    memcpy(row, pixels + bytes, bytes);
    for (int i = PIXELSHIFT_PNG_NONE; i < PIXELSHIFT_PNG_FILTERS; i++) {
        kernels->filter(result, row, above, bytes, step, (pixelshift_png_filter)i);
        mix(result, bytes);
        kernels->unfilter(pixels, row, above, bytes, step, (pixelshift_png_filter)i);
        mix(pixels, bytes);
    }
    uint8_t *const pair[2] = {pixels, pixels + bytes};
    const uint8_t *const from[2] = {row, result};
    kernels->unfilter_paeth_pair(pair, from, above, bytes, step);
    mix(pixels, 2 * bytes);
    uint64_t costs[PIXELSHIFT_PNG_FILTERS];
    kernels->weigh(costs, row, above, bytes, step);
    mix(costs, sizeof costs);
}

static void png(void) {
    for (size_t step = 1; step <= 4; step++) {
        png_rows(step);
    }
}

static void ycbcr(void) {
    const pixelshift_ycbcr_kernels_table *kernels = pixelshift_ycbcr_kernels(level);
    const size_t pixels = 40007;
    uint8_t *planes = room(3 * pixels + 64);
    uint8_t *rgb = picture(3 * pixels);
    kernels->from_rgb(planes, planes + pixels, planes + 2 * pixels, rgb, pixels);
    mix(planes, 3 * pixels);
    kernels->to_rgb(rgb, planes, planes + pixels, planes + 2 * pixels, pixels);
    mix(rgb, 3 * pixels);
}

static void warp(void) {
    const pixelshift_warp_map turned = {-20.5, 31.25, 0.866, 0.5, -0.5, 0.866};
    const size_t columns = 320, rows = 210;
    for (int32_t channels = 3; channels <= 4; channels++) {
        size_t bytes = columns * rows * (size_t)channels;
        const pixelshift_warp_source source = {picture((size_t)WIDTH * HEIGHT * (size_t)channels), WIDTH, HEIGHT,
                                               channels};
        uint8_t *result = room(bytes);
        pixelshift_warp_bilinear(result, columns, &source, &turned, 0, rows, level);
        mix(result, bytes);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} FAMILIES[] = {
    {"resample-many-rows", resample_many_rows},
    {"resample-few-rows", resample_few_rows},
    {"resample-enlarging", resample_enlarging},
    {"resample-alpha", resample_with_alpha},
    {"exact", exact},
    {"blend", blend},
    {"colour", colour},
    {"convolve", convolve},
    {"rank", rank_filters},
    {"saliency", saliency},
    {"fdct", fdct},
    {"idct", idct},
    {"pettitt", pettitt},
    {"png", png},
    {"warp", warp},
    {"ycbcr", ycbcr},
};

int main(int count, char **arguments) {
    for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++) {
        if (count == 1) {
            puts(FAMILIES[i].name);
        } else if (count == 3 && strcmp(arguments[1], FAMILIES[i].name) == 0) {
            level = (pixelshift_cpu_level)atoi(arguments[2]);
            if (level > pixelshift_cpu_detect()) {
                return 3;
            }
            FAMILIES[i].run();
            printf("%016" PRIx64 "\n", hash);
            return 0;
        }
    }
    return count == 1 ? 0 : 2;
}
