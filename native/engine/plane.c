#include "plane.h"

#include "rows.h"

#include <stdlib.h>
#include <string.h>

int engine_plane_allocate(engine_plane *plane) {
    /* An odd number of cache lines keeps the rows of a band from falling into one cache set. */
    plane->stride = (((size_t)plane->written * (size_t)plane->channels + 63) / 64 | 1) * 64;
    plane->capacity = PIXELSHIFT_RESAMPLE_STRIP + plane->band_rows;
    plane->rows = aligned_alloc(64, plane->stride * (size_t)plane->capacity);
    return plane->rows != NULL;
}

uint8_t *engine_plane_row(const engine_plane *plane, int index) {
    return plane->rows + (size_t)index * plane->stride;
}

uint8_t *engine_plane_target(const engine_plane *plane, int index) {
    return engine_plane_row(plane, plane->held + index);
}

void engine_plane_accept(engine_plane *plane) {
    int left = plane->height - plane->rows_read;
    int fresh = left < plane->band_rows ? left : plane->band_rows;
    plane->held += fresh;
    plane->rows_read += fresh;
}

void engine_plane_drop(engine_plane *plane, int count) {
    count = count < plane->held ? count : plane->held;
    if (count <= 0) {
        return;
    }
    plane->held -= count;
    plane->held_from += count;
    memmove(plane->rows, engine_plane_row(plane, count), (size_t)plane->held * plane->stride);
}

void engine_plane_close(engine_plane *plane) {
    free(plane->rows);
}
