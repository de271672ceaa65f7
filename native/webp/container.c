#include "container.h"

#include <string.h>

enum {
    RIFF_HEADER = 12,
    CHUNK_HEADER = 8,
    VP8X_SIZE = 10,
    ICC_FLAG = 0x20,
    ALPHA_FLAG = 0x10,
    EXIF_FLAG = 0x08,
    XMP_FLAG = 0x04,
};

static uint32_t load32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store(uint8_t *at, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static int is(const uint8_t *chunk, const char *name) {
    return memcmp(chunk, name, 4) == 0;
}

static size_t whole(const uint8_t *chunk) {
    size_t size = load32(chunk + 4);
    return CHUNK_HEADER + size + (size & 1);
}

/* Appends the chunks that stand before the pixels, or those behind them; returns the flags of all. */
static uint8_t append(engine_output *output, const uint8_t *chunks, size_t size, int before,
                      pixelshift_engine_status *status) {
    uint8_t flags = 0;
    for (size_t at = 0; at + CHUNK_HEADER <= size && *status == PIXELSHIFT_ENGINE_OK; at += whole(chunks + at)) {
        int is_profile = is(chunks + at, "ICCP");
        flags |= is_profile ? ICC_FLAG : is(chunks + at, "EXIF") ? EXIF_FLAG : XMP_FLAG;
        if (is_profile == before) {
            *status = engine_output_append(output, chunks + at, whole(chunks + at));
        }
    }
    return flags;
}

pixelshift_engine_status webp_begin(engine_output *output, const uint8_t *chunks, size_t size, size_t *begin) {
    static const uint8_t HEADER[RIFF_HEADER + CHUNK_HEADER + VP8X_SIZE] = {
        'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8', 'X', VP8X_SIZE,
    };
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    size_t start = output->size;
    if (size > 0) {
        status = engine_output_append(output, HEADER, sizeof HEADER);
        uint8_t flags = append(output, chunks, size, 1, &status);
        if (status == PIXELSHIFT_ENGINE_OK) {
            output->body[start + RIFF_HEADER + CHUNK_HEADER] = flags;
        }
    }
    *begin = output->size;
    return status;
}

/* Whether libwebp's chunks begin with one that says there is alpha. */
static int has_alpha(const uint8_t *chunk) {
    if (is(chunk, "VP8X")) {
        return (chunk[CHUNK_HEADER] & ALPHA_FLAG) != 0;
    }
    /* VP8L: a signature, 14 bits of width and height each, then the bit. */
    return is(chunk, "VP8L") && (chunk[CHUNK_HEADER + 4] & 0x10) != 0;
}

pixelshift_engine_status webp_end(engine_output *output, size_t begin, const pixelshift_engine_job *job) {
    if (job->metadata_size == 0) {
        return PIXELSHIFT_ENGINE_OK;
    }
    uint8_t *first = output->body + begin + RIFF_HEADER;
    int alpha = has_alpha(first);
    size_t skipped = RIFF_HEADER + (is(first, "VP8X") ? CHUNK_HEADER + VP8X_SIZE : 0);
    output->size -= skipped;
    memmove(output->body + begin, output->body + begin + skipped, output->size - begin);
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    append(output, job->metadata, job->metadata_size, 0, &status);
    if (status == PIXELSHIFT_ENGINE_OK) {
        uint8_t *extended = output->body + RIFF_HEADER + CHUNK_HEADER;
        extended[0] |= alpha ? ALPHA_FLAG : 0;
        store(extended + 4, (uint32_t)job->width - 1, 3);
        store(extended + 7, (uint32_t)job->height - 1, 3);
        store(output->body + 4, (uint32_t)(output->size - CHUNK_HEADER), 4);
    }
    return status;
}
