#include "../engine/rows.h"
#include "reader.h"

#include <stdlib.h>

enum { ROWS_BETWEEN_LOOKS_AT_THE_CLOCK = 64 };

static void describe(pixelshift_png_info *info, const png_reader *reader) {
    const png_header *header = &reader->header;
    info->width = (int32_t)header->width;
    info->height = (int32_t)header->height;
    info->channels = png_channels(header);
    info->bits = header->bits;
    info->rows = reader->rows_read;
    info->harmed = reader->stream.harmed;
}

static pixelshift_engine_status decode_rows(png_reader *reader, uint8_t *pixels, ptrdiff_t stride, double deadline) {
    for (;;) {
        int rows = png_reader_rows(reader, pixels, stride, ROWS_BETWEEN_LOOKS_AT_THE_CLOCK);
        if (rows < ROWS_BETWEEN_LOOKS_AT_THE_CLOCK) {
            return PIXELSHIFT_ENGINE_OK;
        }
        if (engine_deadline_passed(deadline)) {
            return PIXELSHIFT_ENGINE_TIMEOUT;
        }
        pixels += rows * stride;
    }
}

pixelshift_engine_status pixelshift_png_decode(pixelshift_png_info *info, const uint8_t *data, size_t size,
                                               uint8_t *pixels, ptrdiff_t stride, double deadline,
                                               pixelshift_cpu_level level) {
    png_reader *reader = malloc(sizeof *reader);
    if (reader == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_engine_status status = png_reader_open(reader, data, size, level);
    if (status == PIXELSHIFT_ENGINE_OK && pixels != NULL) {
        status =
            png_reader_allocate(reader) ? decode_rows(reader, pixels, stride, deadline) : PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    if (status == PIXELSHIFT_ENGINE_OK) {
        describe(info, reader);
    }
    png_reader_close(reader);
    free(reader);
    return status;
}

pixelshift_engine_status pixelshift_png_inspect(pixelshift_png_info *info, const uint8_t *data, size_t size) {
    return pixelshift_png_decode(info, data, size, NULL, 0, 0, PIXELSHIFT_CPU_SCALAR);
}
