/* Rows of one plane of a source, decoded and not yet used. */
#ifndef PIXELSHIFT_ENGINE_PLANE_H
#define PIXELSHIFT_ENGINE_PLANE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    /* Set by the source when it opens. */
    int width, height;     /* true pixels, without the padding to whole blocks */
    int channels;          /* interleaved samples per pixel, 1 to 4 */
    double step_x, step_y; /* stored pixels of the picture per pixel of the plane */
    int written;           /* pixels per row that the source may write: at least `width` */
    int band_rows;         /* rows that one read delivers, the last band's surplus included */

    /* Set by the engine before the first read: what is looked at. The rest of a row may hold anything. */
    int left, top, right, bottom;

    /* The memory: `held` rows, the first of which is row `held_from` of the plane. */
    size_t stride;
    int capacity;
    uint8_t *rows;
    int held, held_from, rows_read;
} engine_plane;

/* Memory for a strip and a band. Returns 0 when there is none. */
int engine_plane_allocate(engine_plane *plane);
uint8_t *engine_plane_row(const engine_plane *plane, int index);
/* Where a source writes row `index` of the band that it is asked for. */
uint8_t *engine_plane_target(const engine_plane *plane, int index);
/* Counts the true rows of the band just written. */
void engine_plane_accept(engine_plane *plane);
/* Forgets the first rows; `count` may be more than there are, or negative for none. */
void engine_plane_drop(engine_plane *plane, int count);
void engine_plane_close(engine_plane *plane);

#endif
