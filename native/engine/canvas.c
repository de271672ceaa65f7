/* A room that places a picture on a larger canvas of one colour. */
#include "room.h"

#include "pixelshift/ycbcr.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_room room;
    pixelshift_engine_canvas canvas;
    int row;          /* of the canvas: the first of the next band */
    int from_row;     /* of the picture: the first of `from`; behind its end there is none yet */
    engine_band from; /* the band that came last from above */
    size_t stride;
    uint8_t *memory; /* per plane: a row of the canvas alone, then the band */
} canvasser;

static uint8_t *row_of(const canvasser *self, int plane, int index) {
    return self->memory + (size_t)(plane * (ENGINE_BAND_ROWS + 1) + 1 + index) * self->stride;
}

static const uint8_t *blank_of(const canvasser *self, int plane) {
    return row_of(self, plane, -1);
}

/* Sees to it that `from` holds row `y` of the picture; rows are asked for in order. */
static pixelshift_engine_status hold(canvasser *self, int y) {
    int band = self->room.rows.plane[0].band_rows;
    if (y < self->from_row + band) {
        return PIXELSHIFT_ENGINE_OK;
    }
    self->from_row += band;
    return self->room.above->next(self->room.above, &self->from);
}

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    canvasser *self = (canvasser *)room;
    const engine_rows_plane *plane = &room->rows.plane[0];
    const pixelshift_engine_canvas *canvas = &self->canvas;
    size_t channels = (size_t)plane->channels;
    for (int i = 0; i < plane->band_rows; i++) {
        int y = self->row + i - canvas->top, is_beyond = self->row + i >= plane->height;
        int is_blank = y < 0 || y >= canvas->height;
        pixelshift_engine_status status = is_blank || is_beyond ? PIXELSHIFT_ENGINE_OK : hold(self, y);
        if (status != PIXELSHIFT_ENGINE_OK) {
            return status;
        }
        for (int p = 0; p < room->rows.planes; p++) {
            uint8_t *row = band->row[p][i] = is_beyond ? band->row[p][i - 1] : row_of(self, p, i);
            if (is_beyond) {
                continue;
            }
            memcpy(row, blank_of(self, p), (size_t)plane->padded * channels);
            if (!is_blank) {
                memcpy(row + (size_t)canvas->left * channels, self->from.row[p][y - self->from_row],
                       (size_t)canvas->width * channels);
                engine_repeat_pixel(row, plane->width, plane->padded - plane->width, plane->channels);
            }
        }
    }
    self->row += plane->band_rows;
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    canvasser *self = (canvasser *)room;
    free(self->memory);
    free(self);
}

static void fill_blanks(const canvasser *self, pixelshift_cpu_level level) {
    const engine_rows *rows = &self->room.rows;
    const uint8_t *rgb = self->canvas.colour;
    int pixels = rows->plane[0].padded;
    if (rows->colour == ENGINE_YCBCR) {
        uint8_t *luma = row_of(self, 0, -1), *blue = row_of(self, 1, -1), *red = row_of(self, 2, -1);
        pixelshift_ycbcr_kernels(level)->from_rgb(luma, blue, red, rgb, 1);
    } else {
        memcpy(row_of(self, 0, -1), rgb, 3);
    }
    for (int p = 0; p < rows->planes; p++) {
        engine_repeat_pixel(row_of(self, p, -1), 1, pixels - 1, rows->plane[0].channels);
    }
}

engine_room *engine_canvas(engine_room *above, const pixelshift_engine_canvas *canvas, const engine_rows *rows,
                           pixelshift_cpu_level level) {
    canvasser *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    const engine_rows_plane *plane = &rows->plane[0];
    self->room = (engine_room){.above = above, .rows = *rows, .next = next, .close = close};
    self->canvas = *canvas;
    self->from_row = -plane->band_rows;
    self->stride = ((size_t)plane->padded * (size_t)plane->channels + 63) & ~(size_t)63;
    self->memory = engine_memory(self->stride * (ENGINE_BAND_ROWS + 1) * (size_t)rows->planes);
    if (self->memory == NULL) {
        free(self);
        return NULL;
    }
    fill_blanks(self, level);
    return &self->room;
}
