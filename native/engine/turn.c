/*
 * A room that turns finished rows. A mirror of left and right passes bands on; any other turn holds the picture, which
 * is the result and so as small as it will be. The planes are those that the turned picture needs: chain.h sees to it
 * that coarse chroma is aligned to its far edge where that becomes the near one.
 */
#include "room.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_room room;
    pixelshift_engine_turn turn;
    int row; /* of the picture: the first of the next band */
    int is_held;
    uint8_t *memory;
    uint8_t *plane[ENGINE_PLANES];
    size_t stride[ENGINE_PLANES];
} turner;

static int holds_picture(const pixelshift_engine_turn *turn) {
    return turn->transpose || turn->flip;
}

static uint8_t *row_of(const turner *self, int plane, int y) {
    return self->plane[plane] + (size_t)y * self->stride[plane];
}

static void mirror(uint8_t *to, const uint8_t *from, int pixels, int channels) {
    to += (ptrdiff_t)channels * pixels;
    for (int i = 0; i < pixels; i++, from += channels) {
        for (int c = channels; c > 0; c--) {
            *--to = from[c - 1];
        }
    }
}

static void put_row(const turner *self, uint8_t *to, const uint8_t *from, const engine_rows_plane *plane) {
    if (self->turn.flop) {
        mirror(to, from, plane->width, plane->channels);
    } else {
        memcpy(to, from, (size_t)plane->width * (size_t)plane->channels);
    }
}

/* `count` rows from above, the first of which is `first`, as columns: pixel by pixel, so that what is written is near.
 */
static void put_columns(const turner *self, int p, uint8_t *const *rows, int first, int count) {
    const engine_rows_plane *plane = &self->room.rows.plane[p];
    size_t channels = (size_t)plane->channels;
    int begin = self->turn.flop ? plane->width - first - count : first;
    for (int i = 0; i < plane->height; i++) {
        uint8_t *to = row_of(self, p, self->turn.flip ? plane->height - 1 - i : i) + (size_t)begin * channels;
        for (int k = 0; k < count; k++) {
            const uint8_t *from = rows[self->turn.flop ? count - 1 - k : k] + (size_t)i * channels;
            for (size_t c = 0; c < channels; c++) {
                *to++ = from[c];
            }
        }
    }
}

/* Takes in one band of one plane whose first row from above is `first`. */
static void put_band(const turner *self, int p, const engine_band *band, int first) {
    const engine_rows_plane *above = &self->room.above->rows.plane[p], *plane = &self->room.rows.plane[p];
    int count = above->height - first < above->band_rows ? above->height - first : above->band_rows;
    if (self->turn.transpose) {
        put_columns(self, p, band->row[p], first, count);
        return;
    }
    for (int i = 0; i < count; i++) {
        int y = self->turn.flip ? plane->height - 1 - first - i : first + i;
        put_row(self, row_of(self, p, y), band->row[p][i], plane);
    }
}

static pixelshift_engine_status hold_picture(turner *self) {
    const engine_rows *rows = &self->room.above->rows;
    for (int n = 0; n * rows->plane[0].band_rows < rows->plane[0].height; n++) {
        engine_band band;
        pixelshift_engine_status status = self->room.above->next(self->room.above, &band);
        if (status != PIXELSHIFT_ENGINE_OK) {
            return status;
        }
        for (int p = 0; p < rows->planes; p++) {
            put_band(self, p, &band, n * rows->plane[p].band_rows);
        }
    }
    self->is_held = 1;
    return PIXELSHIFT_ENGINE_OK;
}

/* Band number n of a plane out of the picture that is held. */
static void point(const turner *self, int p, int n, engine_band *band) {
    const engine_rows_plane *plane = &self->room.rows.plane[p];
    int first = n * plane->band_rows;
    for (int i = 0; i < plane->band_rows; i++) {
        if (first + i >= plane->height) {
            band->row[p][i] = band->row[p][i - 1];
            continue;
        }
        uint8_t *row = band->row[p][i] = row_of(self, p, first + i);
        engine_repeat_pixel(row, plane->width, plane->padded - plane->width, plane->channels);
    }
}

static pixelshift_engine_status next_held(engine_room *room, engine_band *band) {
    turner *self = (turner *)room;
    pixelshift_engine_status status = self->is_held ? PIXELSHIFT_ENGINE_OK : hold_picture(self);
    int n = self->row / room->rows.plane[0].band_rows;
    for (int p = 0; status == PIXELSHIFT_ENGINE_OK && p < room->rows.planes; p++) {
        point(self, p, n, band);
    }
    self->row += room->rows.plane[0].band_rows;
    return status;
}

static pixelshift_engine_status next_mirrored(engine_room *room, engine_band *band) {
    turner *self = (turner *)room;
    engine_band from;
    pixelshift_engine_status status = room->above->next(room->above, &from);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    for (int p = 0; p < room->rows.planes; p++) {
        const engine_rows_plane *plane = &room->rows.plane[p];
        int left = plane->height - self->row / room->rows.plane[0].band_rows * plane->band_rows;
        for (int i = 0; i < plane->band_rows; i++) {
            band->row[p][i] = i < left ? row_of(self, p, i) : band->row[p][i - 1];
            if (i < left) {
                put_row(self, band->row[p][i], from.row[p][i], plane);
                engine_repeat_pixel(band->row[p][i], plane->width, plane->padded - plane->width, plane->channels);
            }
        }
    }
    self->row += room->rows.plane[0].band_rows;
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    turner *self = (turner *)room;
    free(self->memory);
    free(self);
}

engine_rows engine_rows_before(const pixelshift_engine_turn *turn, const engine_rows *rows) {
    engine_rows before = *rows;
    for (int p = 0; p < rows->planes; p++) {
        engine_rows_plane *plane = &before.plane[p];
        if (turn->transpose) {
            plane->width = rows->plane[p].height;
            plane->height = rows->plane[p].width;
        }
        plane->padded = plane->width;
    }
    return before;
}

engine_room *engine_turn(engine_room *above, const pixelshift_engine_turn *turn, const engine_rows *rows) {
    turner *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    int holds = holds_picture(turn);
    self->room =
        (engine_room){.above = above, .rows = *rows, .next = holds ? next_held : next_mirrored, .close = close};
    self->turn = *turn;
    size_t at[ENGINE_PLANES], bytes = 0;
    for (int p = 0; p < rows->planes; p++) {
        const engine_rows_plane *plane = &rows->plane[p];
        /* An odd number of cache lines keeps a column from falling into one cache set. */
        self->stride[p] = (((size_t)plane->padded * (size_t)plane->channels + 63) / 64 | 1) * 64;
        at[p] = bytes;
        bytes += self->stride[p] * (size_t)(holds ? plane->height : plane->band_rows);
    }
    self->memory = engine_memory(bytes);
    if (self->memory == NULL) {
        free(self);
        return NULL;
    }
    for (int p = 0; p < rows->planes; p++) {
        self->plane[p] = self->memory + at[p];
    }
    return &self->room;
}
