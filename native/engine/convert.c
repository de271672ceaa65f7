/* Rooms that change the form of a row: packed to packed, RGB to YCbCr planes and back, chroma to half its size. */
#include "room.h"

#include "pixelshift/ycbcr.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_room room;
    const pixelshift_ycbcr_kernels_table *ycbcr;
    uint8_t *memory;
    uint8_t *rows[ENGINE_PLANES];
    size_t stride[ENGINE_PLANES];
} converter;

static void close(engine_room *room) {
    converter *self = (converter *)room;
    free(self->memory);
    free(self);
}

/* A room with a band of its own for each of its planes from `first` on. */
static converter *opened(engine_room *above, const engine_rows *rows, int first, pixelshift_cpu_level level) {
    converter *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->room = (engine_room){.above = above, .rows = *rows, .close = close};
    self->ycbcr = pixelshift_ycbcr_kernels(level);
    size_t at[ENGINE_PLANES], bytes = 0;
    for (int i = first; i < rows->planes; i++) {
        const engine_rows_plane *plane = &rows->plane[i];
        self->stride[i] = ((size_t)plane->padded * (size_t)plane->channels + 63) & ~(size_t)63;
        at[i] = bytes;
        bytes += self->stride[i] * (size_t)plane->band_rows;
    }
    self->memory = engine_memory(bytes);
    if (self->memory == NULL) {
        free(self);
        return NULL;
    }
    for (int i = first; i < rows->planes; i++) {
        self->rows[i] = self->memory + at[i];
    }
    return self;
}

/* Points the band's rows of one plane at the room's own. */
static void point(const converter *self, int plane, engine_band *band) {
    for (int i = 0; i < self->room.rows.plane[plane].band_rows; i++) {
        band->row[plane][i] = self->rows[plane] + (size_t)i * self->stride[plane];
    }
}

static void grey_to_more(uint8_t *to, const uint8_t *from, int pixels, int channels, int has_alpha) {
    for (int i = 0; i < pixels; i++) {
        const uint8_t *pixel = from + (has_alpha ? 2 * i : i);
        to[channels * i] = to[channels * i + 1] = to[channels * i + 2] = pixel[0];
        if (channels == 4) {
            to[4 * i + 3] = has_alpha ? pixel[1] : 255;
        }
    }
}

/* Over black, rounded. */
static void drop_alpha(uint8_t *to, const uint8_t *from, int pixels, int colours) {
    for (int i = 0; i < pixels; i++) {
        const uint8_t *pixel = from + i * (colours + 1);
        for (int c = 0; c < colours; c++) {
            to[colours * i + c] = (uint8_t)((pixel[c] * pixel[colours] + 127) / 255);
        }
    }
}

static void repack_row(uint8_t *to, const uint8_t *from, int pixels, engine_colour given, engine_colour wanted) {
    if (given == ENGINE_RGBA || wanted == ENGINE_GREY) {
        drop_alpha(to, from, pixels, (int)given - 1);
    } else if (given == ENGINE_GREY_ALPHA && wanted == ENGINE_RGB) {
        drop_alpha(to, from, pixels, 1);
        for (int i = pixels - 1; i >= 0; i--) {
            to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = to[i];
        }
    } else {
        grey_to_more(to, from, pixels, (int)wanted, given == ENGINE_GREY_ALPHA);
    }
}

static pixelshift_engine_status next_repacked(engine_room *room, engine_band *band) {
    converter *self = (converter *)room;
    engine_band from;
    pixelshift_engine_status status = room->above->next(room->above, &from);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const engine_rows_plane *plane = &room->rows.plane[0];
    point(self, 0, band);
    for (int i = 0; i < plane->band_rows; i++) {
        repack_row(band->row[0][i], from.row[0][i], plane->padded, room->above->rows.colour, room->rows.colour);
    }
    return PIXELSHIFT_ENGINE_OK;
}

engine_room *engine_repack(engine_room *above, engine_colour colour, pixelshift_cpu_level level) {
    engine_rows rows = above->rows;
    rows.colour = colour;
    rows.plane[0].channels = (int)colour;
    converter *self = opened(above, &rows, 0, level);
    if (self == NULL) {
        return NULL;
    }
    self->room.next = next_repacked;
    return &self->room;
}

/* All planes of one size, in bands like those of the first. */
static engine_rows full_planes(const engine_rows *like, engine_colour colour) {
    engine_rows rows = {.colour = colour, .planes = colour == ENGINE_YCBCR ? 3 : 1};
    for (int i = 0; i < rows.planes; i++) {
        rows.plane[i] = like->plane[0];
        rows.plane[i].channels = colour == ENGINE_YCBCR ? 1 : (int)colour;
    }
    return rows;
}

static pixelshift_engine_status next_ycbcr(engine_room *room, engine_band *band) {
    converter *self = (converter *)room;
    engine_band from;
    pixelshift_engine_status status = room->above->next(room->above, &from);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const engine_rows_plane *plane = &room->rows.plane[0];
    for (int p = 0; p < ENGINE_PLANES; p++) {
        point(self, p, band);
    }
    for (int i = 0; i < plane->band_rows; i++) {
        if (room->above->rows.colour == ENGINE_RGB) {
            self->ycbcr->from_rgb(band->row[0][i], band->row[1][i], band->row[2][i], from.row[0][i],
                                  (size_t)plane->padded);
        } else {
            memcpy(band->row[0][i], from.row[0][i], (size_t)plane->padded);
            memset(band->row[1][i], 128, (size_t)plane->padded);
            memset(band->row[2][i], 128, (size_t)plane->padded);
        }
    }
    return PIXELSHIFT_ENGINE_OK;
}

engine_room *engine_to_ycbcr(engine_room *above, pixelshift_cpu_level level) {
    engine_rows rows = full_planes(&above->rows, ENGINE_YCBCR);
    converter *self = opened(above, &rows, 0, level);
    if (self == NULL) {
        return NULL;
    }
    self->room.next = next_ycbcr;
    return &self->room;
}

static pixelshift_engine_status next_rgb(engine_room *room, engine_band *band) {
    converter *self = (converter *)room;
    engine_band from;
    pixelshift_engine_status status = room->above->next(room->above, &from);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    const engine_rows_plane *plane = &room->rows.plane[0];
    point(self, 0, band);
    for (int i = 0; i < plane->band_rows; i++) {
        self->ycbcr->to_rgb(band->row[0][i], from.row[0][i], from.row[1][i], from.row[2][i], (size_t)plane->padded);
    }
    return PIXELSHIFT_ENGINE_OK;
}

engine_room *engine_to_rgb(engine_room *above, pixelshift_cpu_level level) {
    engine_rows rows = full_planes(&above->rows, ENGINE_RGB);
    converter *self = opened(above, &rows, 0, level);
    if (self == NULL) {
        return NULL;
    }
    self->room.next = next_rgb;
    return &self->room;
}

static pixelshift_engine_status next_halved(engine_room *room, engine_band *band) {
    converter *self = (converter *)room;
    engine_band from;
    pixelshift_engine_status status = room->above->next(room->above, &from);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    memcpy(band->row[0], from.row[0], sizeof band->row[0]);
    for (int p = 1; p < ENGINE_PLANES; p++) {
        point(self, p, band);
        for (int i = 0; i < room->rows.plane[p].band_rows; i++) {
            self->ycbcr->halve(band->row[p][i], from.row[p][2 * i], from.row[p][2 * i + 1],
                               (size_t)room->rows.plane[p].padded);
        }
    }
    return PIXELSHIFT_ENGINE_OK;
}

engine_room *engine_halve_chroma(engine_room *above, pixelshift_cpu_level level) {
    engine_rows rows = above->rows;
    for (int p = 1; p < ENGINE_PLANES; p++) {
        engine_rows_plane *plane = &rows.plane[p];
        plane->width = (plane->width + 1) / 2;
        plane->height = (plane->height + 1) / 2;
        plane->padded /= 2;
        plane->band_rows /= 2;
    }
    converter *self = opened(above, &rows, 1, level);
    if (self == NULL) {
        return NULL;
    }
    self->room.next = next_halved;
    return &self->room;
}
