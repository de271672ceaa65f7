/*
 * Memory that runs out: each allocation of a call fails in turn, those of libjpeg and libwebp, too, alone or with all
 * that come later. The call says NO_MEMORY or gives what it gives otherwise, hands nothing over but results, and leaves
 * nothing behind. The first bytes of an input choose the call, the rest is its file, pixels or values.
 *
 * Linked with --wrap, so that allocations of everything that is linked statically come here.
 */
#include "guard.h"

#include "pixelshift/changepoint.h"
#include "pixelshift/engine.h"
#include "pixelshift/png.h"

enum { SIDE = 16, OUT = 11, MOST_VALUES = 1024, MOST_CHANGES = 8, LEAST_FILE = 16 };

typedef enum { NEVER, ONCE, FROM_THEN_ON } failure;

static failure failing;
static long left; /* allocations until the one that fails */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static int fails(void) {
    return failing != NEVER && left-- <= 0 && (failing == FROM_THEN_ON || left == -1);
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

typedef struct {
    int status; /* NO_MEMORY as the engine has it */
    uint8_t *body;
    size_t size;
} answer;

typedef struct {
    uint8_t form, flags;
    const uint8_t *data;
    size_t size;
} request;

static pixelshift_engine_job job_of(const request *asked) {
    static const int32_t mask[] = {20, 12, 3};
    uint8_t flags = asked->flags;
    pixelshift_engine_job job = {
        .data = asked->data,
        .size = asked->size,
        .source = asked->data[0] == 0xFF ? PIXELSHIFT_ENGINE_JPEG : PIXELSHIFT_ENGINE_PNG,
        .sink = (pixelshift_engine_format)(asked->form / 4 % PIXELSHIFT_ENGINE_FORMATS),
        .scale = flags & 1 ? 8 : 2,
        .area = {0, 0, SIDE, SIDE},
        .box = {0, 0, SIDE, SIDE},
        .turn = {flags >> 1 & 1, 0, flags >> 1 & 1},
        .width = OUT,
        .height = OUT,
        .filter = PIXELSHIFT_RESAMPLE_CUBIC,
        .sharpen = {.mask = mask, .radius = 2, .curve = {1, 2, 2, 10, 20}},
        .jpeg = {.quality = 75, .full_chroma = flags >> 2 & 1, .progressive = flags >> 3 & 1},
        .png = {.level = flags >> 2 & 7, .adaptive = flags >> 3 & 1, .keep_grey = 1},
        .webp = {.quality = 60,
                 .effort = flags >> 4 & 3,
                 .lossless = flags >> 2 & 1,
                 .smart_subsample = flags >> 3 & 1},
        .output_limit = 1 << 20,
        .level = pixelshift_cpu_current(),
    };
    job.sharpen.kind = flags >> 4 & 1 ? PIXELSHIFT_ENGINE_SHARPEN_LIGHT : PIXELSHIFT_ENGINE_SHARPEN_MILD;
    if (!(flags >> 5 & 1)) {
        job.sharpen.kind = PIXELSHIFT_ENGINE_SHARPEN_NONE;
    }
    if (flags >> 6 & 1) {
        job.canvas = (pixelshift_engine_canvas){1, 2, OUT - 2, OUT - 3, {10, 200, 30}};
    }
    if (flags >> 7) {
        job.overlay = (pixelshift_engine_overlay){asked->data, LEAST_FILE, LEAST_FILE / 4, 1, 2, 1};
    }
    return job;
}

static answer run(const request *asked) {
    pixelshift_engine_job job = job_of(asked);
    answer result;
    result.status = pixelshift_engine_run(&job, &result.body, &result.size);
    return result;
}

static answer encode(const request *asked, const uint8_t *pixels, int channels) {
    pixelshift_engine_job job = job_of(asked);
    job.width = job.height = SIDE;
    answer result;
    result.status =
        pixelshift_engine_encode(&job, pixels, (ptrdiff_t)SIDE * channels, channels, &result.body, &result.size);
    return result;
}

static answer filter(const request *asked, const uint8_t *pixels, int channels) {
    pixelshift_engine_job job = job_of(asked);
    job.width = job.height = SIDE;
    answer result = {.size = (size_t)SIDE * SIDE * (size_t)channels};
    result.body = __real_calloc(1, result.size);
    result.status = pixelshift_engine_filter(&job, result.body, pixels, channels);
    return result;
}

static answer decode(const request *asked) {
    pixelshift_png_info info;
    pixelshift_png_decoder *decoder;
    answer result = {
        .status = pixelshift_png_open(&decoder, &info, asked->data, asked->size, pixelshift_cpu_current()),
    };
    if (result.status != PIXELSHIFT_ENGINE_OK) {
        return result;
    }
    size_t row = (size_t)info.width * (size_t)info.channels;
    if ((size_t)info.height <= ((size_t)1 << 16) / row) {
        result.size = row * (size_t)info.height;
        result.body = __real_calloc(1, result.size);
        result.status = pixelshift_png_read(decoder, &info, result.body, (ptrdiff_t)row, 0);
    }
    pixelshift_png_close(decoder);
    return result;
}

static int status_of(pixelshift_changepoint_status status) {
    return status == PIXELSHIFT_CHANGEPOINT_NO_MEMORY ? PIXELSHIFT_ENGINE_NO_MEMORY : PIXELSHIFT_ENGINE_OK;
}

/* Values that rise and fall; whatever has failed can be freed. */
static answer detect(const request *asked) {
    uint8_t flags = asked->flags;
    pixelshift_changepoint_options options = {
        .alpha = 0.01,
        .threshold = flags & 1,
        .startup = 5,
        .max_points = flags >> 1 & 1 ? 300 : 0,
        .gate = flags >> 2 & 1,
        .noise_unit = flags >> 3 & 1,
        .standardized_statistic = flags >> 4 & 1,
        .ar1 = flags >> 5 & 1,
        .remove_trend = flags >> 6 & 1,
        .keep_since_change = flags >> 7,
    };
    pixelshift_changepoint *detector = pixelshift_changepoint_new(&options);
    answer result = {.status = detector == NULL ? PIXELSHIFT_ENGINE_NO_MEMORY : PIXELSHIFT_ENGINE_OK};
    pixelshift_change changes[MOST_CHANGES];
    for (size_t i = 0; result.status == PIXELSHIFT_ENGINE_OK && i < MOST_VALUES; i++) {
        double value = (int8_t)asked->data[i % asked->size] / (1.0 + (double)(i % 7));
        int64_t found, taken;
        double pair[2] = {value, i % 50 == 49 ? 0.0 / 0.0 : -value};
        result.status = status_of(pixelshift_changepoint_extend(detector, changes, &found, &taken, pair, 2, 2));
        result.size += (size_t)found;
    }
    if (result.status == PIXELSHIFT_ENGINE_OK) {
        pixelshift_changepoint_segment segment = pixelshift_changepoint_export(detector);
        pixelshift_changepoint *other = pixelshift_changepoint_new(&options);
        result.status =
            other == NULL ? PIXELSHIFT_ENGINE_NO_MEMORY : status_of(pixelshift_changepoint_import(other, &segment));
        pixelshift_changepoint_free(other);
    }
    pixelshift_changepoint_free(detector);
    return result;
}

static answer call(const request *asked) {
    static uint8_t pixels[SIDE * SIDE * 4];
    reader input = {asked->data, asked->size};
    int channels = 1 + (asked->form >> 4) % 4;
    fill(&input, pixels, sizeof pixels);
    switch (asked->form % 4) {
    case 0:
        return asked->form >> 7 ? decode(asked) : run(asked);
    case 1:
        return encode(asked, pixels, channels);
    case 2:
        return filter(asked, pixels, channels);
    default:
        return detect(asked);
    }
}

static void compare(const request *asked, const answer *one, const answer *usual) {
    int is_engine = asked->form % 4 < 2 && !(asked->form >> 7);
    require(one->status == PIXELSHIFT_ENGINE_OK || !is_engine || one->body == NULL,
            "nothing is handed over with an error");
    if (one->status != PIXELSHIFT_ENGINE_NO_MEMORY) {
        require(one->status == usual->status && one->size == usual->size, "no other error than NO_MEMORY");
        require(one->body == NULL || memcmp(one->body, usual->body, one->size) == 0, "no other result");
    }
}

static void fail_each(const request *asked, failure how, const answer *usual) {
    int has_failed = 1;
    for (long nth = 0; has_failed; nth++) {
        left = nth;
        failing = how;
        answer one = call(asked);
        failing = NEVER;
        has_failed = left < 0;
        require(has_failed || one.status == usual->status, "without a failure, as usual");
        compare(asked, &one, usual);
        free(one.body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 + LEAST_FILE) {
        return 0;
    }
    request asked = {data[0], data[1], data + 2, size - 2};
    answer usual = call(&asked);
    require(usual.status != PIXELSHIFT_ENGINE_NO_MEMORY, "there is memory");
    /* libwebp 1.2 forgets one of its errors, a few hundred bytes that it did not get, and writes half a file. */
    if (asked.form % 4 > 1 || asked.form / 4 % PIXELSHIFT_ENGINE_FORMATS != PIXELSHIFT_ENGINE_WEBP) {
        fail_each(&asked, ONCE, &usual);
    }
    fail_each(&asked, FROM_THEN_ON, &usual);
    free(usual.body);
    return 0;
}
