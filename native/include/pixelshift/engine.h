/*
 * A picture file to another in one call that never holds the source's picture. Of the result it holds what turns, and
 * what JPEG and WebP encoders collect.
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

#include "pixelshift/colour.h"
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
    PIXELSHIFT_ENGINE_PNG,
    PIXELSHIFT_ENGINE_WEBP,
    PIXELSHIFT_ENGINE_FORMATS,
} pixelshift_engine_format;

/* A rectangle in stored pixels of the source. */
typedef struct {
    double left, top, right, bottom;
} pixelshift_engine_box;

/* RGBA rows, not premultiplied, `stride` bytes apart. Sides and offsets are below 2^30; NULL pixels: no overlay. */
typedef struct {
    const uint8_t *pixels;
    ptrdiff_t stride;
    int width, height;
    int left, top; /* of its corner on the output; what lies outside is not seen */
} pixelshift_engine_overlay;

/* Rows and columns change places, then top and bottom, then left and right: all eight orientations. */
typedef struct {
    int transpose, flip, flop;
} pixelshift_engine_turn;

/* Where a smaller picture lies on the output. Sides of 0: it fills it, and there is no canvas. */
typedef struct {
    int left, top, width, height;
    uint8_t colour[3]; /* RGB, of what is beside it */
} pixelshift_engine_canvas;

typedef enum {
    PIXELSHIFT_ENGINE_SHARPEN_NONE = 0,
    PIXELSHIFT_ENGINE_SHARPEN_MILD,  /* by the 3x3 kernel of sharpen.h; alpha is unsupported */
    PIXELSHIFT_ENGINE_SHARPEN_LIGHT, /* L of CIELAB against its Gaussian */
} pixelshift_engine_sharpen_kind;

typedef struct {
    pixelshift_engine_sharpen_kind kind;
    const int32_t *mask; /* LIGHT: the Gaussian as convolve.h takes it, of the samples 0 to radius from the middle */
    size_t radius;
    pixelshift_colour_sharpening curve;
} pixelshift_engine_sharpen;

typedef struct {
    int quality;     /* 1-100 */
    int full_chroma; /* 1: 4:4:4, 0: 4:2:0 */
    int progressive;
    int optimise_coding;
} pixelshift_engine_jpeg;

typedef struct {
    int level;     /* 0 stored; 1 fastest to 9 smallest */
    int adaptive;  /* 0: rows are not filtered */
    int keep_grey; /* 1: grey is written as grey, 0: as RGB */
} pixelshift_engine_png;

typedef enum {
    PIXELSHIFT_ENGINE_WEBP_DEFAULT = 0,
    PIXELSHIFT_ENGINE_WEBP_PICTURE,
    PIXELSHIFT_ENGINE_WEBP_PHOTO,
    PIXELSHIFT_ENGINE_WEBP_DRAWING,
    PIXELSHIFT_ENGINE_WEBP_ICON,
    PIXELSHIFT_ENGINE_WEBP_TEXT,
} pixelshift_engine_webp_preset;

typedef struct {
    int quality;       /* 0-100; of near-lossless, how much it may change */
    int alpha_quality; /* 0-100 */
    int effort;        /* 0-6 */
    int lossless, near_lossless;
    int smart_subsample; /* chroma is made smaller with care for edges, at several times the time */
    int smart_deblock;   /* the loop filter is tuned to the picture */
    int exact;           /* lossless: colours under full transparency are kept */
    pixelshift_engine_webp_preset preset;
} pixelshift_engine_webp;

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
    pixelshift_engine_box area;      /* pixels outside of it are never looked at; whole numbers */
    pixelshift_engine_box box;       /* what becomes the output; within the area, edges may be fractional */
    pixelshift_engine_turn turn;     /* what is done to that on the way */
    pixelshift_engine_canvas canvas; /* what it is then placed on: within the output, of colours without alpha */
    int width, height;               /* of the output, turned, canvas and all */
    pixelshift_resample_filter filter;
    pixelshift_engine_sharpen sharpen; /* once resampled */
    pixelshift_engine_overlay overlay; /* laid over the finished rows, which must be colour without alpha */

    /* Options of the sink in use. */
    pixelshift_engine_jpeg jpeg;
    pixelshift_engine_png png;
    pixelshift_engine_webp webp;
    /*
     * Finished pieces of the sink's format to carry along, checked by the adapter. JPEG: marker segments (APP1, APP2,
     * COM ...), written behind the JFIF header. PNG: chunks, written behind IHDR. WebP: RIFF chunks, at most one of
     * each of ICCP, EXIF and "XMP ".
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

/*
 * Writes a picture that is in memory: rows of job->width pixels of 1 (grey), 2 (grey + alpha), 3 or 4 channels,
 * `stride` bytes apart. Of the job it needs the sink, its options, the size, metadata, limit, deadline and level.
 */
pixelshift_engine_status pixelshift_engine_encode(const pixelshift_engine_job *job, const uint8_t *pixels,
                                                  ptrdiff_t stride, int channels, uint8_t **output,
                                                  size_t *output_size);

/*
 * Filters a picture in memory as a job filters its rows: from packed rows as above to packed rows of the same form,
 * which do not overlap. Of the job it needs the size, what to do of `sharpen`, deadline and level.
 */
pixelshift_engine_status pixelshift_engine_filter(const pixelshift_engine_job *job, uint8_t *result,
                                                  const uint8_t *pixels, int channels);

void pixelshift_engine_free(uint8_t *output);

#endif
