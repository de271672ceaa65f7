/* A PNG file as rows of 8 bits per sample. */
#ifndef PIXELSHIFT_PNG_READER_H
#define PIXELSHIFT_PNG_READER_H

#include "expand.h"

typedef struct {
    png_stream stream;
    png_header header;
    const pixelshift_png_kernels_table *kernels;
    size_t row_bytes; /* without the filter's byte */
    size_t step;
    int rows_read;
    size_t capacity, from, to; /* filtered[from, to) waits to be used */
    uint8_t *filtered;         /* inflated, each row behind its filter's byte */
    uint8_t *above;            /* the last row, unfiltered */
    uint8_t *row;              /* scratch for rows that must be expanded */
} png_reader;

/* Reads up to the pixels; UNSUPPORTED where they are interlaced. `data` must outlive the reader. To be closed anyway.
 */
pixelshift_engine_status png_reader_open(png_reader *reader, const uint8_t *data, size_t size,
                                         pixelshift_cpu_level level);
/* Memory for rows, once their width is known to be wanted. Returns 0 when there is none. */
int png_reader_allocate(png_reader *reader);
/*
 * Writes the next `count` rows of png_channels samples, or as many as the file still has, and returns how many. What
 * broke off or does not match its checksum sets stream.harmed.
 */
int png_reader_rows(png_reader *reader, uint8_t *dst, ptrdiff_t stride, int count);
void png_reader_close(png_reader *reader);

#endif
