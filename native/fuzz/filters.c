/*
 * The filters that take numbers from a request, with any numbers: blurring by masks, correlation, median and
 * equalisation, edits in CIELAB, blending, sharpening, and what draws the eye. Every level makes the same of it, within
 * its memory.
 */
#include "guard.h"

#include "pixelshift/blend.h"
#include "pixelshift/colour.h"
#include "pixelshift/convolve.h"
#include "pixelshift/engine.h"
#include "pixelshift/rank.h"
#include "pixelshift/saliency.h"

enum { MOST_SIDE = 64, MOST_TAPS = 25, MOST_MASK = 40, MOST_WINDOW = 40 };

typedef struct {
    size_t rows, columns, channels;
} picture;

static picture take_shape(reader *input, size_t channels) {
    picture shape = {(size_t)take_side(input, MOST_SIDE), (size_t)take_side(input, MOST_SIDE), channels};
    return shape;
}

static size_t bytes_of(const picture *shape) {
    return shape->rows * shape->columns * shape->channels;
}

/* For numbers of up to four bytes. */
static guarded scratch_new(size_t size) {
    return guarded_new((size + 3) & ~(size_t)3);
}

/* A result of each level, to be compared. */
typedef struct {
    guarded one, two;
    size_t size;
} pair;

static pair pair_new(size_t size) {
    pair results = {guarded_new(size), guarded_new(size), size};
    return results;
}

static uint8_t *result_of(pair *results, int level) {
    return level == PIXELSHIFT_CPU_SCALAR ? results->one.bytes : results->two.bytes;
}

static void pair_end(pair *results) {
    int is_only = pixelshift_cpu_detect() == PIXELSHIFT_CPU_SCALAR; /* then `two` was never written */
    require(is_only || memcmp(results->one.bytes, results->two.bytes, results->size) == 0, "levels agree");
    guarded_free(&results->one);
    guarded_free(&results->two);
}

static void blur(reader *input) {
    int32_t weight[MOST_MASK];
    size_t radius = take_byte(input) % MOST_MASK;
    int is_any = take_byte(input) & 1;
    for (size_t i = 0; i <= radius; i++) {
        int8_t change = (int8_t)take_byte(input);
        if (is_any) {
            take(input, weight + i, sizeof *weight);
        } else {
            weight[i] = i == 0 ? change : weight[i - 1] - (change & 1);
        }
    }
    pixelshift_convolve_mask mask;
    picture given = take_shape(input, 1 + take_byte(input) % 4);
    if (!pixelshift_convolve_mask_init(&mask, weight, radius)) {
        return;
    }
    pixelshift_convolve_shape shape = {given.rows, given.columns, given.channels};
    guarded source = guarded_new(bytes_of(&given));
    guarded scratch = scratch_new(pixelshift_convolve_scratch_bytes(&shape, &mask));
    pair across = pair_new(bytes_of(&given)), down = pair_new(bytes_of(&given));
    fill(input, source.bytes, bytes_of(&given));
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        pixelshift_convolve_along_rows(result_of(&across, level), source.bytes, &shape, &mask, 0, shape.rows,
                                       (pixelshift_cpu_level)level, scratch.bytes);
        pixelshift_convolve_along_columns(result_of(&down, level), source.bytes, &shape, &mask, 0, shape.rows,
                                          (pixelshift_cpu_level)level, scratch.bytes);
    }
    guarded_free(&source);
    guarded_free(&scratch);
    pair_end(&across);
    pair_end(&down);
}

static void correlate(reader *input) {
    double weight[MOST_TAPS];
    const uint8_t *tap[MOST_TAPS];
    size_t taps = take_byte(input) % (MOST_TAPS + 1), samples = 4 * (size_t)take_side(input, 200);
    int any = take_byte(input) & 1;
    double scale = take_double(input, any), offset = take_double(input, any);
    guarded source = guarded_new(samples + taps);
    for (size_t t = 0; t < taps; t++) {
        weight[t] = take_double(input, any);
        tap[t] = source.bytes + t;
    }
    fill(input, source.bytes, samples + taps);
    pair cut = pair_new(samples), real = pair_new(samples * sizeof(float)), pixels = pair_new(samples);
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        const pixelshift_convolve_kernels_table *kernels = pixelshift_convolve_kernels((pixelshift_cpu_level)level);
        float *line = (float *)(void *)result_of(&real, level);
        kernels->correlate(result_of(&cut, level), tap, weight, taps, scale, offset, samples);
        kernels->correlate_real(line, tap, weight, taps, scale, offset, samples);
        pixelshift_blend_kernels((pixelshift_cpu_level)level)
            ->unpremultiply_real(result_of(&pixels, level), line, samples / 4);
    }
    guarded_free(&source);
    pair_end(&cut);
    pair_end(&pixels);
    pair_end(&real);
}

static void rank(reader *input) {
    picture given = take_shape(input, 1 + take_byte(input) % 4);
    pixelshift_rank_source source = {.columns = given.columns, .channels = given.channels};
    source.width = (size_t)take_side(input, MOST_WINDOW);
    source.height = (size_t)take_side(input, MOST_WINDOW);
    source.stride = (source.columns + source.width - 1) * source.channels;
    uint32_t slope;
    take(input, &slope, sizeof slope);
    size_t size = source.stride * (given.rows + source.height - 1);
    guarded padded = guarded_new(size), scratch = scratch_new(pixelshift_rank_scratch_bytes(&source));
    pair medians = pair_new(bytes_of(&given)), equal = pair_new(bytes_of(&given));
    fill(input, padded.bytes, size);
    source.samples = padded.bytes;
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        pixelshift_rank_median(result_of(&medians, level), &source, 0, given.rows, (pixelshift_cpu_level)level,
                               scratch.bytes);
        pixelshift_rank_equalise(result_of(&equal, level), &source, 0, given.rows, slope, (pixelshift_cpu_level)level,
                                 scratch.bytes);
    }
    guarded_free(&padded);
    guarded_free(&scratch);
    pair_end(&medians);
    pair_end(&equal);
}

static void colour(reader *input) {
    pixelshift_colour_tables tables;
    pixelshift_colour_tables_init(&tables);
    pixelshift_colour_adjustment by;
    int any = take_byte(input) & 1;
    float *number[] = {&by.scale, &by.offset, &by.aa, &by.ab, &by.ba, &by.bb};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        if (any) {
            take(input, number[i], sizeof(float));
        } else {
            *number[i] = (float)take_double(input, 0);
        }
    }
    picture shape = take_shape(input, 3 + take_byte(input) % 2);
    size_t pixels = shape.rows * shape.columns;
    guarded source = guarded_new(bytes_of(&shape));
    pair adjusted = pair_new(bytes_of(&shape)), grey = pair_new(pixels);
    fill(input, source.bytes, bytes_of(&shape));
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        const pixelshift_colour_kernels_table *kernels = pixelshift_colour_kernels((pixelshift_cpu_level)level);
        kernels->adjust(result_of(&adjusted, level), source.bytes, &tables, &by, pixels, shape.channels);
        kernels->luminance(result_of(&grey, level), source.bytes, &tables, pixels, shape.channels);
    }
    guarded_free(&source);
    pair_end(&adjusted);
    pair_end(&grey);
}

static void blend(reader *input) {
    size_t pixels = (size_t)take_side(input, 3000);
    uint8_t mode = take_byte(input) % (PIXELSHIFT_BLEND_EXCLUSION + 1), opacity = take_byte(input);
    guarded overlay = guarded_new(4 * pixels);
    pair bases = pair_new(4 * pixels), opaque = pair_new(3 * pixels);
    fill(input, overlay.bytes, 4 * pixels);
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        const pixelshift_blend_kernels_table *kernels = pixelshift_blend_kernels((pixelshift_cpu_level)level);
        uint8_t *base = result_of(&bases, level);
        fill(input, result_of(&opaque, level), 3 * pixels);
        fill(input, base, 4 * pixels);
        kernels->rgba(base, overlay.bytes, pixels, (pixelshift_blend_mode)mode, opacity);
        kernels->premultiply(base, base, pixels);
        kernels->unpremultiply(base, base, pixels);
        kernels->over_rgb(result_of(&opaque, level), overlay.bytes, pixels, opacity);
    }
    guarded_free(&overlay);
    pair_end(&bases);
    pair_end(&opaque);
}

/* A mask as the adapter lets it through, and any curve. */
static void sharpen(reader *input) {
    int32_t mask[MOST_MASK] = {1 + take_byte(input) % PIXELSHIFT_CONVOLVE_BOXES};
    size_t radius = take_byte(input) % MOST_MASK;
    for (size_t i = 1; i <= radius; i++) {
        mask[i] = mask[i - 1] > 1 ? mask[i - 1] - (take_byte(input) & 1) : 1;
    }
    int any = take_byte(input) & 1, channels = 1 + take_byte(input) % 4;
    pixelshift_engine_job job = {.sharpen = {.kind = PIXELSHIFT_ENGINE_SHARPEN_LIGHT, .mask = mask, .radius = radius}};
    pixelshift_colour_sharpening *curve = &job.sharpen.curve;
    float *number[] = {&curve->m1, &curve->m2, &curve->x1, &curve->y2, &curve->y3};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        if (any) {
            take(input, number[i], sizeof(float));
        } else {
            *number[i] = (float)take_double(input, 0);
        }
    }
    job.width = take_side(input, MOST_SIDE);
    job.height = take_side(input, MOST_SIDE);
    size_t size = (size_t)job.width * (size_t)job.height * (size_t)channels;
    guarded source = guarded_new(size);
    pair results = pair_new(size);
    fill(input, source.bytes, size);
    pixelshift_engine_status status[PIXELSHIFT_CPU_NEON + 1] = {PIXELSHIFT_ENGINE_OK};
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        job.level = (pixelshift_cpu_level)level;
        status[level] = pixelshift_engine_filter(&job, result_of(&results, level), source.bytes, channels);
    }
    require(status[0] == status[pixelshift_cpu_detect()], "levels end alike");
    guarded_free(&source);
    pair_end(&results);
}

static void saliency(reader *input) {
    enum { MARKS = 3 };
    size_t pixels = (size_t)take_side(input, 3000);
    guarded rows[2] = {guarded_new(3 * pixels), guarded_new(3 * pixels)};
    fill(input, rows[0].bytes, 3 * pixels);
    take_byte(input); /* another row: the same bytes from the second on */
    fill(input, rows[1].bytes, 3 * pixels);
    pair lumas[2] = {pair_new(pixels), pair_new(pixels)}, marks[MARKS];
    uint64_t sums[MARKS] = {0};
    for (int i = 0; i < MARKS; i++) {
        marks[i] = pair_new(pixels);
    }
    for (int level = 0; level <= (int)pixelshift_cpu_detect(); level++) {
        const pixelshift_saliency_kernels_table *kernels = pixelshift_saliency_kernels((pixelshift_cpu_level)level);
        uint8_t *above = result_of(&lumas[0], level), *luma = result_of(&lumas[1], level);
        pixelshift_saliency_marks to = {result_of(&marks[0], level), result_of(&marks[1], level),
                                        result_of(&marks[2], level)};
        kernels->luma(above, rows[0].bytes, pixels);
        kernels->luma(luma, rows[1].bytes, pixels);
        kernels->mark(to, rows[1].bytes, luma, above, pixels);
        for (int i = 0; i < MARKS; i++) {
            uint64_t sum = kernels->sum(result_of(&marks[i], level), pixels);
            require(level == PIXELSHIFT_CPU_SCALAR || sum == sums[i], "levels sum alike");
            sums[i] = sum;
        }
    }
    for (int i = 0; i < MARKS; i++) {
        pair_end(&marks[i]);
    }
    for (int i = 0; i < 2; i++) {
        guarded_free(&rows[i]);
        pair_end(&lumas[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const FILTERS[])(reader *) = {blur, correlate, rank, colour, blend, sharpen, saliency};
    reader input = {data, size};
    FILTERS[take_byte(&input) % (sizeof FILTERS / sizeof *FILTERS)](&input);
    return 0;
}
