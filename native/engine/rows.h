/* What passes between the rooms of the engine: finished rows, a band at a time. */
#ifndef PIXELSHIFT_ENGINE_ROWS_H
#define PIXELSHIFT_ENGINE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/engine.h"

enum { ENGINE_PLANES = 3, ENGINE_BAND_ROWS = 16 };

/* Up to ENGINE_RGBA there is one plane, and the number is its count of channels. Alpha is never premultiplied here. */
typedef enum {
    ENGINE_GREY = 1,
    ENGINE_GREY_ALPHA = 2,
    ENGINE_RGB = 3,
    ENGINE_RGBA = 4,
    ENGINE_YCBCR = 5, /* three planes, full range (JFIF); chroma may be coarser than luma */
} engine_colour;

static inline int engine_has_alpha(engine_colour colour) {
    return colour == ENGINE_GREY_ALPHA || colour == ENGINE_RGBA;
}

typedef struct {
    int width, height, channels;
    int band_rows; /* rows of this plane in one band: 1 to ENGINE_BAND_ROWS, the same share of every plane */
    int padded;    /* pixels per row, of which those behind `width` repeat the last one: at least `width` */
} engine_rows_plane;

typedef struct {
    engine_colour colour;
    int planes; /* 1 or 3 */
    engine_rows_plane plane[ENGINE_PLANES];
} engine_rows;

/* Planes of a picture in that colour, chroma coarser by `factor` (1 or 2), `band` luma rows at a time. */
engine_rows engine_rows_of(engine_colour colour, int width, int height, int factor, int band);

/*
 * One band: row i of plane p begins at row[p][i]. Below the picture's end the last row is repeated. A room may change
 * the rows that it was given; they are valid until it asks for the next band.
 */
typedef struct {
    uint8_t *row[ENGINE_PLANES][ENGINE_BAND_ROWS];
} engine_band;

/* Repeats pixel from - 1 of a row into [from, from + count). */
void engine_repeat_pixel(uint8_t *row, int from, int count, int channels);

/* Memory aligned for the kernels; NULL when there is none. */
void *engine_memory(size_t bytes);

/*
 * Makes the C library keep what a picture's rooms free for the next one. Where it maps large blocks (glibc), freed
 * memory at the heap's end goes back to the system, to be faulted in anew: about a tenth of a small edit. Once one
 * block of a size was mapped and freed, blocks of that size come from the heap, which keeps twice as much.
 */
void engine_keep_heap(void);

/* True when a deadline in CLOCK_MONOTONIC seconds has passed; 0 never passes. */
int engine_deadline_passed(double deadline);

#endif
