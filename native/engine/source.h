/*
 * Where rows come from: a decoder. A new format is a kind of source, named in native/engine/formats.c.
 *
 * A source embeds `engine_source` as its first member. Order of calls: `create`, `open`, `read` until the engine has
 * what it wants or rows are at an end, `close` whatever happened.
 */
#ifndef PIXELSHIFT_ENGINE_SOURCE_H
#define PIXELSHIFT_ENGINE_SOURCE_H

#include "pixelshift/engine.h"
#include "plane.h"
#include "rows.h"

typedef struct engine_source engine_source;

typedef struct engine_source_kind {
    /* A source of this kind, zeroed but for `kind`; NULL when there is no memory. */
    engine_source *(*create)(void);
    /* Reads the header: sets the size, the colour and what plane.h says of each plane. No plane has memory yet. */
    pixelshift_engine_status (*open)(engine_source *source, const pixelshift_engine_job *job);
    /*
     * Writes the next band of every plane to engine_plane_target rows, 0 to band_rows - 1; the engine counts them.
     * Never called once the first plane has all its rows. Keeps the job's deadline where one call takes long.
     */
    pixelshift_engine_status (*read)(engine_source *source);
    /* Damage repaired on the way: the engine gives such a file to the general path. */
    int (*warnings)(const engine_source *source);
    /* Frees the source and all that it holds; also when `open` failed. */
    void (*close)(engine_source *source);
    /* Who is asked again, from the start, when this kind answers UNSUPPORTED or DAMAGED. Or NULL. */
    const struct engine_source_kind *fallback;
} engine_source_kind;

struct engine_source {
    const engine_source_kind *kind;
    int width, height; /* stored pixels */
    engine_colour colour;
    int planes; /* 3 for ENGINE_YCBCR, else 1 */
    engine_plane plane[ENGINE_PLANES];
};

/* The first kind to ask for a format. `reference`: see the job. */
const engine_source_kind *engine_source_of(pixelshift_engine_format format, int reference);

#endif
