/* Bits written to an output from the lowest up, as deflate wants them. */
#ifndef PIXELSHIFT_PNG_BITS_H
#define PIXELSHIFT_PNG_BITS_H

#include <string.h>

#include "../engine/output.h"

/* What flushing may write behind the last byte: to be reserved beyond what is counted. */
enum { PNG_BITS_SLACK = 8 };

typedef struct {
    engine_output *output;
    uint64_t bits; /* `held` bits that are not yet bytes */
    int held;
} png_bits;

/* To and from the lowest byte first. */
static inline uint64_t png_little(uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

/* The whole bytes of what is held. */
static inline void png_bits_flush(png_bits *to) {
    uint64_t word = png_little(to->bits);
    memcpy(to->output->body + to->output->size, &word, sizeof word);
    to->output->size += (size_t)(to->held >> 3);
    to->bits >>= to->held & ~7;
    to->held &= 7;
}

/* At most 56 bits between two flushes. */
static inline void png_bits_put(png_bits *to, uint64_t value, int count) {
    to->bits |= value << to->held;
    to->held += count;
}

/* Zero bits up to a whole byte. */
static inline void png_bits_align(png_bits *to) {
    to->held = (to->held + 7) & ~7;
    png_bits_flush(to);
}

#endif
