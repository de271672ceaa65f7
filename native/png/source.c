/* PNG in: one packed plane, every colour type and depth that is not interlaced. */
#include "../engine/source.h"

#include "reader.h"

#include <stdlib.h>

typedef struct {
    engine_source source;
    png_reader reader;
    int opened;
} png_source;

static pixelshift_engine_status open(engine_source *source, const pixelshift_engine_job *job) {
    png_source *self = (png_source *)source;
    self->opened = 1;
    pixelshift_engine_status status = png_reader_open(&self->reader, job->data, job->size, job->level);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const png_header *header = &self->reader.header;
    if (header->width > PIXELSHIFT_RESAMPLE_SIDE_LIMIT || header->height > PIXELSHIFT_RESAMPLE_SIDE_LIMIT) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    if (!png_reader_allocate(&self->reader)) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    int channels = png_channels(header);
    source->width = (int)header->width;
    source->height = (int)header->height;
    source->colour = (engine_colour)channels;
    source->planes = 1;
    source->plane[0] = (engine_plane){
        .width = source->width,
        .height = source->height,
        .channels = channels,
        .step_x = 1,
        .step_y = 1,
        .written = source->width,
        .band_rows = ENGINE_BAND_ROWS,
    };
    return PIXELSHIFT_ENGINE_OK;
}

static pixelshift_engine_status read(engine_source *source) {
    png_source *self = (png_source *)source;
    engine_plane *plane = &source->plane[0];
    int left = plane->height - plane->rows_read, wanted = left < plane->band_rows ? left : plane->band_rows;
    int rows = png_reader_rows(&self->reader, engine_plane_target(plane, 0), (ptrdiff_t)plane->stride, wanted);
    return rows == wanted ? PIXELSHIFT_ENGINE_OK : PIXELSHIFT_ENGINE_DAMAGED;
}

static int warnings(const engine_source *source) {
    return ((const png_source *)source)->reader.stream.harmed;
}

static void close(engine_source *source) {
    png_source *self = (png_source *)source;
    if (self->opened) {
        png_reader_close(&self->reader);
    }
    free(self);
}

static engine_source *create(void);

const engine_source_kind engine_source_png = {create, open, read, warnings, close, NULL};

static engine_source *create(void) {
    /* Most of it is the decompressor's window, which needs no zeros. */
    png_source *self = malloc(sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->source = (engine_source){.kind = &engine_source_png};
    self->opened = 0;
    return &self->source;
}
