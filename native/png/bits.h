/* Bits written to an output from the lowest up, as deflate wants them. */
#ifndef PIXELSHIFT_PNG_BITS_H
#define PIXELSHIFT_PNG_BITS_H

#include <string.h>

#include "../engine/output.h"

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

/* Room for that many more bits and zeros up to a whole byte: OK, TOO_LARGE or NO_MEMORY. */
static inline pixelshift_engine_status png_bits_reserve(const png_bits *to, uint64_t bits) {
    return engine_output_reserve(to->output, (size_t)((bits + (uint64_t)to->held + 7) / 8));
}

/* The whole bytes of what is held; writes up to ENGINE_OUTPUT_SLACK bytes behind them. */
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
