/* Pixels in memory as the first room, where a file has its source and resampler. */
#include "room.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_room room;
    const uint8_t *pixels;
    ptrdiff_t stride;
    double deadline;
    int at;
    uint8_t *band; /* a copy, as rooms below may write to it */
    size_t row_bytes;
} array;

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    array *self = (array *)room;
    const engine_rows_plane *plane = &room->rows.plane[0];
    if (engine_deadline_passed(self->deadline)) {
        return PIXELSHIFT_ENGINE_TIMEOUT;
    }
    for (int i = 0; i < plane->band_rows; i++) {
        int y = self->at + i < plane->height ? self->at + i : plane->height - 1;
        uint8_t *row = band->row[0][i] = self->band + (size_t)i * self->row_bytes;
        memcpy(row, self->pixels + y * self->stride, (size_t)plane->width * (size_t)plane->channels);
        engine_repeat_pixel(row, plane->width, plane->padded - plane->width, plane->channels);
    }
    self->at += plane->band_rows;
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    array *self = (array *)room;
    free(self->band);
    free(self);
}

engine_room *engine_array(const uint8_t *pixels, ptrdiff_t stride, const engine_rows *rows, double deadline) {
    array *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    const engine_rows_plane *plane = &rows->plane[0];
    self->row_bytes = ((size_t)plane->padded * (size_t)plane->channels + 63) & ~(size_t)63;
    self->band = engine_memory(self->row_bytes * (size_t)plane->band_rows);
    if (self->band == NULL) {
        free(self);
        return NULL;
    }
    self->room = (engine_room){.rows = *rows, .next = next, .close = close};
    self->pixels = pixels;
    self->stride = stride;
    self->deadline = deadline;
    return &self->room;
}
