/*
 * Where rows go: an encoder. A new format is a kind of sink, named in native/engine/formats.c.
 *
 * A sink embeds `engine_sink` as its first member. Order of calls: `create`, `open`, `write` for every band from the
 * top, `finish`, `close` whatever happened.
 */
#ifndef PIXELSHIFT_ENGINE_SINK_H
#define PIXELSHIFT_ENGINE_SINK_H

#include "output.h"
#include "pixelshift/engine.h"
#include "rows.h"

typedef struct engine_sink engine_sink;

typedef struct {
    /* A sink of this kind, zeroed but for `kind`; NULL when there is no memory. */
    engine_sink *(*create)(void);
    /*
     * Sets `takes`: the rows that it wants, given a picture of the job's size whose source has this colour. The engine
     * converts: from any colour to YCbCr planes, grey or RGB; alpha is laid over black where `takes` has none.
     */
    pixelshift_engine_status (*open)(engine_sink *sink, const pixelshift_engine_job *job, engine_colour colour);
    /* One band as `takes` says. */
    pixelshift_engine_status (*write)(engine_sink *sink, const engine_band *band);
    /* Ends the file, whose bytes are then in `output`. */
    pixelshift_engine_status (*finish)(engine_sink *sink);
    /* Frees the sink and all that it holds but `output`; also when `open` failed. */
    void (*close)(engine_sink *sink);
} engine_sink_kind;

struct engine_sink {
    const engine_sink_kind *kind;
    engine_rows takes;
    engine_output output; /* its limit is set before `open` */
};

const engine_sink_kind *engine_sink_of(pixelshift_engine_format format);

#endif
