/*
 * Rooms change finished rows on their way to the sink. Each asks the room above for bands and hands on its own; the
 * first one, the resampler, asks the source.
 */
#ifndef PIXELSHIFT_ENGINE_ROOM_H
#define PIXELSHIFT_ENGINE_ROOM_H

#include "chain.h"
#include "rows.h"
#include "source.h"

typedef struct engine_room engine_room;

struct engine_room {
    engine_room *above;
    engine_rows rows; /* what `next` delivers */
    pixelshift_engine_status (*next)(engine_room *room, engine_band *band);
    void (*close)(engine_room *room);
};

/* Each of these makes a room over `above`, or answers NULL when there is no memory; the caller closes it. */

/* Pulls `source` through one chain per plane to `rows`. Reads the job until it is closed. */
engine_room *engine_resampler(engine_source *source, const engine_rows *rows, const pixelshift_engine_job *job,
                              pixelshift_engine_status *status);
/* What a turn makes such rows of. */
engine_rows engine_rows_before(const pixelshift_engine_turn *turn, const engine_rows *rows);
/* Turns the rows above, which are those before `rows`. */
engine_room *engine_turn(engine_room *above, const pixelshift_engine_turn *turn, const engine_rows *rows);
/* Places the picture above on a canvas that becomes `rows`: RGB or YCbCr planes of one size. */
engine_room *engine_canvas(engine_room *above, const pixelshift_engine_canvas *canvas, const engine_rows *rows,
                           pixelshift_cpu_level level);
/* The packed rows of a picture in memory, which must outlive the room. */
engine_room *engine_array(const uint8_t *pixels, ptrdiff_t stride, const engine_rows *rows, double deadline);
/* From one packed plane to another: drops alpha over black, grey to RGB and back by dropping or repeating. */
engine_room *engine_repack(engine_room *above, engine_colour colour, pixelshift_cpu_level level);
/* RGB to YCbCr planes, and YCbCr planes, all of one size, to RGB. */
engine_room *engine_to_ycbcr(engine_room *above, pixelshift_cpu_level level);
engine_room *engine_to_rgb(engine_room *above, pixelshift_cpu_level level);
/* Chroma at half the size in both directions, averaged as libjpeg averages. */
engine_room *engine_halve_chroma(engine_room *above, pixelshift_cpu_level level);
/* From RGB to grey of equal luminance, beside alpha where there is any. */
engine_room *engine_to_grey(engine_room *above, pixelshift_cpu_level level);
/* Planes of one size, sharpened by the mild kernel; packed rows have no alpha. */
engine_room *engine_sharpen(engine_room *above, pixelshift_cpu_level level);
/* RGB or RGBA, L of CIELAB sharpened. UNSUPPORTED where the mask is none; the room must be closed then, too. */
engine_room *engine_unsharp(engine_room *above, const pixelshift_engine_sharpen *sharpen, pixelshift_cpu_level level,
                            pixelshift_engine_status *status);
/*
 * Packed RGB or YCbCr planes, an overlay over them. Its pixels must outlive the room. The room above repeats the last
 * row by pointing at it again, as the resampler and the sharpener do: so it is written to once.
 */
engine_room *engine_overlay(engine_room *above, const pixelshift_engine_overlay *overlay, pixelshift_cpu_level level);

#endif
