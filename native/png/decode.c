#include "../engine/rows.h"
#include "reader.h"

#include <stdlib.h>

struct pixelshift_png_decoder {
    png_reader reader;
};

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

pixelshift_engine_status pixelshift_png_open(pixelshift_png_decoder **decoder, pixelshift_png_info *info,
                                             const uint8_t *data, size_t size, pixelshift_cpu_level level) {
    pixelshift_png_decoder *opened = malloc(sizeof *opened);
    if (opened == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_engine_status status = png_reader_open(&opened->reader, data, size, level);
    if (status != PIXELSHIFT_ENGINE_OK) {
        pixelshift_png_close(opened);
        return status;
    }
    describe(info, &opened->reader);
    *decoder = opened;
    return PIXELSHIFT_ENGINE_OK;
}

pixelshift_engine_status pixelshift_png_read(pixelshift_png_decoder *decoder, pixelshift_png_info *info,
                                             uint8_t *pixels, ptrdiff_t stride, double deadline) {
    if (!png_reader_allocate(&decoder->reader)) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_engine_status status = decode_rows(&decoder->reader, pixels, stride, deadline);
    describe(info, &decoder->reader);
    return status;
}

void pixelshift_png_close(pixelshift_png_decoder *decoder) {
    png_reader_close(&decoder->reader);
    free(decoder);
}
