/* A room that makes grey of equal luminance of colours, in linear light. */
#include "room.h"

#include "pixelshift/colour.h"

#include <stdlib.h>

typedef struct {
    engine_room room;
    const pixelshift_colour_kernels_table *kernels;
    pixelshift_colour_tables tables;
    size_t stride;
    uint8_t *band, *line; /* the band; one row of grey that alpha is still to be put beside */
} greyer;

static void put_beside(uint8_t *to, const uint8_t *grey, const uint8_t *rgba, int pixels) {
    for (int i = 0; i < pixels; i++) {
        to[2 * i] = grey[i];
        to[2 * i + 1] = rgba[4 * i + 3];
    }
}

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    greyer *self = (greyer *)room;
    engine_band from;
    pixelshift_engine_status status = room->above->next(room->above, &from);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const engine_rows_plane *plane = &room->rows.plane[0];
    int has_alpha = engine_has_alpha(room->rows.colour), channels = has_alpha ? 4 : 3;
    for (int i = 0; i < plane->band_rows; i++) {
        uint8_t *row = band->row[0][i] = self->band + (size_t)i * self->stride;
        uint8_t *grey = has_alpha ? self->line : row;
        self->kernels->luminance(grey, from.row[0][i], &self->tables, (size_t)plane->padded, (size_t)channels);
        if (has_alpha) {
            put_beside(row, grey, from.row[0][i], plane->padded);
        }
    }
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    greyer *self = (greyer *)room;
    free(self->band);
    free(self);
}

engine_room *engine_to_grey(engine_room *above, pixelshift_cpu_level level) {
    greyer *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    engine_rows rows = above->rows;
    engine_rows_plane *plane = &rows.plane[0];
    rows.colour = engine_has_alpha(rows.colour) ? ENGINE_GREY_ALPHA : ENGINE_GREY;
    plane->channels = (int)rows.colour;
    self->room = (engine_room){.above = above, .rows = rows, .next = next, .close = close};
    self->kernels = pixelshift_colour_kernels(level);
    pixelshift_colour_tables_init(&self->tables);
    self->stride = ((size_t)plane->padded * (size_t)plane->channels + 63) & ~(size_t)63;
    self->band = engine_memory(self->stride * (size_t)(plane->band_rows + 1));
    if (self->band == NULL) {
        free(self);
        return NULL;
    }
    self->line = self->band + self->stride * (size_t)plane->band_rows;
    return &self->room;
}
