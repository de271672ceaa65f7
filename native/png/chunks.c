#include "chunks.h"

#include <isa-l/crc.h>
#include <string.h>

enum {
    IHDR_SIZE = 13,
    MOST_CHUNKS = 10000, /* before the pixels */
    /* Where it meets a reference to before the beginning, the decoder counts that copy as made and makes none. */
    LONGEST_MATCH = 258,
};

static const uint8_t SIGNATURE[PNG_SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static uint32_t load32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint16_t load16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* The chunk at stream->at, and moves behind it. 0 at the end of the file. */
static int next_chunk(png_stream *stream, png_chunk *chunk) {
    size_t left = stream->size - stream->at;
    if (left < 8) {
        return 0;
    }
    const uint8_t *start = stream->data + stream->at;
    uint32_t length = load32(start);
    if (length > INT32_MAX) {
        return 0;
    }
    chunk->kind = load32(start + 4);
    chunk->data = start + 8;
    chunk->complete = left - 8 >= (size_t)length + 4;
    chunk->size = length < left - 8 ? length : left - 8;
    chunk->correct =
        chunk->complete && (chunk->kind == PNG_KIND('I', 'D', 'A', 'T') ||
                            crc32_gzip_refl(0, start + 4, (uint64_t)length + 4) == load32(start + 8 + length));
    stream->at += chunk->complete ? 12 + (size_t)length : left;
    return 1;
}

static int depth_allowed(int colour, int bits) {
    int small = bits == 1 || bits == 2 || bits == 4;
    switch (colour) {
    case PNG_GREY:
        return small || bits == 8 || bits == 16;
    case PNG_PALETTE:
        return small || bits == 8;
    case PNG_RGB:
    case PNG_GREY_ALPHA:
    case PNG_RGBA:
        return bits == 8 || bits == 16;
    default:
        return 0;
    }
}

static int read_header(png_header *header, const png_chunk *chunk) {
    if (chunk->kind != PNG_KIND('I', 'H', 'D', 'R') || !chunk->correct || chunk->size != IHDR_SIZE) {
        return 0;
    }
    const uint8_t *data = chunk->data;
    header->width = load32(data);
    header->height = load32(data + 4);
    header->bits = data[8];
    header->colour = data[9];
    header->interlaced = data[12];
    int sized = header->width > 0 && header->width <= INT32_MAX && header->height > 0 && header->height <= INT32_MAX;
    return sized && depth_allowed(header->colour, header->bits) && data[10] == 0 && data[11] == 0 && data[12] <= 1;
}

static int read_palette(png_header *header, const png_chunk *chunk) {
    if (header->palette_size > 0 || !chunk->correct || chunk->size % 3 != 0 || chunk->size == 0 || chunk->size > 768) {
        return 0;
    }
    header->palette_size = (int)(chunk->size / 3);
    for (int i = 0; i < header->palette_size; i++) {
        memcpy(header->palette[i], chunk->data + 3 * i, 3);
    }
    return 1;
}

/* Transparency that makes no sense, or is damaged, is passed over. */
static void read_transparency(png_header *header, const png_chunk *chunk) {
    size_t samples = header->colour == PNG_RGB ? 3 : 1;
    if (!chunk->correct) {
        return;
    }
    if (header->colour == PNG_PALETTE && chunk->size <= (size_t)header->palette_size) {
        header->has_alpha_table = 1;
        for (size_t i = 0; i < chunk->size; i++) {
            header->palette[i][3] = chunk->data[i];
        }
    } else if ((header->colour == PNG_GREY || header->colour == PNG_RGB) && chunk->size == 2 * samples) {
        header->has_key = 1;
        for (size_t i = 0; i < samples; i++) {
            header->key[i] = load16(chunk->data + 2 * i);
        }
    }
}

static void use_input(png_stream *stream, const png_chunk *chunk) {
    stream->inflate.next_in = (uint8_t *)chunk->data;
    stream->inflate.avail_in = (uint32_t)chunk->size;
    stream->harmed |= !chunk->correct;
}

pixelshift_engine_status png_stream_open(png_stream *stream, png_header *header, const uint8_t *data, size_t size) {
    png_chunk chunk;
    memset(header, 0, sizeof *header);
    for (int i = 0; i < 256; i++) {
        header->palette[i][3] = 255;
    }
    stream->data = data;
    stream->size = size;
    stream->at = PNG_SIGNATURE;
    stream->over = stream->ended = stream->started = stream->harmed = 0;
    if (size < PNG_SIGNATURE || memcmp(data, SIGNATURE, PNG_SIGNATURE) != 0 || !next_chunk(stream, &chunk) ||
        !read_header(header, &chunk)) {
        return PIXELSHIFT_ENGINE_DAMAGED;
    }
    for (int i = 0; i < MOST_CHUNKS && next_chunk(stream, &chunk); i++) {
        int is_optional = (int)(chunk.kind >> 29 & 1); /* the first letter is small */
        if (chunk.kind == PNG_KIND('I', 'D', 'A', 'T')) {
            isal_inflate_init(&stream->inflate);
            use_input(stream, &chunk);
            return header->colour == PNG_PALETTE && header->palette_size == 0 ? PIXELSHIFT_ENGINE_DAMAGED
                                                                              : PIXELSHIFT_ENGINE_OK;
        }
        if (chunk.kind == PNG_KIND('P', 'L', 'T', 'E')) {
            if (!read_palette(header, &chunk)) {
                return PIXELSHIFT_ENGINE_DAMAGED;
            }
        } else if (chunk.kind == PNG_KIND('t', 'R', 'N', 'S')) {
            read_transparency(header, &chunk);
        } else if (!is_optional) {
            return PIXELSHIFT_ENGINE_DAMAGED;
        }
    }
    return PIXELSHIFT_ENGINE_DAMAGED;
}

/* Makes the next IDAT chunk that is not empty the input; 0 behind the last. They follow each other, or are over. */
static int more_input(png_stream *stream) {
    png_chunk chunk;
    while (stream->inflate.avail_in == 0 && !stream->over) {
        if (next_chunk(stream, &chunk) && chunk.kind == PNG_KIND('I', 'D', 'A', 'T')) {
            use_input(stream, &chunk);
        } else {
            stream->over = 1;
        }
    }
    return stream->inflate.avail_in > 0;
}

/*
 * The zlib header (RFC 1950), read here because its window size is not to be believed: encoders are known to announce
 * less than they use, and libpng forgives it. What follows is plain deflate: the sum behind it says nothing that would
 * change what is shown.
 */
static int read_zlib_header(png_stream *stream) {
    uint32_t word = 0;
    for (int i = 0; i < 2; i++) {
        if (!more_input(stream)) {
            return 0;
        }
        word = word << 8 | *stream->inflate.next_in++;
        stream->inflate.avail_in--;
    }
    stream->inflate.crc_flag = ISAL_DEFLATE;
    stream->started = 1;
    int method = (int)(word >> 8 & 15), has_dictionary = (int)(word >> 5 & 1);
    return method == 8 && !has_dictionary && word % 31 == 0;
}

size_t png_stream_read(png_stream *stream, uint8_t *to, size_t room) {
    struct inflate_state *inflate = &stream->inflate;
    if (!stream->started && !read_zlib_header(stream)) {
        stream->ended = stream->harmed = 1;
    }
    inflate->next_out = to;
    inflate->avail_out = (uint32_t)room;
    size_t untrusted = 0;
    while (!stream->ended && inflate->avail_out > 0) {
        /* Once the input is over, what the decoder still holds may come out. */
        int over = !more_input(stream);
        uint32_t in_before = inflate->avail_in, out_before = inflate->avail_out;
        int error = isal_inflate(inflate);
        int stuck = inflate->avail_in == in_before && inflate->avail_out == out_before;
        if (inflate->block_state == ISAL_BLOCK_FINISH) {
            stream->ended = 1;
        } else if (error < 0 || stuck || (over && inflate->avail_out > 0)) {
            stream->ended = stream->harmed = 1;
            untrusted = error < 0 ? LONGEST_MATCH : 0;
        }
        stream->harmed |= error < 0;
    }
    size_t got = room - inflate->avail_out;
    return got > untrusted ? got - untrusted : 0;
}
