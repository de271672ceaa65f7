/* A PNG file as chunks, and its pixels as one zlib stream out of its IDAT chunks. */
#ifndef PIXELSHIFT_PNG_CHUNKS_H
#define PIXELSHIFT_PNG_CHUNKS_H

#include <isa-l/igzip_lib.h>

#include "pixelshift/png.h"

#define PNG_KIND(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum {
    PNG_SIGNATURE = 8,
    PNG_GREY = 0,
    PNG_RGB = 2,
    PNG_PALETTE = 3,
    PNG_GREY_ALPHA = 4,
    PNG_RGBA = 6,
};

typedef struct {
    uint32_t kind;
    const uint8_t *data;
    size_t size;  /* as much as is there */
    int complete; /* all of it is there, with its checksum */
    int correct;  /* and the checksum matches; not looked at for pixels */
} png_chunk;

/* What stands before the pixels. */
typedef struct {
    uint32_t width, height;
    int bits, colour, interlaced;
    int palette_size; /* entries of `palette`, 0 without PLTE */
    uint8_t palette[256][4];
    int has_key, has_alpha_table; /* tRNS: one transparent colour, or alpha values in `palette` */
    uint16_t key[3];
} png_header;

typedef struct {
    const uint8_t *data;
    size_t size, at; /* `at`: where the next chunk starts */
    int over;        /* there is no further IDAT chunk */
    int ended;       /* the deflate stream, or what there is of it, is over */
    int started;     /* the two bytes of the zlib header were read */
    int harmed;
    struct inflate_state inflate;
} png_stream;

/* Reads the chunks up to the first IDAT, which is the stream's first. */
pixelshift_engine_status png_stream_open(png_stream *stream, png_header *header, const uint8_t *data, size_t size);
/* Up to `room` bytes of the zlib stream's contents; fewer only at its end. What breaks off or makes no sense
 * sets `harmed`. */
size_t png_stream_read(png_stream *stream, uint8_t *to, size_t room);

#endif
