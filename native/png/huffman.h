/* Prefix codes of limited length, canonical as in RFC 1951, 3.2.2. */
#ifndef PIXELSHIFT_PNG_HUFFMAN_H
#define PIXELSHIFT_PNG_HUFFMAN_H

#include <stdint.h>

enum { HUFFMAN_SYMBOLS = 288, HUFFMAN_LONGEST = 15 };

typedef struct {
    uint8_t length[HUFFMAN_SYMBOLS]; /* 0: the symbol does not occur */
    uint16_t code[HUFFMAN_SYMBOLS];  /* as it is written, lowest bit first */
} huffman_code;

/* The lengths that cost the least, up to what `limit` spoils, and their codes. At least two symbols get a code. */
void huffman_build(huffman_code *code, const uint32_t *counts, int symbols, int limit);
/* The codes for lengths that are set already. */
void huffman_assign(huffman_code *code, int symbols);

#endif
