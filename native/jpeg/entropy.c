#include "entropy_block.h"

#include <string.h>

#define SPARE_10 64, 64, 64, 64, 64, 64, 64, 64, 64, 64

const uint8_t entropy_rows_first[ENTROPY_POSITIONS] = {
    0,        1,        8,        16,       9,        2,        3,        10,       17,       24, 32, 25, 18,
    11,       4,        5,        12,       19,       26,       33,       40,       48,       41, 34, 27, 20,
    13,       6,        7,        14,       21,       28,       35,       42,       49,       56, 57, 50, 43,
    36,       29,       22,       15,       23,       30,       37,       44,       51,       58, 59, 52, 45,
    38,       31,       39,       46,       53,       60,       61,       54,       47,       55, 62, 63, SPARE_10,
    SPARE_10, SPARE_10, SPARE_10, SPARE_10, SPARE_10, SPARE_10, SPARE_10, SPARE_10, SPARE_10,
};

static entropy_entry single(int bits, int step, uint32_t subtract) {
    entropy_entry entry = {
        .bits = (uint8_t)bits,
        .shift = (uint8_t)(64 - bits),
        .step = (uint8_t)step,
        .steps = (uint8_t)step,
        .subtract = (uint16_t)subtract,
    };
    return entry;
}

/* AC symbols with no value and a run below 15 end the block, as libjpeg reads them. */
static int normal_symbol(int symbol, int is_dc) {
    return !is_dc && (symbol & 15) == 0 && symbol != 0xF0 ? 0 : symbol;
}

typedef struct {
    entropy_codes *codes;
    entropy_entry *entry;
    int index_bits, is_dc;
} half_built;

static void fill_entries(const half_built *table, uint32_t code, int length, int symbol) {
    int size = symbol & 15;
    int signed_bits = size > 0 ? length + 1 : length;
    if (signed_bits > table->index_bits) {
        return;
    }
    uint32_t base = code << size;
    uint32_t half = 1u << (table->index_bits - signed_bits);
    entropy_entry *at = table->entry + ((size_t)code << (table->index_bits - length));
    int step = entropy_step(symbol, table->is_dc);
    entropy_entry negative = single(length + size, step, base + (1u << size) - 1);
    entropy_entry positive = single(length + size, step, base);
    for (uint32_t i = 0; i < half; i++) {
        at[i] = negative;
        if (size > 0) {
            at[half + i] = positive;
        }
    }
}

static int build(const half_built *table, const JHUFF_TBL *from) {
    entropy_codes *codes = table->codes;
    uint32_t code = 0;
    int symbol = 0;
    codes->last_code[17] = INT32_MAX;
    for (int length = 1; length <= 16; length++, code <<= 1) {
        int count = from->bits[length];
        /* A code of ones only is none (T.81, C.2), and libjpeg refuses it. */
        if (symbol + count > 256 || code + (uint32_t)count >= 1u << length) {
            return 0;
        }
        codes->first_symbol[length] = symbol - (int32_t)code;
        for (int i = 0; i < count; i++, symbol++, code++) {
            int size = table->is_dc ? from->huffval[symbol] : from->huffval[symbol] & 15;
            if (size > ENTROPY_VALUE_BITS) {
                return 0;
            }
            codes->symbols[symbol] = (uint8_t)normal_symbol(from->huffval[symbol], table->is_dc);
            fill_entries(table, code, length, codes->symbols[symbol]);
        }
        codes->last_code[length] = count > 0 ? (int32_t)code - 1 : -1;
    }
    return 1;
}

/* Adds to each entry the symbol that follows, where the index has all of it. */
static void pair(entropy_entry *entries) {
    for (uint32_t index = 0; index < 1 << ENTROPY_AC_BITS; index++) {
        entropy_entry *entry = &entries[index];
        int left = ENTROPY_AC_BITS - (64 - entry->shift);
        if (entry->bits == 0 || entry->step == ENTROPY_END_OF_BLOCK || left <= 0) {
            continue;
        }
        uint64_t rest = (uint64_t)index << (64 - left);
        const entropy_entry *next = &entries[rest >> (64 - ENTROPY_AC_BITS)];
        if (next->bits == 0 || 64 - next->shift > left) {
            continue;
        }
        entry->bits = (uint8_t)(ENTROPY_AC_BITS - left + 64 - next->shift);
        entry->steps = (uint8_t)(entry->step + next->step);
        entry->second = first_value(rest, next);
    }
}

static entropy_skip skip_of(int bits, int steps) {
    return (entropy_skip)(steps << ENTROPY_SKIP_STEPS | bits);
}

/* For each string of ENTROPY_SKIP_BITS bits: the symbol it begins with. */
static void fill_first(entropy_skip *first, const entropy_codes *codes) {
    int symbol = 0;
    for (int length = 1; length <= ENTROPY_SKIP_BITS; length++) {
        for (; symbol - codes->first_symbol[length] <= codes->last_code[length]; symbol++) {
            int code = symbol - codes->first_symbol[length], kind = codes->symbols[symbol];
            int used = length + (kind & 15);
            if (used > ENTROPY_SKIP_LONGEST) {
                continue;
            }
            entropy_skip entry = skip_of(used, entropy_step(kind, 0));
            int spread = ENTROPY_SKIP_BITS - length;
            for (int i = 0; i < 1 << spread; i++) {
                first[code << spread | i] = entry;
            }
        }
    }
}

static void build_skip(entropy_ac_table *table) {
    enum { STRINGS = 1 << ENTROPY_SKIP_BITS };
    entropy_skip first[STRINGS];
    for (int string = 0; string < STRINGS; string++) {
        first[string] = skip_of(0, ENTROPY_SKIP_NONE);
    }
    fill_first(first, &table->codes);
    for (int string = 0; string < STRINGS; string++) {
        int bits = first[string] & 63, steps = first[string] >> ENTROPY_SKIP_STEPS;
        while (steps < ENTROPY_END_OF_BLOCK) {
            entropy_skip next = first[string << bits & (STRINGS - 1)];
            int more = next >> ENTROPY_SKIP_STEPS;
            if (bits + (next & 63) > ENTROPY_SKIP_BITS ||
                (more != ENTROPY_END_OF_BLOCK && steps + more > ENTROPY_SKIP_MOST)) {
                break;
            }
            bits += next & 63;
            steps += more;
        }
        table->skip[string] = skip_of(bits, steps);
    }
}

int entropy_dc_table_build(entropy_dc_table *table, const JHUFF_TBL *from) {
    const half_built parts = {&table->codes, table->entry, ENTROPY_DC_BITS, 1};
    return build(&parts, from);
}

int entropy_ac_table_build(entropy_ac_table *table, const JHUFF_TBL *from) {
    const half_built parts = {&table->codes, table->entry, ENTROPY_AC_BITS, 0};
    if (!build(&parts, from)) {
        return 0;
    }
    pair(table->entry);
    build_skip(table);
    return 1;
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
    return reader->at_marker && position_of(cursor_of(reader)) == reader->limit;
}

int entropy_reader_runs_out(const entropy_reader *reader) {
    /* A second 0xFF may fill up a marker, or go on to a stuffed byte, as libjpeg reads it. */
    int marked = reader->end - reader->from >= 2 && reader->from[1] != 0xFF;
    return reader->at_marker && !marked && reader->limit - position_of(cursor_of(reader)) < ENTROPY_AHEAD;
}

int entropy_reader_restart(entropy_reader *reader, int number) {
    if (!entropy_reader_at_end(reader) || reader->end - reader->from < 2 || reader->from[1] != JPEG_RST0 + number) {
        return 0;
    }
    entropy_reader_start(reader, reader->from + 2, reader->end);
    return 1;
}

const entropy_decoder *entropy_decoder_of(pixelshift_cpu_level level) {
    static const entropy_decoder scalar = {decode_all, decode_some, pass_mcus};
#if PIXELSHIFT_HAVE_AVX2
    if (level >= PIXELSHIFT_CPU_AVX2) {
        return &entropy_decoder_avx2;
    }
#else
    (void)level;
#endif
    return &scalar;
}
