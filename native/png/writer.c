#include "writer.h"

#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>

#include "chunks.h"
#include "deflate.h"

enum {
    IDAT_BYTES = 1 << 16, /* a chunk this long is closed */
    CHUNK_OVERHEAD = 12,
    CHECKSUM_BYTES = 4, /* of a chunk */
    SUM_BYTES = 4,      /* Adler-32 */
    HEADER_BYTES = 43,  /* signature, IHDR, the begin of IDAT and the zlib header */
};

struct png_writer {
    const pixelshift_png_kernels_table *kernels;
    png_deflate *deflate;
    png_bits bits;
    size_t chunk; /* where the open IDAT chunk starts in the output */
    int adaptive;
    size_t row_bytes, step;
    /* Rows behind a margin, whose last byte is the filter's in `filtered`. */
    uint8_t *memory, *row, *above, *filtered;
};

/* Big endian; room must have been reserved. */
static void put32(engine_output *output, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        output->body[output->size++] = (uint8_t)(value >> shift);
    }
}

static void begin_chunk(png_writer *writer, uint32_t kind) {
    writer->chunk = writer->bits.output->size;
    put32(writer->bits.output, 0);
    put32(writer->bits.output, kind);
}

/* Length and checksum of the open chunk. */
static void end_chunk(png_writer *writer) {
    engine_output *output = writer->bits.output;
    uint8_t *start = output->body + writer->chunk;
    uint32_t length = (uint32_t)(output->size - writer->chunk - 8);
    for (int i = 0; i < 4; i++) {
        start[i] = (uint8_t)(length >> (24 - 8 * i));
    }
    put32(output, crc32_gzip_refl(0, start + 4, (uint64_t)length + 4));
}

static pixelshift_engine_status put_header(png_writer *writer, const png_target *target) {
    static const uint8_t SIGNATURE[PNG_SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t COLOURS[] = {0, PNG_GREY, PNG_GREY_ALPHA, PNG_RGB, PNG_RGBA};
    /* zlib: deflate, a window of 32 KB; then how hard was tried. */
    static const uint8_t EFFORTS[] = {0x01, 0x01, 0x5e, 0x5e, 0x5e, 0x5e, 0x9c, 0xda, 0xda, 0xda};
    engine_output *output = writer->bits.output;
    pixelshift_engine_status status = engine_output_reserve(output, HEADER_BYTES + target->chunks_size);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    engine_output_append(output, SIGNATURE, sizeof SIGNATURE);
    begin_chunk(writer, PNG_KIND('I', 'H', 'D', 'R'));
    put32(output, (uint32_t)target->width);
    put32(output, (uint32_t)target->height);
    const uint8_t rest[] = {8, COLOURS[target->channels], 0, 0, 0};
    engine_output_append(output, rest, sizeof rest);
    end_chunk(writer);
    engine_output_append(output, target->chunks, target->chunks_size);
    begin_chunk(writer, PNG_KIND('I', 'D', 'A', 'T'));
    const uint8_t zlib[] = {0x78, EFFORTS[target->level]};
    return engine_output_append(output, zlib, sizeof zlib);
}

static int allocate(png_writer *writer, const png_target *target) {
    writer->step = (size_t)target->channels;
    writer->row_bytes = (size_t)target->width * writer->step;
    size_t padded = writer->row_bytes + PIXELSHIFT_PNG_MARGIN;
    writer->memory = calloc(3, padded);
    writer->deflate = png_deflate_new(target->level);
    if (writer->memory == NULL || writer->deflate == NULL) {
        return 0;
    }
    writer->row = writer->memory + PIXELSHIFT_PNG_MARGIN;
    writer->above = writer->row + padded;
    writer->filtered = writer->above + padded;
    return 1;
}

png_writer *png_writer_new(const png_target *target, engine_output *output, pixelshift_engine_status *status) {
    *status = PIXELSHIFT_ENGINE_NO_MEMORY;
    png_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return NULL;
    }
    writer->kernels = pixelshift_png_kernels(target->cpu);
    writer->adaptive = target->adaptive && target->level > 0;
    writer->bits.output = output;
    if (allocate(writer, target)) {
        *status = put_header(writer, target);
    }
    if (*status != PIXELSHIFT_ENGINE_OK) {
        png_writer_free(writer);
        return NULL;
    }
    return writer;
}

static pixelshift_png_filter lightest(const png_writer *writer) {
    uint64_t costs[PIXELSHIFT_PNG_FILTERS];
    writer->kernels->weigh(costs, writer->row, writer->above, writer->row_bytes, writer->step);
    int best = 0;
    for (int i = 1; i < PIXELSHIFT_PNG_FILTERS; i++) {
        best = costs[i] < costs[best] ? i : best;
    }
    return (pixelshift_png_filter)best;
}

/* Ends a chunk that is long enough. */
static pixelshift_engine_status cut_chunk(png_writer *writer) {
    engine_output *output = writer->bits.output;
    if (output->size - writer->chunk <= IDAT_BYTES) {
        return PIXELSHIFT_ENGINE_OK;
    }
    pixelshift_engine_status status = engine_output_reserve(output, CHUNK_OVERHEAD);
    if (status == PIXELSHIFT_ENGINE_OK) {
        end_chunk(writer);
        begin_chunk(writer, PNG_KIND('I', 'D', 'A', 'T'));
    }
    return status;
}

pixelshift_engine_status png_writer_row(png_writer *writer, const uint8_t *pixels) {
    memcpy(writer->row, pixels, writer->row_bytes);
    pixelshift_png_filter filter = writer->adaptive ? lightest(writer) : PIXELSHIFT_PNG_NONE;
    writer->filtered[-1] = (uint8_t)filter;
    writer->kernels->filter(writer->filtered, writer->row, writer->above, writer->row_bytes, writer->step, filter);
    /* The margin's last byte is zero, and so is the number of the filter that leaves rows as they are. */
    const uint8_t *plain = writer->adaptive ? writer->row - 1 : NULL;
    pixelshift_engine_status status =
        png_deflate_write(writer->deflate, writer->filtered - 1, plain, writer->row_bytes + 1, &writer->bits);
    uint8_t *row = writer->row;
    writer->row = writer->above;
    writer->above = row;
    return status == PIXELSHIFT_ENGINE_OK ? cut_chunk(writer) : status;
}

pixelshift_engine_status png_writer_finish(png_writer *writer) {
    pixelshift_engine_status status = png_deflate_end(writer->deflate, &writer->bits);
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = engine_output_reserve(writer->bits.output, SUM_BYTES + CHECKSUM_BYTES + CHUNK_OVERHEAD);
    }
    if (status == PIXELSHIFT_ENGINE_OK) {
        put32(writer->bits.output, png_deflate_sum(writer->deflate));
        end_chunk(writer);
        begin_chunk(writer, PNG_KIND('I', 'E', 'N', 'D'));
        end_chunk(writer);
    }
    return status;
}

void png_writer_free(png_writer *writer) {
    if (writer != NULL) {
        png_deflate_free(writer->deflate);
        free(writer->memory);
        free(writer);
    }
}
