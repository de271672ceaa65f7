/*
 * A room that sharpens L of CIELAB against its own Gaussian, row by row: rings hold the rows that the mask still
 * reaches. Colours under alpha are premultiplied meanwhile, fractions cut, as in libvips.
 */
#include "room.h"

#include "pixelshift/blend.h"
#include "pixelshift/colour.h"
#include "pixelshift/convolve.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_room room;
    const pixelshift_blend_kernels_table *blend;
    const pixelshift_colour_kernels_table *colour;
    const pixelshift_convolve_kernels_table *convolve;
    pixelshift_colour_tables tables;
    pixelshift_colour_sharpening curve;
    pixelshift_convolve_mask mask;
    int row, received; /* of the picture: the first of the next band; how many rows came from above */
    int capacity;      /* rows of a ring, in which row y is number y modulo this */
    size_t stride;     /* pixels from one row of a ring to the next */
    uint8_t *memory;
    uint8_t *pixels;      /* ring: what came, premultiplied; then the result */
    uint16_t *light;      /* ring: L, each row between margins of `radius` */
    size_t light_stride;  /* samples from one row of L to the next */
    uint16_t *along;      /* ring: L smoothed along the row */
    int16_t *a, *b;       /* rings */
    uint16_t *smooth;     /* one row of L smoothed both ways */
    const uint16_t **tap; /* what the mask weighs: 2 radius + 1 rows, or places of one */
} unsharper;

static const engine_rows_plane *shape_of(const unsharper *self) {
    return &self->room.rows.plane[0];
}

static size_t slot(const unsharper *self, int y) {
    return (size_t)(y % self->capacity) * self->stride;
}

static uint8_t *pixels_of(const unsharper *self, int y) {
    return self->pixels + slot(self, y) * (size_t)shape_of(self)->channels;
}

static pixelshift_colour_planes planes_of(const unsharper *self, int y) {
    size_t at = slot(self, y), row = (size_t)(y % self->capacity);
    uint16_t *light = self->light + row * self->light_stride + self->mask.radius;
    return (pixelshift_colour_planes){light, self->a + at, self->b + at};
}

/* Of row y, or of the nearest one that there is. */
static const uint16_t *along_of(const unsharper *self, int y) {
    int last = shape_of(self)->height - 1;
    return self->along + slot(self, y < 0 ? 0 : y > last ? last : y);
}

/* Works out the row of `along` for L in its margins, which get copies of its ends. */
static void smooth_along(unsharper *self, uint16_t *along, uint16_t *light) {
    size_t width = (size_t)shape_of(self)->width, radius = self->mask.radius;
    for (size_t t = 1; t <= radius; t++) {
        light[-(ptrdiff_t)t] = light[0];
        light[width - 1 + t] = light[width - 1];
    }
    for (size_t t = 0; t <= 2 * radius; t++) {
        self->tap[t] = light - radius + t;
    }
    self->convolve->weigh(along, self->tap, &self->mask, width);
}

/* Takes in row `received`: its L, a and b, and its L smoothed along the row. */
static void take_in(unsharper *self, const uint8_t *row) {
    const engine_rows_plane *shape = shape_of(self);
    size_t width = (size_t)shape->width, channels = (size_t)shape->channels;
    int y = self->received++;
    uint8_t *pixels = pixels_of(self, y);
    if (channels == 4) {
        self->blend->premultiply(pixels, row, width);
        row = pixels;
    }
    pixelshift_colour_planes planes = planes_of(self, y);
    self->colour->split(planes, row, &self->tables, width, channels);
    smooth_along(self, self->along + slot(self, y), planes.light);
}

/* Works out `smooth` of row y. */
static void smooth_down(unsharper *self, int y) {
    const int radius = (int)self->mask.radius;
    for (int t = 0; t <= 2 * radius; t++) {
        self->tap[t] = along_of(self, y - radius + t);
    }
    self->convolve->weigh(self->smooth, self->tap, &self->mask, (size_t)shape_of(self)->width);
}

/* Row y, finished. */
static uint8_t *sharpened(unsharper *self, int y) {
    const engine_rows_plane *shape = shape_of(self);
    size_t width = (size_t)shape->width, channels = (size_t)shape->channels;
    uint8_t *pixels = pixels_of(self, y);
    smooth_down(self, y);
    self->colour->sharpen(pixels, planes_of(self, y), self->smooth, &self->tables, &self->curve, width, channels);
    if (channels == 4) {
        self->blend->unpremultiply(pixels, pixels, width);
    }
    engine_repeat_pixel(pixels, shape->width, shape->padded - shape->width, shape->channels);
    return pixels;
}

static pixelshift_engine_status next(engine_room *room, engine_band *band) {
    unsharper *self = (unsharper *)room;
    const engine_rows_plane *shape = shape_of(self);
    int last = self->row + shape->band_rows;
    last = last < shape->height ? last : shape->height;
    while (self->received < shape->height && self->received < last + (int)self->mask.radius) {
        engine_band from;
        pixelshift_engine_status status = room->above->next(room->above, &from);
        if (status != PIXELSHIFT_ENGINE_OK) {
            return status;
        }
        for (int i = 0; i < shape->band_rows && self->received < shape->height; i++) {
            take_in(self, from.row[0][i]);
        }
    }
    for (int i = 0; i < shape->band_rows; i++) {
        band->row[0][i] = self->row + i < last ? sharpened(self, self->row + i) : band->row[0][i - 1];
    }
    self->row += shape->band_rows;
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_room *room) {
    unsharper *self = (unsharper *)room;
    free(self->memory);
    free(self);
}

/* One block of memory for all; 0 when there is none. */
static int allocate(unsharper *self) {
    const engine_rows_plane *shape = shape_of(self);
    size_t radius = self->mask.radius, channels = (size_t)shape->channels;
    /* From the first row that a band's first sum needs to the end of the band that its last sum needs. */
    self->capacity = (int)(2 * radius) + 2 * shape->band_rows;
    self->stride = ((size_t)shape->padded + 63) & ~(size_t)63;
    self->light_stride = (self->stride + 2 * radius + 31) & ~(size_t)31;
    size_t taps = (2 * radius + 1) * sizeof *self->tap, rows = (size_t)self->capacity, ring = rows * self->stride,
           lights = rows * self->light_stride;
    size_t words = lights + 3 * ring + self->stride;
    self->memory = engine_memory(taps + words * sizeof(uint16_t) + ring * channels);
    if (self->memory == NULL) {
        return 0;
    }
    self->tap = (const uint16_t **)self->memory;
    self->light = (uint16_t *)(self->tap + 2 * radius + 1);
    self->along = self->light + lights;
    self->a = (int16_t *)(self->along + ring);
    self->b = self->a + ring;
    self->smooth = (uint16_t *)(self->b + ring);
    self->pixels = (uint8_t *)(self->smooth + self->stride);
    return 1;
}

engine_room *engine_unsharp(engine_room *above, const pixelshift_engine_sharpen *sharpen, pixelshift_cpu_level level,
                            pixelshift_engine_status *status) {
    unsharper *self = calloc(1, sizeof *self);
    *status = self == NULL ? PIXELSHIFT_ENGINE_NO_MEMORY : PIXELSHIFT_ENGINE_OK;
    if (self == NULL) {
        return NULL;
    }
    self->room = (engine_room){.above = above, .rows = above->rows, .next = next, .close = close};
    self->blend = pixelshift_blend_kernels(level);
    self->colour = pixelshift_colour_kernels(level);
    self->convolve = pixelshift_convolve_kernels(level);
    self->curve = sharpen->curve;
    pixelshift_colour_tables_init(&self->tables);
    if (!pixelshift_convolve_mask_init(&self->mask, sharpen->mask, sharpen->radius)) {
        *status = PIXELSHIFT_ENGINE_UNSUPPORTED;
    } else if (!allocate(self)) {
        *status = PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    return &self->room;
}
