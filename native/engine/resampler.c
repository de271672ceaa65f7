#include "room.h"

#include <stdlib.h>

typedef struct {
    engine_room room;
    engine_source *source;
    double deadline;
    engine_chain chain[ENGINE_PLANES];
} resampler;

static int all_ready(const resampler *self) {
    for (int i = 0; i < self->room.rows.planes; i++) {
        if (!engine_chain_ready(&self->chain[i])) {
            return 0;
        }
    }
    return 1;
}

static pixelshift_engine_status read_band(resampler *self) {
    engine_source *source = self->source;
    if (source->plane[0].rows_read >= source->plane[0].height) {
        return PIXELSHIFT_ENGINE_DAMAGED;
    }
    if (engine_deadline_passed(self->deadline)) {
        return PIXELSHIFT_ENGINE_TIMEOUT;
    }
    pixelshift_engine_status status = source->kind->read(source);
    for (int i = 0; status == PIXELSHIFT_ENGINE_OK && i < source->planes; i++) {
        engine_plane_accept(&source->plane[i]);
        status = engine_chain_advance(&self->chain[i]);
    }
    return status;
}

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    resampler *self = (resampler *)room;
    while (!all_ready(self)) {
        pixelshift_engine_status status = read_band(self);
        if (status != PIXELSHIFT_ENGINE_OK) {
            return status;
        }
    }
    for (int i = 0; i < room->rows.planes; i++) {
        engine_chain_take(&self->chain[i], band->row[i]);
    }
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    resampler *self = (resampler *)room;
    for (int i = 0; i < ENGINE_PLANES; i++) {
        engine_chain_close(&self->chain[i]);
    }
    free(self);
}

engine_room *engine_resampler(engine_source *source, const engine_rows *rows, const pixelshift_engine_job *job,
                              pixelshift_engine_status *status) {
    resampler *self = calloc(1, sizeof *self);
    if (self == NULL) {
        *status = PIXELSHIFT_ENGINE_NO_MEMORY;
        return NULL;
    }
    self->room = (engine_room){.rows = *rows, .next = next, .close = close};
    self->source = source;
    self->deadline = job->deadline;
    *status = PIXELSHIFT_ENGINE_OK;
    int premultiply = engine_has_alpha(source->colour) && job->filter != PIXELSHIFT_RESAMPLE_NEAREST;
    for (int i = 0; *status == PIXELSHIFT_ENGINE_OK && i < source->planes; i++) {
        const engine_chain *like = i > 0 ? &self->chain[i - 1] : NULL;
        *status = engine_chain_open(&self->chain[i], &source->plane[i], &rows->plane[i], &rows->plane[0], premultiply,
                                    job, like);
    }
    return &self->room;
}
