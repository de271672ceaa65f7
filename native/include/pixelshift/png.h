/*
 * PNG (W3C PNG, third edition) as streams of rows, 8 bits per sample, in bounded memory.
 *
 * The reader takes every colour type and depth that is not interlaced: palettes and fewer than 8 bits are expanded,
 * of 16 bits the high byte is kept, tRNS becomes an alpha channel. The writer takes 1 to 4 channels (grey, grey +
 * alpha, RGB, RGBA), picks each row's filter by the least sum of absolute differences, or none where that makes a
 * block smaller, and compresses by a deflate of its own, whose bytes are the same on every machine.
 *
 * Damage follows libpng as a tolerant caller uses it: checksums of pixels are not held against them, and
 * so not computed; a stream that breaks off leaves the rows before the break.
 */
#ifndef PIXELSHIFT_PNG_H
#define PIXELSHIFT_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"
#include "pixelshift/engine.h"

/* Zero bytes that must stand before each row that the filters read: the pixel left of the first. */
#define PIXELSHIFT_PNG_MARGIN 8

typedef enum {
    PIXELSHIFT_PNG_NONE,
    PIXELSHIFT_PNG_SUB,
    PIXELSHIFT_PNG_UP,
    PIXELSHIFT_PNG_AVERAGE,
    PIXELSHIFT_PNG_PAETH,
    PIXELSHIFT_PNG_FILTERS,
} pixelshift_png_filter;

typedef struct {
    /* The row behind a filtered one. `step` is the bytes of a whole pixel, at least 1; dst may be src. */
    void (*unfilter)(uint8_t *dst, const uint8_t *src, const uint8_t *above, size_t bytes, size_t step,
                     pixelshift_png_filter filter);
    /* Two rows that both have the filter PAETH, the second below the first; dst must be apart from src. */
    void (*unfilter_paeth_pair)(uint8_t *const dst[2], const uint8_t *const src[2], const uint8_t *above, size_t bytes,
                                size_t step);
    /* The filtered row. row and above have MARGIN zeros before them. */
    void (*filter)(uint8_t *dst, const uint8_t *row, const uint8_t *above, size_t bytes, size_t step,
                   pixelshift_png_filter filter);
    /* For each filter the sum of the filtered bytes' absolute values, as signed bytes. Margins as above. */
    void (*weigh)(uint64_t costs[PIXELSHIFT_PNG_FILTERS], const uint8_t *row, const uint8_t *above, size_t bytes,
                  size_t step);
} pixelshift_png_kernels_table;

const pixelshift_png_kernels_table *pixelshift_png_kernels(pixelshift_cpu_level level);

typedef struct {
    int32_t width, height;
    int32_t channels; /* of the rows handed out: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA */
    int32_t bits;     /* per sample in the file */
    int32_t rows;     /* that could be decoded */
    int32_t harmed;   /* the stream broke off */
} pixelshift_png_info;

/* A file that is being read; `data` must live as long. */
typedef struct pixelshift_png_decoder pixelshift_png_decoder;

/*
 * Reads up to the pixels and says of what size and kind they are: UNSUPPORTED where they are interlaced, DAMAGED,
 * NO_MEMORY. Only with OK is there a decoder, to be closed.
 */
pixelshift_engine_status pixelshift_png_open(pixelshift_png_decoder **decoder, pixelshift_png_info *info,
                                             const uint8_t *data, size_t size, pixelshift_cpu_level level);
/*
 * Once: decodes all rows that there are into `pixels`, `stride` bytes per row, and completes what was told. NO_MEMORY;
 * TIMEOUT past the deadline (CLOCK_MONOTONIC seconds, 0 for none).
 */
pixelshift_engine_status pixelshift_png_read(pixelshift_png_decoder *decoder, pixelshift_png_info *info,
                                             uint8_t *pixels, ptrdiff_t stride, double deadline);
void pixelshift_png_close(pixelshift_png_decoder *decoder);

#endif
