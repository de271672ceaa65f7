/*
 * Deflate (RFC 1951) as a stream, in bounded memory, the same bytes on every machine.
 *
 * Blocks of up to 64 KB; matches are found by chains over hashes of four bytes; each block gets the cheapest of
 * stored, fixed and own codes.
 */
#ifndef PIXELSHIFT_PNG_DEFLATE_H
#define PIXELSHIFT_PNG_DEFLATE_H

#include "bits.h"

typedef struct png_deflate png_deflate;

/* Level 0 stores, 1 is fastest, 9 smallest. NULL without memory. */
png_deflate *png_deflate_new(int level);
pixelshift_engine_status png_deflate_write(png_deflate *deflate, const uint8_t *data, size_t size, png_bits *to);
/* The last block, up to a whole byte. */
pixelshift_engine_status png_deflate_end(png_deflate *deflate, png_bits *to);
void png_deflate_free(png_deflate *deflate);

#endif
