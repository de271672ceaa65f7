/* One plane on its way: bands of source rows -> resampler -> a queue of finished rows. */
#ifndef PIXELSHIFT_JPEG_CHAIN_H
#define PIXELSHIFT_JPEG_CHAIN_H

#include "pixelshift/resample.h"
#include "stream.h"

typedef struct {
    jpeg_source_plane *source;
    jpeg_sink_plane *sink;
    int pad_x, pad_y; /* samples replicated behind the right and bottom edge, for chroma of odd sizes */
    int pushed;       /* source rows handed to the resampler or passed over */

    void *axis_memory[2]; /* NULL when the weights are another chain's */
    void *stream_memory;
    pixelshift_resample_axis x, y;
    pixelshift_resample_stream stream;

    uint8_t *queue; /* finished rows, `first` of them already written */
    int capacity, first, count, finished;
} jpeg_chain;

/*
 * Plans the plane's part of the job's box. `like` is an open chain whose weights serve here too if the planes have one
 * shape, as the two chroma planes have; it must stay open as long. Or NULL.
 */
pixelshift_jpeg_status jpeg_chain_open(jpeg_chain *chain, jpeg_source_plane *source, jpeg_sink_plane *sink,
                                       const pixelshift_jpeg_job *job, const jpeg_chain *like);
/* Moves what the source plane holds into the resampler and finished rows into the queue. */
pixelshift_jpeg_status jpeg_chain_advance(jpeg_chain *chain);
/* True when the queue holds a whole band for the sink, or all that is left. */
int jpeg_chain_ready(const jpeg_chain *chain);
/* Points `rows` at the next band, the bottom's padding included. Valid until the next call on the chain. */
void jpeg_chain_take(jpeg_chain *chain, JSAMPROW *rows);
void jpeg_chain_close(jpeg_chain *chain);

#endif
