/*
 * The inner loop of the entropy decoder, compiled once for the baseline and once with BMI2, whose shifts by a variable
 * count are what it mostly does. Private to the two files that include it.
 */
#ifndef PIXELSHIFT_JPEG_ENTROPY_BLOCK_H
#define PIXELSHIFT_JPEG_ENTROPY_BLOCK_H

#include "entropy.h"

#include <stdlib.h>
#include <string.h>

/*
 * An entry of a table, from the low bits: 5 of code and value together, 7 of how far to step in the block (run + 1),
 * 20 to subtract from these bits, which leaves the signed value: the code's own contribution, and for negative values
 * the offset of ITU-T T.81, F.2.2.1. The value's sign bit lies within the index.
 */
enum { ENTROPY_TOTAL_BITS = 5, ENTROPY_STEP_BITS = 7, ENTROPY_VALUE_BITS = 11 };

/* An entry of `skip`: 5 bits of how many bits it is about, whether the block ends there, how far to step before. */
enum { ENTROPY_SKIP_END_BIT = 5, ENTROPY_SKIP_STEP_BIT = 6 };

/*
 * Within these no inverse DCT, ours or libjpeg's, leaves 16 bits (4 * 1.387 * 5888 < 2^15) or its clamping table.
 * A photograph's blocks stay far below; what does not is libjpeg's business, down to how it overflows.
 */
enum { ENTROPY_MAGNITUDE_LIMIT = 5888, ENTROPY_DC_LIMIT = 4095 };

static inline int entropy_step(int symbol, int is_dc) {
    return is_dc || symbol != 0 ? (symbol >> 4) + 1 : ENTROPY_END_OF_BLOCK;
}

/* The byte in which the next bit lies. */
static inline const uint8_t *entropy_position(const entropy_reader *reader) {
    return reader->next - (reader->count >> 3);
}

typedef struct {
    uint64_t bits;
    int count;
    const uint8_t *next;
} cursor;

static inline cursor refilled(cursor at) {
    uint64_t word;
    memcpy(&word, at.next, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    at.bits |= word >> at.count;
    at.next += (63 - at.count) >> 3;
    at.count |= 56;
    return at;
}

static inline cursor consumed(cursor at, int count) {
    at.bits <<= count;
    at.count -= count;
    return at;
}

typedef struct {
    cursor at;
    int step; /* -1: there is no such code */
    int32_t value;
} decoded;

/* A code longer than the index, or one that leaves no bit of the index for the value's sign. */
static __attribute__((noinline)) decoded decode_slowly(cursor at, const entropy_table *table, int is_dc) {
    decoded result = {at, -1, 0};
    int length = 1;
    while ((int32_t)(at.bits >> (64 - length)) > table->last_code[length]) {
        if (++length > 16) {
            return result;
        }
    }
    int symbol = table->symbols[(int32_t)(at.bits >> (64 - length)) + table->first_symbol[length]];
    int size = symbol & 15;
    at = consumed(at, length);
    if (size > 0) {
        int32_t raw = (int32_t)(at.bits >> (64 - size));
        result.value = raw < 1 << (size - 1) ? raw - (1 << size) + 1 : raw;
        at = consumed(at, size);
    }
    result.at = at;
    result.step = entropy_step(symbol, is_dc);
    return result;
}

/* One symbol and its value: at most 27 bits, so that two can follow one refill. */
static inline decoded decode_symbol(cursor at, const entropy_table *table, int is_dc) {
    uint32_t found = table->entry[at.bits >> (64 - ENTROPY_INDEX_BITS)];
    if (__builtin_expect(found == 0, 0)) {
        return decode_slowly(at, table, is_dc);
    }
    int total = (int)(found & ((1 << ENTROPY_TOTAL_BITS) - 1));
    int32_t value = (int32_t)(uint32_t)(at.bits >> (64 - total));
    decoded result = {
        consumed(at, total),
        (int)(found >> ENTROPY_TOTAL_BITS & ((1 << ENTROPY_STEP_BITS) - 1)),
        value - (int32_t)(found >> (ENTROPY_TOTAL_BITS + ENTROPY_STEP_BITS)),
    };
    return result;
}

/* The way from position k to the end of a block when values are no longer wanted: 63, the mark of an end, or -1. */
static inline int skip_rest(cursor *at, const entropy_table *ac, int k) {
    cursor here = *at;
    while (k < ENTROPY_LAST) {
        here = refilled(here);
        for (int i = 0; i < 2 && k < ENTROPY_LAST; i++) {
            uint32_t found = ac->skip[here.bits >> (64 - ENTROPY_SKIP_BITS)];
            int beyond = k + (int)(found >> ENTROPY_SKIP_STEP_BIT);
            if (__builtin_expect(found == 0 || beyond >= ENTROPY_LAST, 0)) {
                /* A long symbol, or the block ends among these. */
                decoded symbol = decode_symbol(here, ac, 0);
                if (symbol.step < 0) {
                    return -1;
                }
                here = symbol.at;
                k += symbol.step;
            } else {
                here = consumed(here, (int)(found & ((1 << ENTROPY_SKIP_END_BIT) - 1)));
                k = beyond + (found >> ENTROPY_SKIP_END_BIT & 1 ? ENTROPY_END_OF_BLOCK : 0);
            }
        }
    }
    *at = here;
    return k;
}

/* A block under way. */
typedef struct {
    cursor at;
    const entropy_rules *rules;
    int16_t *block;
    uint64_t magnitude;
    int k, last; /* where it stands, and stood before the last symbol */
} progress;

/* One AC symbol; false where the values wanted are at an end, with k = -1 for a code that does not exist. */
static inline int decode_value(progress *on) {
    decoded symbol = decode_symbol(on->at, on->rules->ac, 0);
    on->at = symbol.at;
    on->last = on->k;
    if (__builtin_expect(symbol.step < 0, 0)) {
        on->k = -1;
        return 0;
    }
    on->k += symbol.step;
    int32_t level = symbol.value * on->rules->quantiser[on->k];
    on->magnitude += (uint32_t)abs(level);
    on->block[on->rules->place[on->k]] = (int16_t)level;
    return on->k < on->rules->needed;
}

static inline int decode_block(entropy_reader *reader, int16_t *block, const entropy_rules *rules,
                               int32_t *prediction) {
    if (__builtin_expect(reader->limit - reader->next < ENTROPY_BLOCK_BYTES && !reader->at_marker, 0)) {
        entropy_reader_fill(reader);
    }
    cursor start = {reader->bits, reader->count, reader->next};
    decoded dc = decode_symbol(refilled(start), rules->dc, 1);
    int32_t level = *prediction + dc.value;
    if (dc.step < 0 || level < INT16_MIN || level > INT16_MAX) {
        return -1;
    }
    *prediction = level;
    level *= rules->quantiser[0];
    progress on = {.at = dc.at, .rules = rules, .block = block, .magnitude = (uint32_t)abs(level)};
    if (on.magnitude > ENTROPY_DC_LIMIT) {
        return -1;
    }
    block[rules->place[0]] = (int16_t)level;
    if (rules->needed > 0) {
        while (decode_value(&on)) {
            on.at = refilled(on.at);
            if (!decode_value(&on)) {
                break;
            }
        }
    }
    int k = on.k;
    if (k >= 0 && k < ENTROPY_LAST) {
        on.last = k;
        k = skip_rest(&on.at, rules->ac, k);
    }
    reader->bits = on.at.bits;
    reader->count = on.at.count;
    reader->next = on.at.next;
    if (k < 0 || on.magnitude > ENTROPY_MAGNITUDE_LIMIT || (k > ENTROPY_LAST && k < ENTROPY_END_OF_BLOCK) ||
        entropy_position(reader) > reader->limit) {
        return -1;
    }
    return k == ENTROPY_LAST ? ENTROPY_LAST : on.last;
}

#endif
