/*
 * Pixels, options, metadata, limits and deadlines of any kind to every sink: no finding, the same bytes at every level,
 * nothing left behind where the sink gives up, and what comes out is read back: to the pixel where nothing may be lost.
 */
#include "guard.h"

#include <webp/decode.h>

#include "pixelshift/engine.h"
#include "pixelshift/png.h"

enum { MOST_SIDE = 300, MOST_PIXELS = 1 << 14, MOST_METADATA = 3 };

static pixelshift_engine_webp take_webp(reader *input) {
    uint8_t flags = take_byte(input);
    return (pixelshift_engine_webp){
        .quality = take_byte(input) % 101,
        .alpha_quality = take_byte(input) % 101,
        .effort = take_byte(input) % 7,
        .lossless = flags & 1,
        .near_lossless = flags >> 1 & 1,
        .smart_subsample = flags >> 2 & 1,
        .smart_deblock = flags >> 3 & 1,
        .exact = flags >> 4 & 1,
        .preset = (pixelshift_engine_webp_preset)((flags >> 5) % 6),
    };
}

/* RIFF chunks as the adapter lets them through: whole, padded, at most one of each kind. */
static size_t take_metadata(reader *input, uint8_t *to) {
    static const char *const KINDS[MOST_METADATA] = {"ICCP", "EXIF", "XMP "};
    uint8_t chosen = take_byte(input);
    size_t size = 0;
    for (int i = 0; i < MOST_METADATA; i++) {
        if (chosen >> i & 1) {
            uint8_t length = take_byte(input);
            memcpy(to + size, KINDS[(i + (chosen >> 6)) % MOST_METADATA], 4);
            memset(to + size + 4, 0, 4);
            to[size + 4] = length;
            take(input, to + size + 8, length + (length & 1u));
            size += 8 + length + (length & 1u);
        }
    }
    return size;
}

static void check_webp(const pixelshift_engine_job *job, const uint8_t *pixels, int channels, const uint8_t *body,
                       size_t size) {
    int width, height;
    uint8_t *back = WebPDecodeRGBA(body, size, &width, &height);
    require(back != NULL && width == job->width && height == job->height, "a WebP of that size");
    int is_opaque = channels % 2 == 1;
    int is_same = job->webp.lossless && !job->webp.near_lossless && (is_opaque || job->webp.exact);
    for (size_t i = 0; is_same && i < (size_t)width * (size_t)height; i++) {
        const uint8_t *from = pixels + i * (size_t)channels;
        for (int c = 0; c < 3; c++) {
            require(back[4 * i + c] == from[channels < 3 ? 0 : c], "lossless is without loss");
        }
        require(is_opaque || back[4 * i + 3] == from[channels - 1], "alpha is kept");
    }
    WebPFree(back);
}

static void check_png(const pixelshift_engine_job *job, const uint8_t *body, size_t size) {
    pixelshift_png_info info;
    pixelshift_png_decoder *decoder;
    require(pixelshift_png_open(&decoder, &info, body, size, job->level) == PIXELSHIFT_ENGINE_OK &&
                info.width == job->width && info.height == job->height,
            "a PNG of that size");
    pixelshift_png_close(decoder);
}

/* By libjpeg, which warns of everything that it has to put up with. */
static void check_jpeg(const pixelshift_engine_job *job, const uint8_t *body, size_t size) {
    pixelshift_engine_job back = {.data = body, .size = size, .reference = 1, .scale = 8, .width = 8, .height = 8};
    back.source = PIXELSHIFT_ENGINE_JPEG;
    back.sink = PIXELSHIFT_ENGINE_PNG;
    back.area = back.box = (pixelshift_engine_box){0, 0, job->width, job->height};
    back.filter = PIXELSHIFT_RESAMPLE_LINEAR;
    back.output_limit = 1 << 20;
    uint8_t *png;
    size_t png_size;
    require(pixelshift_engine_run(&back, &png, &png_size) == PIXELSHIFT_ENGINE_OK, "a sound JPEG of that size");
    pixelshift_engine_free(png);
}

static void check(const pixelshift_engine_job *job, const uint8_t *pixels, int channels, const uint8_t *body,
                  size_t size) {
    require(size <= job->output_limit, "within its limit");
    if (job->sink == PIXELSHIFT_ENGINE_WEBP) {
        check_webp(job, pixels, channels, body, size);
    } else if (job->sink == PIXELSHIFT_ENGINE_PNG) {
        check_png(job, body, size);
    } else {
        check_jpeg(job, body, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader input = {data, size};
    uint8_t form = take_byte(&input), limits = take_byte(&input);
    pixelshift_engine_job job = {.sink = (pixelshift_engine_format)(form % PIXELSHIFT_ENGINE_FORMATS)};
    int channels = 1 + (form >> 2) % 4;
    uint8_t metadata[MOST_METADATA * 264];
    job.webp = take_webp(&input);
    job.png = (pixelshift_engine_png){job.webp.quality % 10, job.webp.exact, form >> 7};
    job.jpeg =
        (pixelshift_engine_jpeg){1 + job.webp.quality % 100, job.webp.exact, job.webp.lossless, job.webp.smart_deblock};
    if (job.sink == PIXELSHIFT_ENGINE_WEBP) {
        job.metadata = metadata;
        job.metadata_size = take_metadata(&input, metadata);
    }
    job.width = take_side(&input, MOST_SIDE);
    job.height = take_side(&input, MOST_SIDE);
    if (job.height > MOST_PIXELS / job.width) {
        job.height = MOST_PIXELS / job.width;
    }
    job.output_limit = limits & 1 ? (size_t)(limits >> 1) * 40 : (size_t)1 << 26;
    job.deadline = limits == 0x80 ? 1e-9 : 0;
    size_t row = (size_t)job.width * (size_t)channels, bytes = row * (size_t)job.height;
    guarded pixels = guarded_new(bytes);
    fill(&input, pixels.bytes, bytes);
    uint8_t *body[2];
    size_t body_size[2];
    pixelshift_engine_status status[2];
    for (int level = 0; level < 2; level++) {
        job.level = level == 0 ? PIXELSHIFT_CPU_SCALAR : pixelshift_cpu_detect();
        status[level] =
            pixelshift_engine_encode(&job, pixels.bytes, (ptrdiff_t)row, channels, &body[level], &body_size[level]);
    }
    require(status[0] == status[1] && body_size[0] == body_size[1], "levels end alike");
    require(job.deadline == 0 || status[0] == PIXELSHIFT_ENGINE_TIMEOUT, "a deadline that has passed ends it");
    if (status[0] == PIXELSHIFT_ENGINE_OK) {
        require(memcmp(body[0], body[1], body_size[0]) == 0, "levels agree");
        check(&job, pixels.bytes, channels, body[0], body_size[0]);
    } else {
        require(body[0] == NULL && body[1] == NULL, "nothing is handed over");
    }
    pixelshift_engine_free(body[0]);
    pixelshift_engine_free(body[1]);
    guarded_free(&pixels);
    return 0;
}
