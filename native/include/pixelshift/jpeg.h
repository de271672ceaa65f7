/*
 * A JPEG to a smaller JPEG in one call that never holds the picture.
 *
 *     source (entropy decoding, IDCT) -> planes, a band of rows at a time
 *            -> resample each plane -> sink (DCT, entropy coding)
 *
 * Samples stay in the YCbCr planes of the file: no colour conversion, no chroma upsampling.
 * 8-bit baseline and progressive Huffman files of one (grey) or three (YCbCr) components, with any
 * sampling factors. Everything else answers PIXELSHIFT_JPEG_UNSUPPORTED and belongs to the general path.
 */
#ifndef PIXELSHIFT_JPEG_H
#define PIXELSHIFT_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"
#include "pixelshift/resample.h"

typedef enum {
    PIXELSHIFT_JPEG_OK = 0,
    PIXELSHIFT_JPEG_UNSUPPORTED = 1, /* a valid file of a kind that is not handled here */
    PIXELSHIFT_JPEG_DAMAGED = 2,     /* the decoder warned or gave up */
    PIXELSHIFT_JPEG_NO_MEMORY = 3,
    PIXELSHIFT_JPEG_TIMEOUT = 4,
    PIXELSHIFT_JPEG_TOO_LARGE = 5, /* the output outgrew its limit */
    PIXELSHIFT_JPEG_OUTSIDE = 6,   /* the box is empty or not within the picture */
} pixelshift_jpeg_status;

/* Who decodes: our own decoder with libjpeg behind it, or libjpeg alone. Both give the same samples. */
typedef enum {
    PIXELSHIFT_JPEG_OWN = 0,
    PIXELSHIFT_JPEG_LIBJPEG = 1,
} pixelshift_jpeg_decoder;

/* A rectangle in stored pixels of the source; edges may be fractional. */
typedef struct {
    double left, top, right, bottom;
} pixelshift_jpeg_box;

typedef struct {
    const uint8_t *data;
    size_t size;
    pixelshift_jpeg_decoder decoder;
    int scale;               /* IDCT size: 8 full, 4 half, 2 quarter, 1 eighth */
    pixelshift_jpeg_box box; /* what of the source is resampled */
    int width, height;       /* of the output */
    pixelshift_resample_filter filter;

    int quality;     /* 1-100 */
    int full_chroma; /* 1: output 4:4:4, 0: 4:2:0 */
    int progressive;
    int optimise_coding;
    const uint8_t *markers; /* finished marker segments (APP1, APP2, COM ...) to write behind the JFIF header */
    size_t markers_size;

    size_t output_limit; /* bytes */
    double deadline;     /* CLOCK_MONOTONIC seconds; 0 = none */
    pixelshift_cpu_level level;
} pixelshift_jpeg_job;

/*
 * Runs the whole chain. On PIXELSHIFT_JPEG_OK `*output` holds `*output_size` bytes that the caller releases
 * with pixelshift_jpeg_free. On any other status `*output` is NULL. Touches no global state.
 */
pixelshift_jpeg_status pixelshift_jpeg_resize(const pixelshift_jpeg_job *job, uint8_t **output, size_t *output_size);

void pixelshift_jpeg_free(uint8_t *output);

#endif
