/* PNG out: RGB or RGBA of 8 bits; grey where a picture that is in memory is grey. */
#include "../engine/sink.h"

#include "writer.h"

#include <stdlib.h>

typedef struct {
    engine_sink sink;
    png_writer *writer;
    int rows_left;
} png_sink;

static engine_colour colour_for(engine_colour colour, int keep_grey) {
    switch (colour) {
    case ENGINE_GREY:
        return keep_grey ? ENGINE_GREY : ENGINE_RGB;
    case ENGINE_GREY_ALPHA:
        return keep_grey ? ENGINE_GREY_ALPHA : ENGINE_RGBA;
    case ENGINE_RGBA:
        return ENGINE_RGBA;
    default:
        return ENGINE_RGB;
    }
}

static pixelshift_engine_status open(engine_sink *sink, const pixelshift_engine_job *job, engine_colour colour) {
    png_sink *self = (png_sink *)sink;
    engine_colour takes = colour_for(colour, job->png.keep_grey);
    sink->takes = engine_rows_of(takes, job->width, job->height, 1, ENGINE_BAND_ROWS);
    png_target target = {
        .width = job->width,
        .height = job->height,
        .channels = (int)takes,
        .level = job->png.level,
        .adaptive = job->png.adaptive,
        .chunks = job->metadata,
        .chunks_size = job->metadata_size,
        .cpu = job->level,
    };
    pixelshift_engine_status status;
    self->rows_left = job->height;
    self->writer = png_writer_new(&target, &sink->output, &status);
    return status;
}

static pixelshift_engine_status write(engine_sink *sink, const engine_band *band) {
    png_sink *self = (png_sink *)sink;
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    int rows = self->rows_left < ENGINE_BAND_ROWS ? self->rows_left : ENGINE_BAND_ROWS;
    for (int i = 0; status == PIXELSHIFT_ENGINE_OK && i < rows; i++) {
        status = png_writer_row(self->writer, band->row[0][i]);
    }
    self->rows_left -= rows;
    return status;
}

static pixelshift_engine_status finish(engine_sink *sink) {
    return png_writer_finish(((png_sink *)sink)->writer);
}

static void close(engine_sink *sink) {
    png_writer_free(((png_sink *)sink)->writer);
    free(sink);
}

static engine_sink *create(void);

const engine_sink_kind engine_sink_png = {create, open, write, finish, close};

static engine_sink *create(void) {
    png_sink *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->sink.kind = &engine_sink_png;
    return &self->sink;
}
