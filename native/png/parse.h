/* A block of bytes as literals and matches with what came before. */
#ifndef PIXELSHIFT_PNG_PARSE_H
#define PIXELSHIFT_PNG_PARSE_H

#include <stddef.h>

#include "symbols.h"

enum { PARSE_HASH_BITS = 15, PARSE_SHORTEST = 4 /* of a match: deflate allows 3, which seldom pay and cost time */ };

typedef struct {
    int chain; /* candidates looked at */
    int lazy;  /* matches shorter than this wait for a better one at the next byte */
    int good;  /* matches this long end the search */
    int hurry; /* after this many bytes without a match they are tried more sparsely; an exponent of two */
} parse_effort;

/* In 1/16 bit, extra bits included. */
typedef struct {
    uint32_t literal[256];
    uint32_t length[DEFLATE_LONGEST - 2]; /* by length less 3 */
    uint32_t distance[DEFLATE_DISTANCES];
} parse_prices;

/* So many literals, then a match; the last one of a block has none, and length 0. */
typedef struct {
    uint32_t literals;
    uint16_t length, distance; /* distance less 1 */
} parse_step;

typedef struct {
    size_t count;
    size_t matched; /* bytes that are in matches */
    uint64_t extra_bits;
    uint32_t literals[DEFLATE_LITERALS], distances[DEFLATE_DISTANCES]; /* how often each symbol occurs */
    parse_step step[DEFLATE_BLOCK / PARSE_SHORTEST + 1];
} parse_result;

/* Where bytes have been seen. Positions count all bytes of the stream from HISTORY + 1 on, and wrap. */
typedef struct {
    uint32_t head[1 << PARSE_HASH_BITS]; /* the last position with this hash */
    uint32_t before[DEFLATE_HISTORY];    /* by position: the previous one with the same hash */
} parse_chains;

typedef struct {
    const uint8_t *window;
    uint32_t base;     /* the position of window[0] */
    size_t start, end; /* the block; what is before it is history */
} parse_block;

/* Prices for a first parse: of literals by how often the block has them, of matches as where they are rare. */
void parse_guess_prices(parse_prices *prices, const parse_block *block);
/* The block's steps, and its bytes into the chains. */
void parse_run(parse_result *result, parse_chains *chains, const parse_block *block, const parse_prices *prices,
               const parse_effort *effort);
/* Chains that know what stands before the block, and nothing else. */
void parse_recall(parse_chains *chains, const parse_block *block);

#endif
