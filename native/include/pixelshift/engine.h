/*
 * A picture file to another in one call that never holds the picture.
 *
 *     source (a decoder) -> planes, a band of rows at a time
 *            -> resample each plane -> rooms that change finished rows -> sink (an encoder)
 *
 * Samples stay in the form of the file as long as the sink takes it: YCbCr planes of a JPEG go to a JPEG without
 * colour conversion or chroma upsampling. What a source does not take answers PIXELSHIFT_ENGINE_UNSUPPORTED and belongs
 * to the general path.
 */
#ifndef PIXELSHIFT_ENGINE_H
#define PIXELSHIFT_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"
#include "pixelshift/resample.h"

typedef enum {
    PIXELSHIFT_ENGINE_OK = 0,
    PIXELSHIFT_ENGINE_UNSUPPORTED = 1, /* a valid file of a kind that is not handled here */
    PIXELSHIFT_ENGINE_DAMAGED = 2,     /* the decoder warned or gave up */
    PIXELSHIFT_ENGINE_NO_MEMORY = 3,
    PIXELSHIFT_ENGINE_TIMEOUT = 4,
    PIXELSHIFT_ENGINE_TOO_LARGE = 5, /* the output outgrew its limit */
    PIXELSHIFT_ENGINE_OUTSIDE = 6,   /* the box or the area is empty or not within the picture */
} pixelshift_engine_status;

typedef enum {
    PIXELSHIFT_ENGINE_JPEG = 0,
    PIXELSHIFT_ENGINE_FORMATS,
} pixelshift_engine_format;

/* A rectangle in stored pixels of the source. */
typedef struct {
    double left, top, right, bottom;
} pixelshift_engine_box;

typedef struct {
    int quality;     /* 1-100 */
    int full_chroma; /* 1: 4:4:4, 0: 4:2:0 */
    int progressive;
    int optimise_coding;
} pixelshift_engine_jpeg;

typedef struct {
    const uint8_t *data;
    size_t size;
    pixelshift_engine_format source, sink;
    int reference; /* 1: the codec library decodes, never our own decoder */

    /*
     * JPEG: samples a side that a block becomes: 8, 4, 3, 2 or 1. Chroma may have its own; 0, and whatever the codec
     * library decodes, leaves that to the library's rule, which makes up for coarse chroma as far as it can.
     */
    int scale, chroma_scale;
    pixelshift_engine_box area; /* pixels outside of it are never looked at; whole numbers */
    pixelshift_engine_box box;  /* what becomes the output; within the area, edges may be fractional */
    int width, height;          /* of the output */
    pixelshift_resample_filter filter;

    pixelshift_engine_jpeg jpeg; /* options of the sink in use */
    /*
     * Finished pieces of the sink's format to carry along, checked by the adapter. JPEG: marker segments (APP1, APP2,
     * COM ...), written behind the JFIF header.
     */
    const uint8_t *metadata;
    size_t metadata_size;

    size_t output_limit; /* bytes */
    double deadline;     /* CLOCK_MONOTONIC seconds; 0 = none */
    pixelshift_cpu_level level;
} pixelshift_engine_job;

/*
 * Runs the whole chain. On PIXELSHIFT_ENGINE_OK `*output` holds `*output_size` bytes that the caller releases
 * with pixelshift_engine_free. On any other status `*output` is NULL. Touches no global state.
 */
pixelshift_engine_status pixelshift_engine_run(const pixelshift_engine_job *job, uint8_t **output, size_t *output_size);

void pixelshift_engine_free(uint8_t *output);

#endif
