#include "entropy.h"
#include "entropy_block.h"

#include <string.h>

const uint8_t entropy_rows_first[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

static uint32_t entry(int total, int step, uint32_t subtract) {
    return (uint32_t)total | (uint32_t)step << ENTROPY_TOTAL_BITS |
           subtract << (ENTROPY_TOTAL_BITS + ENTROPY_STEP_BITS);
}

/* AC symbols with no value and a run below 15 end the block, as libjpeg reads them. */
static int normal_symbol(int symbol, int is_dc) {
    return !is_dc && (symbol & 15) == 0 && symbol != 0xF0 ? 0 : symbol;
}

static void fill_entries(entropy_table *table, uint32_t code, int length, int symbol, int is_dc) {
    int size = symbol & 15;
    int signed_bits = size > 0 ? length + 1 : length;
    if (signed_bits > ENTROPY_INDEX_BITS) {
        return;
    }
    uint32_t base = code << size;
    uint32_t half = 1u << (ENTROPY_INDEX_BITS - signed_bits);
    uint32_t at = code << (ENTROPY_INDEX_BITS - length);
    uint32_t negative = entry(length + size, entropy_step(symbol, is_dc), base + (1u << size) - 1);
    uint32_t positive = entry(length + size, entropy_step(symbol, is_dc), base);
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
            if (is_dc ? from->huffval[symbol] > ENTROPY_VALUE_BITS
                      : (from->huffval[symbol] & 15) > ENTROPY_VALUE_BITS) {
                return 0;
            }
            table->symbols[symbol] = (uint8_t)normal_symbol(from->huffval[symbol], is_dc);
            fill_entries(table, code, length, table->symbols[symbol], is_dc);
        }
        table->last_code[length] = count > 0 ? (int32_t)code - 1 : -1;
    }
    return 1;
}

/* For each string of ENTROPY_SKIP_BITS bits: the symbol it begins with as an entry of `skip`, 0 where it is longer. */
static void fill_first(uint16_t *first, const entropy_table *table) {
    int symbol = 0;
    for (int length = 1; length <= ENTROPY_SKIP_BITS; length++) {
        for (; symbol - table->first_symbol[length] <= table->last_code[length]; symbol++) {
            int code = symbol - table->first_symbol[length], kind = table->symbols[symbol];
            int used = length + (kind & 15), ends = kind == 0;
            if (used > ENTROPY_SKIP_BITS) {
                continue;
            }
            int step = ends ? 1 << ENTROPY_SKIP_END_BIT : ((kind >> 4) + 1) << ENTROPY_SKIP_STEP_BIT;
            int spread = ENTROPY_SKIP_BITS - length;
            for (int i = 0; i < 1 << spread; i++) {
                first[code << spread | i] = (uint16_t)(used | step);
            }
        }
    }
}

void entropy_table_build_skip(entropy_table *table) {
    enum { STRINGS = 1 << ENTROPY_SKIP_BITS, LENGTH = (1 << ENTROPY_SKIP_END_BIT) - 1 };
    uint16_t first[STRINGS] = {0};
    fill_first(first, table);
    for (int string = 0; string < STRINGS; string++) {
        int sum = first[string];
        for (int used = sum; used > 0 && !(sum >> ENTROPY_SKIP_END_BIT & 1);) {
            int next = first[string << (sum & LENGTH) & (STRINGS - 1)];
            used = next & LENGTH;
            if ((sum & LENGTH) + used > ENTROPY_SKIP_BITS) {
                break;
            }
            sum += next;
        }
        table->skip[string] = (uint16_t)sum;
    }
}

/* Moves what is unread to the front and unstuffs more behind it, up to a marker. */
void entropy_reader_fill(entropy_reader *reader) {
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
    entropy_reader_fill(reader);
}

int entropy_reader_at_end(entropy_reader *reader) {
    if (!reader->at_marker) {
        entropy_reader_fill(reader);
    }
    return reader->at_marker && entropy_position(reader) == reader->limit;
}

int entropy_reader_restart(entropy_reader *reader, int number) {
    if (!entropy_reader_at_end(reader) || reader->end - reader->from < 2 || reader->from[1] != JPEG_RST0 + number) {
        return 0;
    }
    entropy_reader_start(reader, reader->from + 2, reader->end);
    return 1;
}

int entropy_decode_block_scalar(entropy_reader *reader, int16_t *block, const entropy_rules *rules,
                                int32_t *prediction) {
    return decode_block(reader, block, rules, prediction);
}

entropy_decode entropy_decoder(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level >= PIXELSHIFT_CPU_AVX2) {
        return entropy_decode_block_avx2;
    }
#else
    (void)level;
#endif
    return entropy_decode_block_scalar;
}
