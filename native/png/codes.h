/* The codes of a deflate block, and the block written with them (RFC 1951, 3.2). */
#ifndef PIXELSHIFT_PNG_CODES_H
#define PIXELSHIFT_PNG_CODES_H

#include "bits.h"
#include "huffman.h"
#include "parse.h"

enum { CODES_LENGTHS = 19 };

/* Also how the codes' lengths are told (3.2.7). */
typedef struct {
    huffman_code literals, distances, lengths;
    int told_literals, told_distances, told_lengths;
    int runs;
    uint8_t run_symbol[DEFLATE_LITERALS + DEFLATE_DISTANCES], run_value[DEFLATE_LITERALS + DEFLATE_DISTANCES];
} block_codes;

/* The block's own codes. */
void codes_make(block_codes *codes, const parse_result *parsed);
/* Those of 3.2.6. */
void codes_fixed(block_codes *codes);
/* Bits of the block's symbols under these codes, and of telling the codes. */
uint64_t codes_body_bits(const block_codes *codes, const parse_result *parsed);
uint64_t codes_telling_bits(const block_codes *codes);
/* What these codes cost; symbols that have none are taken as rare. */
void codes_prices(const block_codes *codes, parse_prices *prices);
/* Room for the bits must have been reserved. `bytes` are the block's. */
void codes_put_telling(const block_codes *codes, png_bits *to);
void codes_put_body(const block_codes *codes, const parse_result *parsed, const uint8_t *bytes, png_bits *to);

#endif
