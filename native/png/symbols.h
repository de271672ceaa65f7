/* The alphabets of deflate (RFC 1951, 3.2.5). */
#ifndef PIXELSHIFT_PNG_SYMBOLS_H
#define PIXELSHIFT_PNG_SYMBOLS_H

#include <stdint.h>

enum {
    DEFLATE_BLOCK = 65535, /* the most that one stored block can hold */
    DEFLATE_HISTORY = 1 << 15,
    DEFLATE_LONGEST = 258,
    DEFLATE_END = 256, /* of a block */
    DEFLATE_LITERALS = 286,
    DEFLATE_DISTANCES = 30,
};

static inline int log2_of(uint32_t value) {
    return 31 - __builtin_clz(value);
}

/* Symbol and extra bits of a match length less 3 (RFC 1951, 3.2.5): four symbols per doubling. */
static inline int length_symbol(uint32_t length, int *extra) {
    if (length < 4 || length == DEFLATE_LONGEST - 3) {
        *extra = 0;
        return length < 4 ? 257 + (int)length : 285;
    }
    int top = log2_of(length);
    *extra = top - 2;
    return 257 + 4 * (top - 1) + (int)(length >> (top - 2) & 3);
}

/* Of a distance less 1: two symbols per doubling. */
static inline int distance_symbol(uint32_t distance, int *extra) {
    if (distance < 2) {
        *extra = 0;
        return (int)distance;
    }
    int top = log2_of(distance);
    *extra = top - 1;
    return 2 * top + (int)(distance >> (top - 1) & 1);
}

#endif
