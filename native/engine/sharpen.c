/* A room that sharpens planes of one size: each row needs the one above and the one below, across bands too. */
#include "room.h"

#include "pixelshift/sharpen.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_room room;
    pixelshift_sharpen_row kernel;
    int row;      /* of the picture: the first of the next band */
    int received; /* rows received from above, a whole number of bands */
    size_t stride;
    uint8_t *memory;
    /* Per plane: the row before the band, the band, the band after it; and the sharpened band. */
    uint8_t *window[ENGINE_PLANES], *sharpened[ENGINE_PLANES];
} sharpener;

static uint8_t *window_row(const sharpener *self, int plane, int index) {
    return self->window[plane] + (size_t)(index + 1) * self->stride;
}

static int band_rows(const sharpener *self) {
    return self->room.rows.plane[0].band_rows;
}

/* Copies the next band from above to the window, from its row `index` on. */
static pixelshift_engine_status receive(sharpener *self, int index) {
    engine_band band;
    pixelshift_engine_status status = self->room.above->next(self->room.above, &band);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const engine_rows_plane *plane = &self->room.rows.plane[0];
    for (int p = 0; p < self->room.rows.planes; p++) {
        for (int i = 0; i < plane->band_rows; i++) {
            memcpy(window_row(self, p, index + i), band.row[p][i], (size_t)plane->padded * (size_t)plane->channels);
        }
    }
    self->received += plane->band_rows;
    return PIXELSHIFT_ENGINE_OK;
}

/* Libvips cuts the fraction of each of R, G and B: of luma that is the same, of chroma it is nothing on average. */
static uint16_t bias_of(int plane) {
    return plane == 0 ? 0 : 12;
}

static void sharpen_plane(const sharpener *self, int plane, int rows, uint8_t **band) {
    const engine_rows_plane *shape = &self->room.rows.plane[plane];
    for (int i = 0; i < shape->band_rows; i++) {
        if (i >= rows) {
            band[i] = band[rows - 1];
            continue;
        }
        int at = self->row + i;
        const uint8_t *row = window_row(self, plane, i);
        const uint8_t *above = at > 0 ? window_row(self, plane, i - 1) : row;
        const uint8_t *below = at + 1 < shape->height ? window_row(self, plane, i + 1) : row;
        band[i] = self->sharpened[plane] + (size_t)i * self->stride;
        self->kernel(band[i], above, row, below, (size_t)shape->width, (size_t)shape->channels, bias_of(plane));
        engine_repeat_pixel(band[i], shape->width, shape->padded - shape->width, shape->channels);
    }
}

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    sharpener *self = (sharpener *)room;
    int rows = band_rows(self), height = room->rows.plane[0].height;
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    if (self->row == 0) {
        status = receive(self, 0);
    }
    if (status == PIXELSHIFT_ENGINE_OK && self->received < height) {
        status = receive(self, rows);
    }
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    int left = height - self->row;
    for (int p = 0; p < room->rows.planes; p++) {
        sharpen_plane(self, p, left < rows ? left : rows, band->row[p]);
        /* The last row of this band and all of the next one move to the front. */
        memmove(self->window[p], window_row(self, p, rows - 1), (size_t)(rows + 1) * self->stride);
    }
    self->row += rows;
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    sharpener *self = (sharpener *)room;
    free(self->memory);
    free(self);
}

engine_room *engine_sharpen(engine_room *above, pixelshift_cpu_level level) {
    sharpener *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->room = (engine_room){.above = above, .rows = above->rows, .next = next, .close = close};
    self->kernel = pixelshift_sharpen_kernel(level);
    const engine_rows_plane *plane = &above->rows.plane[0];
    self->stride = ((size_t)plane->padded * (size_t)plane->channels + 63) & ~(size_t)63;
    size_t window = (size_t)(2 * plane->band_rows + 1) * self->stride, band = (size_t)plane->band_rows * self->stride;
    self->memory = engine_memory((size_t)above->rows.planes * (window + band));
    if (self->memory == NULL) {
        free(self);
        return NULL;
    }
    for (int p = 0; p < above->rows.planes; p++) {
        self->window[p] = self->memory + (size_t)p * (window + band);
        self->sharpened[p] = self->window[p] + window;
    }
    return &self->room;
}
