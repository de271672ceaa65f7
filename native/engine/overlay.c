/*
 * A room that lays a picture with alpha over opaque rows. Only what the overlay covers is looked at: of YCbCr planes
 * that part goes to RGB and back, and coarse chroma is spread over the luma samples that it stands for.
 */
#include "room.h"

#include "pixelshift/blend.h"
#include "pixelshift/ycbcr.h"

#include <stdlib.h>
#include <string.h>

enum { CHROMA = 2, FACTOR = 2 };

typedef struct {
    engine_room room;
    const pixelshift_ycbcr_kernels_table *ycbcr;
    const pixelshift_blend_kernels_table *blend;
    pixelshift_engine_overlay overlay;
    int row;         /* of the picture: the first of the next band */
    int factor;      /* luma samples a side that a chroma sample stands for */
    int left, right; /* columns of the picture that are covered */
    int from, to;    /* the same, widened to whole chroma samples */
    uint8_t *memory;
    uint8_t *rgb;
    uint8_t *fine[FACTOR][CHROMA]; /* chroma at the size of luma, of the rows of one coarse row */
} overlayer;

static int limited(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static int covers(const overlayer *self, int y) {
    int line = y - self->overlay.top;
    return line >= 0 && line < self->overlay.height && self->left < self->right;
}

/* Blends its part of row `y` onto RGB that begins at column `from`. */
static void lay(const overlayer *self, uint8_t *rgb, int y) {
    const pixelshift_engine_overlay *overlay = &self->overlay;
    const uint8_t *line = overlay->pixels + (ptrdiff_t)(y - overlay->top) * overlay->stride;
    self->blend->over_rgb(rgb + (ptrdiff_t)3 * (self->left - self->from),
                          line + (ptrdiff_t)4 * (self->left - overlay->left), (size_t)(self->right - self->left), 255);
}

/* What is behind the last column follows it. */
static void pad(const overlayer *self, int plane, uint8_t *row) {
    const engine_rows_plane *shape = &self->room.rows.plane[plane];
    if (self->right == self->room.rows.plane[0].width) {
        engine_repeat_pixel(row, shape->width, shape->padded - shape->width, shape->channels);
    }
}

static void lay_on_planes(const overlayer *self, uint8_t *luma, uint8_t *blue, uint8_t *red, int y) {
    size_t pixels = (size_t)(self->to - self->from);
    int width = self->room.rows.plane[0].width;
    self->ycbcr->to_rgb(self->rgb, luma + self->from, blue, red, pixels);
    lay(self, self->rgb, y);
    if (self->to > width) {
        engine_repeat_pixel(self->rgb, width - self->from, self->to - width, 3);
    }
    self->ycbcr->from_rgb(luma + self->from, blue, red, self->rgb, pixels);
    pad(self, 0, luma);
}

static void spread(uint8_t *fine, const uint8_t *coarse, int samples) {
    for (int i = 0; i < samples; i++) {
        fine[2 * i] = fine[2 * i + 1] = coarse[i];
    }
}

/* The luma rows of one row of coarse chroma, of which `rows` are in the picture. */
static void lay_on_coarse(const overlayer *self, engine_band *band, int first, int rows) {
    int samples = (self->to - self->from) / FACTOR, at = self->from / FACTOR;
    for (int i = 0; i < rows; i++) {
        for (int c = 0; c < CHROMA; c++) {
            spread(self->fine[i][c], band->row[1 + c][first / FACTOR] + at, samples);
        }
        if (covers(self, self->row + first + i)) {
            lay_on_planes(self, band->row[0][first + i], self->fine[i][0], self->fine[i][1], self->row + first + i);
        }
    }
    for (int c = 0; c < CHROMA; c++) {
        uint8_t *row = band->row[1 + c][first / FACTOR];
        self->ycbcr->halve(row + at, self->fine[0][c], self->fine[rows - 1][c], (size_t)samples);
        pad(self, 1 + c, row);
    }
}

static void lay_on_row(const overlayer *self, engine_band *band, int i) {
    if (self->room.rows.planes == 1) {
        lay(self, band->row[0][i] + (ptrdiff_t)3 * self->from, self->row + i);
        pad(self, 0, band->row[0][i]);
        return;
    }
    lay_on_planes(self, band->row[0][i], band->row[1][i] + self->from, band->row[2][i] + self->from, self->row + i);
    pad(self, 1, band->row[1][i]);
    pad(self, 2, band->row[2][i]);
}

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    overlayer *self = (overlayer *)room;
    pixelshift_engine_status status = room->above->next(room->above, band);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const engine_rows_plane *luma = &room->rows.plane[0];
    int rows = limited(luma->height - self->row, 0, luma->band_rows);
    for (int i = 0; i < rows; i += self->factor) {
        int within = limited(rows - i, 1, self->factor), last = self->row + i + within - 1;
        if (!covers(self, self->row + i) && !covers(self, last)) {
            continue;
        }
        if (self->factor == FACTOR) {
            lay_on_coarse(self, band, i, within);
        } else {
            lay_on_row(self, band, i);
        }
    }
    self->row += luma->band_rows;
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    overlayer *self = (overlayer *)room;
    free(self->memory);
    free(self);
}

engine_room *engine_overlay(engine_room *above, const pixelshift_engine_overlay *overlay, pixelshift_cpu_level level) {
    overlayer *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    const engine_rows *rows = &above->rows;
    int width = rows->plane[0].width;
    self->room = (engine_room){.above = above, .rows = *rows, .next = next, .close = close};
    self->ycbcr = pixelshift_ycbcr_kernels(level);
    self->blend = pixelshift_blend_kernels(level);
    self->overlay = *overlay;
    self->factor = rows->planes == 1 ? 1 : rows->plane[0].band_rows / rows->plane[1].band_rows;
    self->left = limited(overlay->left, 0, width);
    self->right = limited(overlay->left + overlay->width, self->left, width);
    self->from = self->left / self->factor * self->factor;
    self->to = (self->right + self->factor - 1) / self->factor * self->factor;
    size_t stride = ((size_t)(self->to - self->from) + 64) & ~(size_t)63;
    self->memory = engine_memory(stride * (3 + FACTOR * CHROMA));
    if (self->memory == NULL) {
        free(self);
        return NULL;
    }
    self->rgb = self->memory;
    for (int i = 0; i < FACTOR * CHROMA; i++) {
        self->fine[i / CHROMA][i % CHROMA] = self->memory + stride * (size_t)(3 + i);
    }
    return &self->room;
}
