/* For clock_gettime. */
#define _POSIX_C_SOURCE 200809L

#include "rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

engine_rows engine_rows_of(engine_colour colour, int width, int height, int factor, int band) {
    engine_rows rows = {.colour = colour, .planes = colour == ENGINE_YCBCR ? 3 : 1};
    for (int i = 0; i < rows.planes; i++) {
        int coarse = i == 0 ? 1 : factor;
        engine_rows_plane *plane = &rows.plane[i];
        plane->width = (width + coarse - 1) / coarse;
        plane->padded = (width + factor - 1) / factor * (factor / coarse);
        plane->height = (height + coarse - 1) / coarse;
        plane->channels = colour == ENGINE_YCBCR ? 1 : (int)colour;
        plane->band_rows = band / coarse;
    }
    return rows;
}

void engine_repeat_pixel(uint8_t *row, int from, int count, int channels) {
    if (channels == 1) {
        memset(row + from, row[from - 1], (size_t)count);
        return;
    }
    uint8_t *to = row + (size_t)from * (size_t)channels;
    for (int i = 0; i < count * channels; i++) {
        to[i] = to[i - channels];
    }
}

void *engine_memory(size_t bytes) {
    size_t whole = (bytes + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(size_t)(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1);
    return bytes == 0 ? NULL : aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, whole);
}

void engine_keep_heap(void) {
    enum { KEPT = 2000 << 10 };
    void *volatile block = malloc(KEPT); /* volatile: or the compiler leaves both calls out */
    free(block);
}

int engine_deadline_passed(double deadline) {
    if (deadline <= 0) {
        return 0;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9 > deadline;
}
