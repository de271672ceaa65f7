/*
 * The inner loop of the entropy decoder, compiled once for the baseline and once with BMI2, whose shifts by a variable
 * count are what it mostly does. Private to the two files that include it.
 */
#ifndef PIXELSHIFT_JPEG_ENTROPY_BLOCK_H
#define PIXELSHIFT_JPEG_ENTROPY_BLOCK_H

#include "entropy.h"
#include "pixelshift/idct.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENTROPY_VALUE_BITS = 11,
    ENTROPY_PAIRS_END = ENTROPY_LAST - 16, /* from here on the first of two may end the block */
    ENTROPY_SKIP_MOST = 37,                /* steps without the end of the block: from 62 on they stay below it */
    ENTROPY_SKIP_LONGEST = 18,             /* bits of a symbol that has a lookup for itself */
    ENTROPY_SKIP_NONE = 255,
    ENTROPY_SKIPS = 3, /* that one refill feeds: 18, 18 and 12 bits */
};

static inline int entropy_step(int symbol, int is_dc) {
    return is_dc || symbol != 0 ? (symbol >> 4) + 1 : ENTROPY_END_OF_BLOCK;
}

typedef struct {
    uint64_t bits;
    int count;
    const uint8_t *next;
} cursor;

static inline cursor cursor_of(const entropy_reader *reader) {
    return (cursor){reader->bits, reader->count, reader->next};
}

static inline void move_to(entropy_reader *reader, cursor at) {
    reader->bits = at.bits;
    reader->count = at.count;
    reader->next = at.next;
}

/* The byte in which the next bit lies. */
static inline const uint8_t *position_of(cursor at) {
    return at.next - (at.count >> 3);
}

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
static __attribute__((noinline)) decoded decode_slowly(cursor at, const entropy_codes *codes, int is_dc) {
    decoded result = {at, -1, 0};
    int length = 1;
    while ((int32_t)(at.bits >> (64 - length)) > codes->last_code[length]) {
        if (++length > 16) {
            return result;
        }
    }
    int symbol = codes->symbols[(int32_t)(at.bits >> (64 - length)) + codes->first_symbol[length]];
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

static inline int16_t first_value(uint64_t bits, const entropy_entry *entry) {
    return (int16_t)((bits >> (entry->shift & 63)) - entry->subtract);
}

/* One symbol and its value: at most 27 bits, so that two can follow one refill. */
static inline decoded decode_symbol(cursor at, const entropy_codes *codes, const entropy_entry *entry, int is_dc) {
    if (__builtin_expect(entry->bits == 0, 0)) {
        return decode_slowly(at, codes, is_dc);
    }
    decoded result = {consumed(at, 64 - entry->shift), entry->step, first_value(at.bits, entry)};
    return result;
}

static inline decoded decode_dc(cursor at, const entropy_dc_table *table) {
    return decode_symbol(at, &table->codes, &table->entry[at.bits >> (64 - ENTROPY_DC_BITS)], 1);
}

static inline decoded decode_ac(cursor at, const entropy_ac_table *table) {
    return decode_symbol(at, &table->codes, &table->entry[at.bits >> (64 - ENTROPY_AC_BITS)], 0);
}

/* Whether a block may end there. */
static inline int is_end(size_t k) {
    return k == ENTROPY_LAST || (k >= ENTROPY_END_OF_BLOCK && k < ENTROPY_END_OF_BLOCK + ENTROPY_LAST);
}

/* The way from position k to the end of a block when values are no longer wanted: a position beyond, or -1. */
static inline size_t skip_rest(cursor *at, const entropy_ac_table *ac, size_t k) {
    cursor here = *at;
    while (k < ENTROPY_LAST) {
        cursor before;
        size_t from;
        here = refilled(here);
        for (int i = 0; i < ENTROPY_SKIPS && k < ENTROPY_LAST; i++) {
            entropy_skip found = ac->skip[here.bits >> (64 - ENTROPY_SKIP_BITS)];
            before = here;
            from = k;
            here = consumed(here, found & 63);
            k += found >> ENTROPY_SKIP_STEPS;
        }
        if (__builtin_expect(k >= ENTROPY_LAST && !is_end(k), 0)) {
            /* A long symbol, or the block ends among these: one by one. */
            decoded symbol = decode_ac(refilled(before), ac);
            if (symbol.step < 0) {
                return ENTROPY_POSITIONS;
            }
            here = symbol.at;
            k = from + (size_t)symbol.step;
        }
    }
    *at = here;
    return k;
}

static inline cursor open_block(entropy_reader *reader) {
    if (__builtin_expect(reader->limit - reader->next < ENTROPY_BLOCK_BYTES && !reader->at_marker, 0)) {
        entropy_reader_fill(reader);
    }
    return refilled(cursor_of(reader));
}

/* The DC value; 0 when there is none that may be. */
static inline int decode_first(cursor *at, const entropy_rules *rules, int32_t *prediction) {
    decoded dc = decode_dc(*at, rules->dc);
    int32_t level = *prediction + dc.value;
    *at = dc.at;
    *prediction = level;
    return dc.step >= 0 && level <= rules->dc_limit && level >= -rules->dc_limit;
}

/* Ends a block at position k, ENTROPY_END_OF_BLOCK added where it said so. Returns the last position, or -1. */
static inline int close_block(entropy_reader *reader, cursor at, size_t k) {
    move_to(reader, at);
    if (!is_end(k) || position_of(at) > reader->limit) {
        return -1;
    }
    return (int)(k == ENTROPY_LAST ? k : k - ENTROPY_END_OF_BLOCK);
}

/*
 * One or two AC symbols from position *k on, which is below ENTROPY_PAIRS_END. The second value is stored first: where
 * there is none, it goes to the place of the first.
 */
static inline int decode_pair(cursor *at, const entropy_ac_table *ac, int16_t *block, size_t *k) {
    uint64_t bits = at->bits;
    const entropy_entry *found = &ac->entry[bits >> (64 - ENTROPY_AC_BITS)];
    if (__builtin_expect(found->bits == 0, 0)) {
        decoded symbol = decode_slowly(*at, &ac->codes, 0);
        if (symbol.step < 0) {
            return 0;
        }
        *at = symbol.at;
        *k += (size_t)symbol.step;
        block[entropy_rows_first[*k]] = (int16_t)symbol.value;
        return 1;
    }
    *at = consumed(*at, found->bits);
    block[entropy_rows_first[*k + found->steps]] = found->second;
    block[entropy_rows_first[*k + found->step]] = first_value(bits, found);
    *k += found->steps;
    return 1;
}

static inline int decode_all(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction) {
    cursor at = open_block(reader);
    if (!decode_first(&at, rules, prediction)) {
        return -1;
    }
    memset(block, 0, ENTROPY_ROOM * sizeof *block); /* here, where the compiler may use wide stores */
    block[0] = (int16_t)*prediction;
    size_t k = 0;
    for (;;) {
        if (!decode_pair(&at, rules->ac, block, &k)) {
            return -1;
        }
        if (k >= ENTROPY_PAIRS_END) {
            break;
        }
        at = refilled(at);
        if (!decode_pair(&at, rules->ac, block, &k)) {
            return -1;
        }
        if (k >= ENTROPY_PAIRS_END) {
            break;
        }
    }
    while (k < ENTROPY_LAST) {
        decoded symbol = decode_ac(refilled(at), rules->ac);
        if (symbol.step < 0) {
            return -1;
        }
        at = symbol.at;
        k += (size_t)symbol.step;
        block[entropy_rows_first[k]] = (int16_t)symbol.value;
    }
    return close_block(reader, at, k);
}

static inline uint32_t place_value(int16_t *block, const entropy_rules *rules, size_t k, int32_t value) {
    int32_t level = value * rules->quantiser[k];
    block[rules->place[k]] = (int16_t)level;
    return (uint32_t)abs(level);
}

static inline int decode_some(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction) {
    cursor at = open_block(reader);
    if (!decode_first(&at, rules, prediction)) {
        return -1;
    }
    uint64_t magnitude = place_value(block, rules, 0, *prediction);
    size_t k = 0;
    while (k < rules->needed) {
        const entropy_entry *found = &rules->ac->entry[at.bits >> (64 - ENTROPY_AC_BITS)];
        if (__builtin_expect(found->bits == 0, 0)) {
            decoded symbol = decode_slowly(at, &rules->ac->codes, 0);
            if (symbol.step < 0) {
                return -1;
            }
            at = symbol.at;
            k += (size_t)symbol.step;
            magnitude += place_value(block, rules, k, symbol.value);
        } else {
            magnitude += place_value(block, rules, k + found->steps, found->second);
            magnitude += place_value(block, rules, k + found->step, first_value(at.bits, found));
            at = consumed(at, found->bits);
            k += found->steps;
        }
        at = refilled(at);
    }
    if (magnitude > PIXELSHIFT_IDCT_LIMIT) {
        return -1;
    }
    if (k < ENTROPY_LAST) {
        k = skip_rest(&at, rules->ac, k);
    }
    return close_block(reader, at, k);
}

static inline int pass_mcus(entropy_reader *reader, const entropy_mcu *mcu, int count, int32_t *predictions) {
    int blocks = count * mcu->units;
    cursor at = cursor_of(reader);
    for (int i = 0, unit = 0; i < blocks; i++, unit = unit + 1 < mcu->units ? unit + 1 : 0) {
        const entropy_unit *of = &mcu->unit[unit];
        if (__builtin_expect(reader->limit - at.next < ENTROPY_BLOCK_BYTES, 0)) {
            if (position_of(at) > reader->limit) {
                return 0;
            }
            if (!reader->at_marker) {
                move_to(reader, at);
                entropy_reader_fill(reader);
                at = cursor_of(reader);
            }
        }
        decoded dc = decode_dc(refilled(at), of->dc);
        int32_t level = predictions[of->component] += dc.value;
        at = dc.at;
        if (dc.step < 0 || level > of->dc_limit || level < -of->dc_limit || !is_end(skip_rest(&at, of->ac, 0))) {
            return 0;
        }
    }
    move_to(reader, at);
    return position_of(at) <= reader->limit;
}

#endif
