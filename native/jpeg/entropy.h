/*
 * Baseline Huffman decoding, one block at a time, ahead of libjpeg's by a table that answers code, run and value of up
 * to two symbols at once and by refilling 56 bits without a branch.
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
    ENTROPY_DC_BITS = 9,
    ENTROPY_AC_BITS = 10,
    ENTROPY_SKIP_BITS = 12,
    ENTROPY_SKIP_STEPS = 8,
    ENTROPY_CHUNK = 1 << 14,
    ENTROPY_BLOCK_BYTES = 320, /* more than any block can take: 64 symbols of at most 31 bits, and one refill */
    ENTROPY_COMPONENTS = 3,
    ENTROPY_END_OF_BLOCK = 100,
    ENTROPY_POSITIONS = 64 + ENTROPY_END_OF_BLOCK,
    ENTROPY_LAST = 63,
    ENTROPY_AHEAD = 16, /* bytes; libjpeg's bit buffer has 8 */
    ENTROPY_ROOM = 80,
};

/* The symbols of a Huffman table by code, for those that the arrays below have not. */
typedef struct {
    int32_t last_code[18];    /* the last code of each length, -1 for none; [17] ends every search */
    int32_t first_symbol[17]; /* where a length's symbols begin, less its first code */
    uint8_t symbols[256];
} entropy_codes;

/* One symbol whose code and sign lie within the index of an array, and perhaps a second one that lies there whole. */
typedef struct {
    uint8_t bits;   /* of all this; 0 = ask entropy_codes */
    uint8_t shift;  /* 64 less the first symbol's bits, code and value together */
    uint8_t step;   /* in the block to the first value: run + 1, or ENTROPY_END_OF_BLOCK */
    uint8_t steps;  /* in all */
    int16_t second; /* the second value; 0 where there is none */
    /*
     * From the first symbol's bits this leaves the value, in 16 bits: the code's own contribution, and for negative
     * values the offset of ITU-T T.81, F.2.2.1.
     */
    uint16_t subtract;
} entropy_entry;

/*
 * All whole symbols within the index at once, or a single longer one, for values that nobody wants: their bits below
 * ENTROPY_SKIP_STEPS, from there on their steps; where the block ends there, ENTROPY_END_OF_BLOCK more. No bits and
 * ENTROPY_SKIP_NONE steps: ask entropy_codes.
 */
typedef uint16_t entropy_skip;

typedef struct {
    entropy_codes codes;
    entropy_entry entry[1 << ENTROPY_DC_BITS];
} entropy_dc_table;

typedef struct {
    entropy_codes codes;
    entropy_entry entry[1 << ENTROPY_AC_BITS];
    entropy_skip skip[1 << ENTROPY_SKIP_BITS];
} entropy_ac_table;

/*
 * These return 0 when the table is no prefix code or has values of more than 11 bits, which 8-bit samples never need
 * (T.81, F.1.2): two symbols would no longer fit one refill. The table must be zeroed.
 */
int entropy_dc_table_build(entropy_dc_table *table, const JHUFF_TBL *from);
int entropy_ac_table_build(entropy_ac_table *table, const JHUFF_TBL *from);

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
/* True where the data end without a sure marker, so soon that libjpeg, which looks ahead, may warn of it. */
int entropy_reader_runs_out(const entropy_reader *reader);
/* Steps over a restart marker of that number (0-7). */
int entropy_reader_restart(entropy_reader *reader, int number);

/* How the blocks of one component are decoded. */
typedef struct {
    const entropy_dc_table *dc;
    const entropy_ac_table *ac;
    size_t needed;                         /* of decode_some: the last zigzag position whose value is wanted */
    int32_t dc_limit;                      /* of a DC value */
    uint16_t quantiser[ENTROPY_POSITIONS]; /* of decode_some: in zigzag order, 0 past the block */
    uint32_t place[ENTROPY_POSITIONS];     /* of decode_some: where a zigzag position goes; any spare place past it */
} entropy_rules;

/*
 * Decodes one block. Returns the zigzag position of the last coefficient, or -1.
 *
 * `all`: block[ENTROPY_ROOM], every coefficient, rows first, not dequantised; behind the 64 the rest is spare.
 * `some`: dequantised into memory that the caller has zeroed, each position at its place, those behind `needed` perhaps
 * left out. The position returned may be the first at which values were no longer wanted.
 */
typedef int (*entropy_decode)(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction);

typedef struct {
    const entropy_dc_table *dc;
    const entropy_ac_table *ac;
    int component;
    int32_t dc_limit;
} entropy_unit;

/* The blocks of one MCU in their order. */
typedef struct {
    int units;
    entropy_unit unit[D_MAX_BLOCKS_IN_MCU];
} entropy_mcu;

/*
 * Passes over `count` whole MCUs without a restart between them, and adds their DC differences to the predictions of
 * the components. Returns 0 on doubt: what they hold is checked as far as finding their ends takes.
 */
typedef int (*entropy_pass)(entropy_reader *reader, const entropy_mcu *mcu, int count,
                            int32_t predictions[ENTROPY_COMPONENTS]);

typedef struct {
    entropy_decode all, some;
    entropy_pass pass;
} entropy_decoder;

const entropy_decoder *entropy_decoder_of(pixelshift_cpu_level level);

/* Zigzag order to rows first; past the block, the spare place behind it. */
extern const uint8_t entropy_rows_first[ENTROPY_POSITIONS];

#if PIXELSHIFT_HAVE_AVX2
extern const entropy_decoder entropy_decoder_avx2;
#endif

#endif
