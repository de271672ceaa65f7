#include "chain.h"

#include <stdlib.h>

typedef struct {
    jpeg_source source;
    jpeg_sink sink;
    jpeg_chain chain[JPEG_PLANES];
} jpeg_engine;

/* Written so that NaN is outside. */
static int box_within(const pixelshift_jpeg_box *box, const struct jpeg_decompress_struct *picture) {
    return box->left >= 0 && box->left < box->right && box->right <= picture->image_width && box->top >= 0 &&
           box->top < box->bottom && box->bottom <= picture->image_height;
}

static pixelshift_jpeg_status open_all(jpeg_engine *engine, const pixelshift_jpeg_job *job, int own_decoder) {
    pixelshift_jpeg_status status = jpeg_source_open(&engine->source, job, own_decoder);
    if (status == PIXELSHIFT_JPEG_OK && !box_within(&job->box, &engine->source.decoder)) {
        status = PIXELSHIFT_JPEG_OUTSIDE;
    }
    if (status == PIXELSHIFT_JPEG_OK) {
        status = jpeg_sink_open(&engine->sink, job, engine->source.planes);
    }
    for (int i = 0; status == PIXELSHIFT_JPEG_OK && i < engine->source.planes; i++) {
        const jpeg_chain *like = i > 0 ? &engine->chain[i - 1] : NULL;
        status = jpeg_chain_open(&engine->chain[i], &engine->source.plane[i], &engine->sink.plane[i], job, like);
    }
    return status;
}

static int all_ready(const jpeg_engine *engine) {
    for (int i = 0; i < engine->source.planes; i++) {
        if (!jpeg_chain_ready(&engine->chain[i])) {
            return 0;
        }
    }
    return 1;
}

static pixelshift_jpeg_status read_band(jpeg_engine *engine) {
    if (jpeg_source_finished(&engine->source)) {
        return PIXELSHIFT_JPEG_DAMAGED;
    }
    pixelshift_jpeg_status status = jpeg_source_read(&engine->source);
    for (int i = 0; status == PIXELSHIFT_JPEG_OK && i < engine->source.planes; i++) {
        status = jpeg_chain_advance(&engine->chain[i]);
    }
    return status;
}

static pixelshift_jpeg_status write_band(jpeg_engine *engine) {
    JSAMPROW rows[JPEG_PLANES][2 * DCTSIZE];
    JSAMPARRAY bands[JPEG_PLANES] = {rows[0], rows[1], rows[2]};
    for (int i = 0; i < engine->source.planes; i++) {
        jpeg_chain_take(&engine->chain[i], rows[i]);
    }
    return jpeg_sink_write(&engine->sink, bands);
}

static pixelshift_jpeg_status run(jpeg_engine *engine, const pixelshift_jpeg_job *job, int own_decoder) {
    pixelshift_jpeg_status status = open_all(engine, job, own_decoder);
    int band = engine->sink.plane[0].band_rows;
    for (int row = 0; status == PIXELSHIFT_JPEG_OK && row < job->height; row += band) {
        while (status == PIXELSHIFT_JPEG_OK && !all_ready(engine)) {
            status = read_band(engine);
        }
        if (status == PIXELSHIFT_JPEG_OK) {
            status = write_band(engine);
        }
    }
    if (status == PIXELSHIFT_JPEG_OK && jpeg_source_warnings(&engine->source) > 0) {
        status = PIXELSHIFT_JPEG_DAMAGED;
    }
    return status;
}

static pixelshift_jpeg_status attempt(const pixelshift_jpeg_job *job, int own_decoder, uint8_t **output,
                                      size_t *output_size) {
    jpeg_engine *engine = calloc(1, sizeof(jpeg_engine));
    if (engine == NULL) {
        return PIXELSHIFT_JPEG_NO_MEMORY;
    }
    pixelshift_jpeg_status status = run(engine, job, own_decoder);
    if (status == PIXELSHIFT_JPEG_OK) {
        status = jpeg_sink_finish(&engine->sink, output, output_size);
    }
    for (int i = 0; i < JPEG_PLANES; i++) {
        jpeg_chain_close(&engine->chain[i]);
    }
    jpeg_sink_close(&engine->sink);
    jpeg_source_close(&engine->source);
    free(engine);
    return status;
}

pixelshift_jpeg_status pixelshift_jpeg_resize(const pixelshift_jpeg_job *job, uint8_t **output, size_t *output_size) {
    *output = NULL;
    *output_size = 0;
    pixelshift_jpeg_status status = attempt(job, job->decoder == PIXELSHIFT_JPEG_OWN, output, output_size);
    if (status == PIXELSHIFT_JPEG_DAMAGED && job->decoder == PIXELSHIFT_JPEG_OWN) {
        /* Our decoder gives up where libjpeg may still know a way. */
        status = attempt(job, 0, output, output_size);
    }
    return status;
}

void pixelshift_jpeg_free(uint8_t *output) {
    free(output);
}
