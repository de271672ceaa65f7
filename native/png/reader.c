#include "reader.h"

#include <stdlib.h>
#include <string.h>

enum { FILTERED_BYTES = 1 << 17 };

int png_reader_allocate(png_reader *reader) {
    const png_header *header = &reader->header;
    size_t pixel_bits = (size_t)png_samples(header) * (size_t)header->bits;
    reader->row_bytes = (header->width * pixel_bits + 7) / 8;
    reader->step = (pixel_bits + 7) / 8;
    reader->capacity = reader->row_bytes + 1 > FILTERED_BYTES ? reader->row_bytes + 1 : FILTERED_BYTES;
    reader->filtered = malloc(reader->capacity);
    reader->above = calloc(1, reader->row_bytes);
    reader->row = malloc(reader->row_bytes);
    return reader->filtered != NULL && reader->above != NULL && reader->row != NULL;
}

pixelshift_engine_status png_reader_open(png_reader *reader, const uint8_t *data, size_t size,
                                         pixelshift_cpu_level level) {
    reader->filtered = reader->above = reader->row = NULL;
    reader->kernels = pixelshift_png_kernels(level);
    reader->rows_read = 0;
    reader->from = reader->to = 0;
    pixelshift_engine_status status = png_stream_open(&reader->stream, &reader->header, data, size);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    return reader->header.interlaced ? PIXELSHIFT_ENGINE_UNSUPPORTED : PIXELSHIFT_ENGINE_OK;
}

/* Whether that many filtered bytes wait, or could be had. */
static int has_filtered(png_reader *reader, size_t wanted) {
    if (reader->to - reader->from < wanted && wanted <= reader->capacity) {
        memmove(reader->filtered, reader->filtered + reader->from, reader->to - reader->from);
        reader->to -= reader->from;
        reader->from = 0;
        reader->to += png_stream_read(&reader->stream, reader->filtered + reader->to, reader->capacity - reader->to);
    }
    return reader->to - reader->from >= wanted;
}

/* A filtered row behind its filter's byte; what is expanded goes by way of the reader's own rows. */
static void finish_row(png_reader *reader, uint8_t *dst, const uint8_t *above, const uint8_t *filtered) {
    pixelshift_png_filter filter = (pixelshift_png_filter)filtered[0];
    if (png_is_plain(&reader->header)) {
        reader->kernels->unfilter(dst, filtered + 1, above, reader->row_bytes, reader->step, filter);
        return;
    }
    reader->kernels->unfilter(reader->row, filtered + 1, above, reader->row_bytes, reader->step, filter);
    png_expand(dst, reader->row, &reader->header);
    uint8_t *row = reader->row;
    reader->row = reader->above;
    reader->above = row;
}

/* Up to `most` of the next rows, two where they can be undone together; 0 at the end of what can be read. */
static int finish_rows(png_reader *reader, uint8_t *dst, ptrdiff_t stride, const uint8_t *above, int most) {
    size_t whole = reader->row_bytes + 1;
    int is_pair = most > 1 && png_is_plain(&reader->header) && has_filtered(reader, 2 * whole);
    if (!is_pair && !has_filtered(reader, whole)) {
        return 0;
    }
    const uint8_t *filtered = reader->filtered + reader->from;
    if (filtered[0] >= PIXELSHIFT_PNG_FILTERS) {
        return 0;
    }
    if (is_pair && filtered[0] == PIXELSHIFT_PNG_PAETH && filtered[whole] == PIXELSHIFT_PNG_PAETH) {
        uint8_t *const to[2] = {dst, dst + stride};
        const uint8_t *const from[2] = {filtered + 1, filtered + whole + 1};
        reader->kernels->unfilter_paeth_pair(to, from, above, reader->row_bytes, reader->step);
        reader->from += 2 * whole;
        return 2;
    }
    finish_row(reader, dst, above, filtered);
    reader->from += whole;
    return 1;
}

int png_reader_rows(png_reader *reader, uint8_t *dst, ptrdiff_t stride, int count) {
    int plain = png_is_plain(&reader->header), left = (int)reader->header.height - reader->rows_read, rows = 0;
    count = count < left ? count : left;
    while (rows < count) {
        /* Plain rows are unfiltered from row to row where they end up. */
        const uint8_t *above = plain && rows > 0 ? dst - stride : reader->above;
        int finished = finish_rows(reader, dst, stride, above, count - rows);
        if (finished == 0) {
            reader->stream.harmed = 1;
            break;
        }
        rows += finished;
        dst += finished * stride;
    }
    if (plain && rows > 0) {
        memcpy(reader->above, dst - stride, reader->row_bytes);
    }
    reader->rows_read += rows;
    return rows;
}

void png_reader_close(png_reader *reader) {
    free(reader->filtered);
    free(reader->above);
    free(reader->row);
}
