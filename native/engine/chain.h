/* One plane on its way: bands of source rows -> resampler -> a queue of finished rows. */
#ifndef PIXELSHIFT_ENGINE_CHAIN_H
#define PIXELSHIFT_ENGINE_CHAIN_H

#include "pixelshift/resample.h"
#include "plane.h"
#include "rows.h"

typedef struct {
    engine_plane *source;
    engine_rows_plane to;
    int from_x, from_y; /* the pixel of the source plane where the resampler's own source begins */

    void *axis_memory[2]; /* NULL when the weights are another chain's */
    void *stream_memory;
    pixelshift_resample_axis x, y;
    pixelshift_resample_stream stream;

    size_t stride;  /* bytes per row of `queue` */
    uint8_t *queue; /* finished rows, `first` of them already taken */
    int capacity, first, count, finished;
} engine_chain;

/*
 * Plans the plane's part of the job's box, of which `picture` says how large it becomes before it is turned. `like` is
 * an open chain whose weights serve here too if the planes have one shape, as the two chroma planes have; it must stay
 * open as long. Or NULL. `premultiply`: the last channel is alpha.
 */
pixelshift_engine_status engine_chain_open(engine_chain *chain, engine_plane *source, const engine_rows_plane *to,
                                           const engine_rows_plane *picture, int premultiply,
                                           const pixelshift_engine_job *job, const engine_chain *like);
/* Moves what the source plane holds into the resampler and finished rows into the queue. */
pixelshift_engine_status engine_chain_advance(engine_chain *chain);
/* True when the queue holds a whole band, or all that is left. */
int engine_chain_ready(const engine_chain *chain);
/* Points `rows` at the next band, the bottom's padding included. Valid until the next call on the chain. */
void engine_chain_take(engine_chain *chain, uint8_t **rows);
void engine_chain_close(engine_chain *chain);

#endif
