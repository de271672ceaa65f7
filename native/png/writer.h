/* Rows to a PNG file of 8 bits per sample. */
#ifndef PIXELSHIFT_PNG_WRITER_H
#define PIXELSHIFT_PNG_WRITER_H

#include "../engine/output.h"
#include "pixelshift/png.h"

typedef struct {
    int width, height, channels;
    int level;             /* 0 stored; 1 fastest to 9 smallest */
    int adaptive;          /* 0: rows are not filtered */
    const uint8_t *chunks; /* finished chunks to stand between header and pixels */
    size_t chunks_size;
    pixelshift_cpu_level cpu;
} png_target;

typedef struct png_writer png_writer;

/* Writes the header to `output`, which must outlive the writer. NULL with a status when there is no room. */
png_writer *png_writer_new(const png_target *target, engine_output *output, pixelshift_engine_status *status);
pixelshift_engine_status png_writer_row(png_writer *writer, const uint8_t *row);
/* After all rows. */
pixelshift_engine_status png_writer_finish(png_writer *writer);
void png_writer_free(png_writer *writer);

#endif
