#include "entropy.h"

#include <string.h>

/*
 * An entry of a table, from the low bits: 5 of code and value together, 7 of how far to step in the block (run + 1),
 * 20 to subtract from these bits, which leaves the signed value: the code's own contribution, and for negative values
 * the offset of ITU-T T.81, F.2.2.1. The value's sign bit lies within the index.
 */
enum { TOTAL_BITS = 5, STEP_BITS = 7, VALUE_BITS_MAX = 11 };

static uint32_t entry(int total, int step, uint32_t subtract) {
    return (uint32_t)total | (uint32_t)step << TOTAL_BITS | subtract << (TOTAL_BITS + STEP_BITS);
}

static int step_of(int symbol, int is_dc) {
    return is_dc || symbol != 0 ? (symbol >> 4) + 1 : ENTROPY_END_OF_BLOCK;
}

/* AC symbols with no value and a run below 15 end the block, as libjpeg reads them. */
static int normal_symbol(int symbol, int is_dc) {
    return !is_dc && (symbol & 15) == 0 && symbol != 0xF0 ? 0 : symbol;
}

static void fill_entries(entropy_table *table, uint32_t code, int length, int symbol, int is_dc) {
    int size = symbol & 15;
    int signed_bits = size > 0 ? length + 1 : length;
    if (signed_bits > ENTROPY_INDEX_BITS || size > VALUE_BITS_MAX) {
        return;
    }
    uint32_t base = code << size;
    uint32_t half = 1u << (ENTROPY_INDEX_BITS - signed_bits);
    uint32_t at = code << (ENTROPY_INDEX_BITS - length);
    uint32_t negative = entry(length + size, step_of(symbol, is_dc), base + (1u << size) - 1);
    uint32_t positive = entry(length + size, step_of(symbol, is_dc), base);
    for (uint32_t i = 0; i < half; i++) {
        table->entry[at + i] = negative;
        if (size > 0) {
            table->entry[at + half + i] = positive;
        }
    }
}

int entropy_table_build(entropy_table *table, const JHUFF_TBL *from, int is_dc) {
    memset(table, 0, sizeof *table);
    uint32_t code = 0;
    int symbol = 0;
    table->last_code[17] = INT32_MAX;
    for (int length = 1; length <= 16; length++, code <<= 1) {
        int count = from->bits[length];
        if (symbol + count > 256 || code + (uint32_t)count > 1u << length) {
            return 0;
        }
        table->first_symbol[length] = symbol - (int32_t)code;
        for (int i = 0; i < count; i++, symbol++, code++) {
            if (is_dc && from->huffval[symbol] > 15) {
                return 0;
            }
            table->symbols[symbol] = (uint8_t)normal_symbol(from->huffval[symbol], is_dc);
            fill_entries(table, code, length, table->symbols[symbol], is_dc);
        }
        table->last_code[length] = count > 0 ? (int32_t)code - 1 : -1;
    }
    return 1;
}

/* Moves what is unread to the front and unstuffs more behind it, up to a marker. */
static void fill_chunk(entropy_reader *reader) {
    size_t unread = reader->next < reader->limit ? (size_t)(reader->limit - reader->next) : 0;
    memmove(reader->chunk, reader->limit - unread, unread);
    size_t beyond = (size_t)(reader->next - (reader->limit - unread));
    uint8_t *to = reader->chunk + unread, *full = reader->chunk + ENTROPY_CHUNK;
    while (to < full && !reader->at_marker) {
        size_t want = (size_t)(full - to), have = (size_t)(reader->end - reader->from);
        size_t span = want < have ? want : have;
        const uint8_t *stuffed = span > 0 ? memchr(reader->from, 0xFF, span) : NULL;
        size_t plain = stuffed != NULL ? (size_t)(stuffed - reader->from) : span;
        memcpy(to, reader->from, plain);
        to += plain;
        reader->from += plain;
        if (stuffed != NULL && reader->end - reader->from >= 2 && reader->from[1] == 0) {
            *to++ = 0xFF;
            reader->from += 2;
        } else if (stuffed != NULL || reader->from == reader->end) {
            reader->at_marker = 1;
        }
    }
    memset(to, 0, ENTROPY_BLOCK_BYTES);
    reader->limit = to;
    reader->next = reader->chunk + beyond;
}

void entropy_reader_start(entropy_reader *reader, const uint8_t *from, const uint8_t *end) {
    reader->from = from;
    reader->end = end;
    reader->at_marker = 0;
    reader->bits = 0;
    reader->count = 0;
    reader->limit = reader->chunk;
    reader->next = reader->chunk;
    fill_chunk(reader);
}

/* The byte in which the next bit lies. */
static const uint8_t *position(const entropy_reader *reader) {
    return reader->next - (reader->count >> 3);
}

int entropy_reader_at_end(entropy_reader *reader) {
    if (!reader->at_marker) {
        fill_chunk(reader);
    }
    return reader->at_marker && position(reader) == reader->limit;
}

int entropy_reader_restart(entropy_reader *reader, int number) {
    if (!entropy_reader_at_end(reader) || reader->end - reader->from < 2 || reader->from[1] != JPEG_RST0 + number) {
        return 0;
    }
    entropy_reader_start(reader, reader->from + 2, reader->end);
    return 1;
}

typedef struct {
    uint64_t bits;
    int count;
    const uint8_t *next;
} cursor;

static inline void refill(cursor *at) {
    uint64_t word;
    memcpy(&word, at->next, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    at->bits |= word >> at->count;
    at->next += (63 - at->count) >> 3;
    at->count |= 56;
}

static inline void consume(cursor *at, int count) {
    at->bits <<= count;
    at->count -= count;
}

/* A code longer than the index, or a value of more bits than an entry holds; -1 when there is no such code. */
static __attribute__((noinline)) int decode_slowly(cursor *at, const entropy_table *table, int is_dc, int32_t *value) {
    int length = 1;
    while ((int32_t)(at->bits >> (64 - length)) > table->last_code[length]) {
        if (++length > 16) {
            return -1;
        }
    }
    int symbol = table->symbols[(int32_t)(at->bits >> (64 - length)) + table->first_symbol[length]];
    int size = symbol & 15;
    consume(at, length);
    *value = 0;
    if (size > 0) {
        int32_t raw = (int32_t)(at->bits >> (64 - size));
        *value = raw < 1 << (size - 1) ? raw - (1 << size) + 1 : raw;
        consume(at, size);
    }
    return step_of(symbol, is_dc);
}

/* One symbol and its value; returns the step, or -1. */
static inline int decode_symbol(cursor *at, const entropy_table *table, int is_dc, int32_t *value) {
    refill(at);
    uint32_t found = table->entry[at->bits >> (64 - ENTROPY_INDEX_BITS)];
    if (__builtin_expect(found == 0, 0)) {
        return decode_slowly(at, table, is_dc, value);
    }
    int total = (int)(found & ((1 << TOTAL_BITS) - 1));
    *value = (int32_t)(uint32_t)(at->bits >> (64 - total)) - (int32_t)(found >> (TOTAL_BITS + STEP_BITS));
    consume(at, total);
    return (int)(found >> TOTAL_BITS & ((1 << STEP_BITS) - 1));
}

const uint8_t entropy_rows_first[ENTROPY_POSITIONS] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18,
    11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43,
    36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45,
    38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63, [64 ... ENTROPY_POSITIONS - 1] = 64,
};

int entropy_decode_block(entropy_reader *reader, int16_t *block, const entropy_table *dc, const entropy_table *ac,
                         const uint16_t *quantiser, int32_t *prediction) {
    if (__builtin_expect(reader->limit - reader->next < ENTROPY_BLOCK_BYTES && !reader->at_marker, 0)) {
        fill_chunk(reader);
    }
    cursor at = {reader->bits, reader->count, reader->next};
    int32_t value = 0;
    if (decode_symbol(&at, dc, 1, &value) < 0) {
        return -1;
    }
    int32_t level = *prediction + value;
    if (level < INT16_MIN || level > INT16_MAX) {
        return -1;
    }
    *prediction = level;
    level *= quantiser[0];
    uint32_t out_of_range = (uint32_t)(level + 32768) >> 16;
    block[0] = (int16_t)level;
    int k = 0, last = 0;
    while (k < 63) {
        int step = decode_symbol(&at, ac, 0, &value);
        if (__builtin_expect(step < 0, 0)) {
            return -1;
        }
        last = k;
        k += step;
        level = value * quantiser[k];
        out_of_range |= (uint32_t)(level + 32768) >> 16;
        block[entropy_rows_first[k]] = (int16_t)level;
    }
    reader->bits = at.bits;
    reader->count = at.count;
    reader->next = at.next;
    if (out_of_range != 0 || (k > 63 && k < ENTROPY_END_OF_BLOCK) || position(reader) > reader->limit) {
        return -1;
    }
    return k == 63 ? 63 : last;
}
