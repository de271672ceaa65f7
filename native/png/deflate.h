/*
 * Deflate (RFC 1951) as a stream, in bounded memory, the same bytes on every machine.
 *
 * Blocks of up to 64 KB; matches are found by chains over hashes of four bytes; each block gets the cheapest of
 * stored, fixed and own codes. Where matches are many, a block is parsed again by what its symbols then cost, and its
 * writer may offer another form of the same rows, of which the smaller is taken.
 */
#ifndef PIXELSHIFT_PNG_DEFLATE_H
#define PIXELSHIFT_PNG_DEFLATE_H

#include "bits.h"

typedef struct png_deflate png_deflate;

/* Level 0 stores, 1 is fastest, 9 smallest. NULL without memory. */
png_deflate *png_deflate_new(int level);
/*
 * Appends `size` bytes. `other`, or NULL: as many that would do as well. Bytes that fit a block are not divided
 * between two, and either form is taken for all of a block.
 */
pixelshift_engine_status png_deflate_write(png_deflate *deflate, const uint8_t *data, const uint8_t *other, size_t size,
                                           png_bits *to);
/* The last block, up to a whole byte. */
pixelshift_engine_status png_deflate_end(png_deflate *deflate, png_bits *to);
/* Adler-32 of what was written, once it has ended. */
uint32_t png_deflate_sum(const png_deflate *deflate);
void png_deflate_free(png_deflate *deflate);

#endif
