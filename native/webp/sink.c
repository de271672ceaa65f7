/*
 * WebP out. The picture that libwebp encodes is filled a band at a time: from YCbCr 4:2:0 planes as they are, but for
 * their range; from packed pixels by libwebp's own conversion, which averages chroma in linear light; and as ARGB where
 * it is to be lossless, or libwebp is to look at all of it.
 */
#include "../engine/sink.h"

#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

#include "container.h"

typedef struct webp_sink {
    engine_sink sink;
    const pixelshift_engine_job *job;
    WebPConfig config;
    WebPPicture picture;
    /* Puts `rows` rows of a band into the picture; returns 0 when there is no memory. */
    int (*take)(struct webp_sink *self, const engine_band *band, int rows);
    uint8_t luma[256], chroma[256]; /* full range to WebP's */
    uint8_t *packed;                /* a band without gaps between its rows */
    int at;                         /* rows written so far */
    pixelshift_engine_status status;
} webp_sink;

static int set_options(WebPConfig *config, const pixelshift_engine_webp *options) {
    static const WebPPreset PRESETS[] = {WEBP_PRESET_DEFAULT, WEBP_PRESET_PICTURE, WEBP_PRESET_PHOTO,
                                         WEBP_PRESET_DRAWING, WEBP_PRESET_ICON,    WEBP_PRESET_TEXT};
    int lossless = options->lossless || options->near_lossless;
    /* A preset and its quality mean lossy coding; for lossless, quality would be effort. */
    int known =
        lossless ? WebPConfigInit(config) : WebPConfigPreset(config, PRESETS[options->preset], (float)options->quality);
    if (!known) {
        return 0;
    }
    config->lossless = lossless;
    config->method = options->effort;
    config->alpha_quality = options->alpha_quality;
    config->exact = options->exact;
    config->use_sharp_yuv = options->smart_subsample;
    config->autofilter = options->smart_deblock;
    if (options->near_lossless) {
        config->near_lossless = options->quality;
    }
    return WebPValidateConfig(config);
}

/* From 0-255 to 16-235 and 16-240. */
static void set_range(webp_sink *self) {
    for (int i = 0; i < 256; i++) {
        self->luma[i] = (uint8_t)(16 + (i * 219 + 127) / 255);
        self->chroma[i] = (uint8_t)((128 * 255 + (i - 128) * 224 + 127) / 255);
    }
}

static int write_bytes(const uint8_t *bytes, size_t size, const WebPPicture *picture) {
    webp_sink *self = picture->custom_ptr;
    self->status = engine_output_append(&self->sink.output, bytes, size);
    return self->status == PIXELSHIFT_ENGINE_OK;
}

static int go_on(int percent, const WebPPicture *picture) {
    (void)percent;
    webp_sink *self = picture->custom_ptr;
    if (engine_deadline_passed(self->job->deadline)) {
        self->status = PIXELSHIFT_ENGINE_TIMEOUT;
    }
    return self->status == PIXELSHIFT_ENGINE_OK;
}

static void convert_row(uint8_t *to, const uint8_t *from, int count, const uint8_t table[256]) {
    for (int i = 0; i < count; i++) {
        to[i] = table[from[i]];
    }
}

static int take_planes(webp_sink *self, const engine_band *band, int rows) {
    WebPPicture *picture = &self->picture;
    const engine_rows *takes = &self->sink.takes;
    for (int i = 0; i < rows; i++) {
        uint8_t *to = picture->y + (ptrdiff_t)(self->at + i) * picture->y_stride;
        convert_row(to, band->row[0][i], takes->plane[0].width, self->luma);
    }
    for (int i = 0; i < (rows + 1) / 2; i++) {
        ptrdiff_t at = (ptrdiff_t)(self->at / 2 + i) * picture->uv_stride;
        convert_row(picture->u + at, band->row[1][i], takes->plane[1].width, self->chroma);
        convert_row(picture->v + at, band->row[2][i], takes->plane[2].width, self->chroma);
    }
    return 1;
}

static void copy_plane(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int width, int rows) {
    for (int i = 0; i < rows; i++) {
        memcpy(to + (ptrdiff_t)i * to_stride, from + (ptrdiff_t)i * from_stride, (size_t)width);
    }
}

/* libwebp's conversion looks at two rows at a time, so that a band of its own gives what the whole would. */
static int take_packed(webp_sink *self, const engine_band *band, int rows) {
    WebPPicture *whole = &self->picture, part;
    int channels = self->sink.takes.plane[0].channels, stride = whole->width * channels;
    if (!WebPPictureInit(&part)) {
        return 0;
    }
    part.width = whole->width;
    part.height = rows;
    for (int i = 0; i < rows; i++) {
        memcpy(self->packed + (ptrdiff_t)i * stride, band->row[0][i], (size_t)stride);
    }
    int done = channels == 4 ? WebPPictureImportRGBA(&part, self->packed, stride)
                             : WebPPictureImportRGB(&part, self->packed, stride);
    if (done) {
        int coarse = (whole->width + 1) / 2, coarse_rows = (rows + 1) / 2;
        ptrdiff_t at = (ptrdiff_t)(self->at / 2) * whole->uv_stride;
        copy_plane(whole->y + (ptrdiff_t)self->at * whole->y_stride, whole->y_stride, part.y, part.y_stride,
                   whole->width, rows);
        copy_plane(whole->u + at, whole->uv_stride, part.u, part.uv_stride, coarse, coarse_rows);
        copy_plane(whole->v + at, whole->uv_stride, part.v, part.uv_stride, coarse, coarse_rows);
    }
    if (done && part.a != NULL) {
        copy_plane(whole->a + (ptrdiff_t)self->at * whole->a_stride, whole->a_stride, part.a, part.a_stride,
                   whole->width, rows);
    }
    WebPPictureFree(&part);
    return done;
}

static int take_argb(webp_sink *self, const engine_band *band, int rows) {
    WebPPicture *picture = &self->picture;
    int channels = self->sink.takes.plane[0].channels;
    for (int i = 0; i < rows; i++) {
        uint32_t *to = picture->argb + (ptrdiff_t)(self->at + i) * picture->argb_stride;
        const uint8_t *from = band->row[0][i];
        for (int x = 0; x < picture->width; x++, from += channels) {
            uint32_t alpha = channels == 4 ? from[3] : 255;
            to[x] = alpha << 24 | (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        }
    }
    return 1;
}

/* Chooses what the sink takes and how, and makes the picture's memory. */
static int allocate(webp_sink *self, engine_colour colour) {
    WebPPicture *picture = &self->picture;
    engine_colour packed = engine_has_alpha(colour) ? ENGINE_RGBA : ENGINE_RGB;
    self->sink.takes = engine_rows_of(packed, picture->width, picture->height, 1, ENGINE_BAND_ROWS);
    if (self->config.lossless || self->config.use_sharp_yuv) {
        self->take = take_argb;
        picture->use_argb = 1;
        return WebPPictureAlloc(picture);
    }
    if (colour == ENGINE_YCBCR || colour == ENGINE_GREY) {
        self->take = take_planes;
        set_range(self);
        self->sink.takes = engine_rows_of(ENGINE_YCBCR, picture->width, picture->height, 2, ENGINE_BAND_ROWS);
        return WebPPictureAlloc(picture);
    }
    self->take = take_packed;
    self->packed = malloc((size_t)picture->width * (size_t)packed * ENGINE_BAND_ROWS);
    picture->colorspace = packed == ENGINE_RGBA ? WEBP_YUV420A : WEBP_YUV420;
    if (self->packed == NULL || !WebPPictureAlloc(picture)) {
        return 0;
    }
    if (picture->a != NULL) {
        /* Bands without transparency come without it. */
        memset(picture->a, 255, (size_t)picture->a_stride * (size_t)picture->height);
    }
    return 1;
}

static pixelshift_engine_status open(engine_sink *sink, const pixelshift_engine_job *job, engine_colour colour) {
    webp_sink *self = (webp_sink *)sink;
    self->job = job;
    if (job->width > WEBP_MAX_DIMENSION || job->height > WEBP_MAX_DIMENSION || !WebPPictureInit(&self->picture) ||
        !set_options(&self->config, &job->webp)) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    self->picture.width = job->width;
    self->picture.height = job->height;
    self->picture.custom_ptr = self;
    self->picture.writer = write_bytes;
    self->picture.progress_hook = go_on;
    return allocate(self, colour) ? PIXELSHIFT_ENGINE_OK : PIXELSHIFT_ENGINE_NO_MEMORY;
}

static pixelshift_engine_status write(engine_sink *sink, const engine_band *band) {
    webp_sink *self = (webp_sink *)sink;
    int left = self->picture.height - self->at, rows = left < ENGINE_BAND_ROWS ? left : ENGINE_BAND_ROWS;
    if (!self->take(self, band, rows)) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    self->at += rows;
    return PIXELSHIFT_ENGINE_OK;
}

static pixelshift_engine_status finish(engine_sink *sink) {
    webp_sink *self = (webp_sink *)sink;
    const pixelshift_engine_job *job = self->job;
    size_t begin;
    pixelshift_engine_status status = webp_begin(&sink->output, job->metadata, job->metadata_size, &begin);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    if (!WebPEncode(&self->config, &self->picture)) {
        if (self->status != PIXELSHIFT_ENGINE_OK) {
            return self->status;
        }
        int is_size = self->picture.error_code == VP8_ENC_ERROR_PARTITION0_OVERFLOW ||
                      self->picture.error_code == VP8_ENC_ERROR_PARTITION_OVERFLOW ||
                      self->picture.error_code == VP8_ENC_ERROR_FILE_TOO_BIG;
        return is_size ? PIXELSHIFT_ENGINE_TOO_LARGE : PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    return webp_end(&sink->output, begin, job);
}

static void close(engine_sink *sink) {
    webp_sink *self = (webp_sink *)sink;
    WebPPictureFree(&self->picture);
    free(self->packed);
    free(self);
}

static engine_sink *create(void);

const engine_sink_kind engine_sink_webp = {create, open, write, finish, close};

static engine_sink *create(void) {
    webp_sink *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->sink.kind = &engine_sink_webp;
    return &self->sink;
}
