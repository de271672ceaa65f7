/*
 * Baseline Huffman decoding, one block at a time, ahead of libjpeg's by a table that answers code, run and value at
 * once and by refilling 56 bits without a branch.
 *
 * Any doubt (a code that no table has, a coefficient out of range, data that end early or late) is reported, and the
 * caller starts again with libjpeg, which decides what becomes of a damaged file.
 */
#ifndef PIXELSHIFT_JPEG_ENTROPY_H
#define PIXELSHIFT_JPEG_ENTROPY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

#include "pixelshift/cpu.h"

enum {
    ENTROPY_INDEX_BITS = 10,
    ENTROPY_SKIP_BITS = 12,
    ENTROPY_CHUNK = 1 << 15,
    ENTROPY_BLOCK_BYTES = 320, /* more than any block can take: 64 symbols of at most 31 bits, and one refill */
    ENTROPY_END_OF_BLOCK = 100,
    ENTROPY_POSITIONS = 64 + ENTROPY_END_OF_BLOCK,
    ENTROPY_LAST = 63,
};

/* A Huffman table, indexed by the next ENTROPY_INDEX_BITS bits; 0 = ask `symbols`. */
typedef struct {
    uint32_t entry[1 << ENTROPY_INDEX_BITS];
    int32_t last_code[18];    /* the last code of each length, -1 for none; [17] ends every search */
    int32_t first_symbol[17]; /* where a length's symbols begin, less its first code */
    uint8_t symbols[256];
    /* Filled on demand: all whole symbols in the next ENTROPY_SKIP_BITS bits at once, for values nobody wants. */
    uint16_t skip[1 << ENTROPY_SKIP_BITS];
} entropy_table;

/*
 * Returns 0 when the table is no prefix code or has values of more than 11 bits, which 8-bit samples never need (T.81,
 * F.1.2): two symbols would no longer fit one refill.
 */
int entropy_table_build(entropy_table *table, const JHUFF_TBL *from, int is_dc);
/* Fills `skip` of an AC table. */
void entropy_table_build_skip(entropy_table *table);

/* The scan's bytes without their stuffing, a chunk at a time. */
typedef struct {
    const uint8_t *from, *end; /* what is left of the file */
    int at_marker;             /* `from` stands at a marker, or at the end of the file */
    uint64_t bits;             /* the next bits, first one topmost */
    int count;                 /* how many of them are real */
    const uint8_t *next;       /* the next byte of `chunk` to load */
    uint8_t *limit;            /* end of the real bytes in `chunk` */
    uint8_t chunk[ENTROPY_CHUNK + ENTROPY_BLOCK_BYTES];
} entropy_reader;

void entropy_reader_start(entropy_reader *reader, const uint8_t *from, const uint8_t *end);
/* Moves what is unread to the front and unstuffs more behind it, up to a marker. */
void entropy_reader_fill(entropy_reader *reader);
/* True when the interval's data ended where its last block did, up to the padding of a byte. */
int entropy_reader_at_end(entropy_reader *reader);
/* Steps over a restart marker of that number (0-7). */
int entropy_reader_restart(entropy_reader *reader, int number);

/* How the blocks of one component are decoded. */
typedef struct {
    const entropy_table *dc, *ac;
    int needed; /* the last zigzag position whose value is wanted; with less than ENTROPY_LAST, `skip` must be there */
    uint16_t quantiser[ENTROPY_POSITIONS]; /* in zigzag order, 0 past the block */
    uint32_t place[ENTROPY_POSITIONS];     /* where in the block a zigzag position goes; any spare place past it */
} entropy_rules;

/*
 * Decodes one block into `block`, zeroed by the caller: dequantised, each position at its place, those behind
 * `needed` perhaps left out. Returns the zigzag position of the last coefficient (at most where values were no longer
 * wanted), or -1.
 */
typedef int (*entropy_decode)(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction);

entropy_decode entropy_decoder(pixelshift_cpu_level level);

/* Zigzag order to rows first. */
extern const uint8_t entropy_rows_first[64];

int entropy_decode_block_scalar(entropy_reader *reader, int16_t *block, const entropy_rules *rules,
                                int32_t *prediction);
int entropy_decode_block_avx2(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction);

#endif
