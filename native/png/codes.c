#include "codes.h"

enum {
    LENGTH_LIMIT = 7, /* bits of a code for code lengths */
    RARE_BITS = 13,   /* what a symbol without a code is taken to cost */
    AT_ONCE = 3,      /* literals between two flushes */
};

static const uint8_t TELLING_ORDER[CODES_LENGTHS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static int run_extra(int symbol) {
    return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}

static void add_run(block_codes *codes, uint32_t counts[CODES_LENGTHS], int symbol, int value) {
    codes->run_symbol[codes->runs] = (uint8_t)symbol;
    codes->run_value[codes->runs++] = (uint8_t)value;
    counts[symbol]++;
}

/* The lengths of both codes as one list, runs shortened. */
static void find_runs(block_codes *codes, uint32_t counts[CODES_LENGTHS]) {
    uint8_t all[DEFLATE_LITERALS + DEFLATE_DISTANCES];
    int total = codes->told_literals + codes->told_distances;
    memcpy(all, codes->literals.length, (size_t)codes->told_literals);
    memcpy(all + codes->told_literals, codes->distances.length, (size_t)codes->told_distances);
    codes->runs = 0;
    for (int i = 0; i < total;) {
        int run = 1;
        while (i + run < total && all[i + run] == all[i]) {
            run++;
        }
        i += run;
        uint8_t length = all[i - 1];
        if (length != 0) {
            add_run(codes, counts, length, 0);
            run--;
        }
        while (run >= 3) {
            int longest_run = length != 0 ? 6 : 138, part = run < longest_run ? run : longest_run;
            int symbol = length != 0 ? 16 : part <= 10 ? 17 : 18;
            add_run(codes, counts, symbol, part - (symbol == 18 ? 11 : 3));
            run -= part;
        }
        for (; run > 0; run--) {
            add_run(codes, counts, length, 0);
        }
    }
}

void codes_make(block_codes *codes, const parse_result *parsed) {
    huffman_build(&codes->literals, parsed->literals, DEFLATE_LITERALS, HUFFMAN_LONGEST);
    huffman_build(&codes->distances, parsed->distances, DEFLATE_DISTANCES, HUFFMAN_LONGEST);
    codes->told_literals = DEFLATE_LITERALS;
    while (codes->told_literals > 257 && codes->literals.length[codes->told_literals - 1] == 0) {
        codes->told_literals--;
    }
    codes->told_distances = DEFLATE_DISTANCES;
    while (codes->told_distances > 1 && codes->distances.length[codes->told_distances - 1] == 0) {
        codes->told_distances--;
    }
    uint32_t counts[CODES_LENGTHS] = {0};
    find_runs(codes, counts);
    huffman_build(&codes->lengths, counts, CODES_LENGTHS, LENGTH_LIMIT);
    codes->told_lengths = CODES_LENGTHS;
    while (codes->told_lengths > 4 && codes->lengths.length[TELLING_ORDER[codes->told_lengths - 1]] == 0) {
        codes->told_lengths--;
    }
}

void codes_fixed(block_codes *codes) {
    for (int i = 0; i < HUFFMAN_SYMBOLS; i++) {
        codes->literals.length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    }
    huffman_assign(&codes->literals, HUFFMAN_SYMBOLS);
    memset(codes->distances.length, 5, sizeof codes->distances.length);
    huffman_assign(&codes->distances, DEFLATE_DISTANCES);
}

uint64_t codes_body_bits(const block_codes *codes, const parse_result *parsed) {
    uint64_t bits = parsed->extra_bits;
    for (int i = 0; i < DEFLATE_LITERALS; i++) {
        bits += (uint64_t)parsed->literals[i] * codes->literals.length[i];
    }
    for (int i = 0; i < DEFLATE_DISTANCES; i++) {
        bits += (uint64_t)parsed->distances[i] * codes->distances.length[i];
    }
    return bits;
}

uint64_t codes_telling_bits(const block_codes *codes) {
    uint64_t bits = 14 + 3 * (uint64_t)codes->told_lengths;
    for (int i = 0; i < codes->runs; i++) {
        bits += codes->lengths.length[codes->run_symbol[i]] + (uint64_t)run_extra(codes->run_symbol[i]);
    }
    return bits;
}

static uint32_t price_of(uint8_t bits, int extra) {
    return 16 * (uint32_t)((bits == 0 ? RARE_BITS : bits) + extra);
}

void codes_prices(const block_codes *codes, parse_prices *prices) {
    int extra;
    for (int i = 0; i < 256; i++) {
        prices->literal[i] = price_of(codes->literals.length[i], 0);
    }
    for (uint32_t i = 0; i <= DEFLATE_LONGEST - 3; i++) {
        int symbol = length_symbol(i, &extra);
        prices->length[i] = price_of(codes->literals.length[symbol], extra);
    }
    for (int i = 0; i < DEFLATE_DISTANCES; i++) {
        prices->distance[i] = price_of(codes->distances.length[i], i < 4 ? 0 : i / 2 - 1);
    }
}

void codes_put_telling(const block_codes *codes, png_bits *to) {
    png_bits_put(to, (uint64_t)codes->told_literals - 257, 5);
    png_bits_put(to, (uint64_t)codes->told_distances - 1, 5);
    png_bits_put(to, (uint64_t)codes->told_lengths - 4, 4);
    png_bits_flush(to);
    for (int i = 0; i < codes->told_lengths; i++) {
        png_bits_put(to, codes->lengths.length[TELLING_ORDER[i]], 3);
        png_bits_flush(to);
    }
    for (int i = 0; i < codes->runs; i++) {
        int symbol = codes->run_symbol[i];
        png_bits_put(to, codes->lengths.code[symbol], codes->lengths.length[symbol]);
        png_bits_put(to, codes->run_value[i], run_extra(symbol));
        png_bits_flush(to);
    }
}

static inline void put_match(png_bits *to, const block_codes *codes, const parse_step *step) {
    uint32_t length = step->length - 3u, distance = step->distance;
    int extra;
    int symbol = length_symbol(length, &extra);
    png_bits_put(to, codes->literals.code[symbol], codes->literals.length[symbol]);
    png_bits_put(to, length & ((1u << extra) - 1), extra);
    symbol = distance_symbol(distance, &extra);
    png_bits_put(to, codes->distances.code[symbol], codes->distances.length[symbol]);
    png_bits_put(to, distance & ((1u << extra) - 1), extra);
    png_bits_flush(to);
}

/* `table`: code, and its length 16 bits above. */
static inline void put_literals(png_bits *to, const uint32_t table[256], const uint8_t *bytes, size_t count) {
    size_t i = 0;
    for (; i + AT_ONCE <= count; i += AT_ONCE) {
        for (size_t k = 0; k < AT_ONCE; k++) {
            uint32_t entry = table[bytes[i + k]];
            png_bits_put(to, entry & 0xffff, (int)(entry >> 16));
        }
        png_bits_flush(to);
    }
    for (; i < count; i++) {
        uint32_t entry = table[bytes[i]];
        png_bits_put(to, entry & 0xffff, (int)(entry >> 16));
    }
    png_bits_flush(to);
}

void codes_put_body(const block_codes *codes, const parse_result *parsed, const uint8_t *bytes, png_bits *to) {
    uint32_t table[256];
    for (int i = 0; i < 256; i++) {
        table[i] = codes->literals.code[i] | (uint32_t)codes->literals.length[i] << 16;
    }
    /* Copies that the compiler may keep in registers. */
    engine_output output = *to->output;
    png_bits out = {&output, to->bits, to->held};
    for (size_t i = 0; i < parsed->count; i++) {
        const parse_step *step = &parsed->step[i];
        put_literals(&out, table, bytes, step->literals);
        bytes += step->literals + step->length;
        if (step->length > 0) {
            put_match(&out, codes, step);
        }
    }
    png_bits_put(&out, codes->literals.code[DEFLATE_END], codes->literals.length[DEFLATE_END]);
    png_bits_flush(&out);
    to->output->size = output.size;
    to->bits = out.bits;
    to->held = out.held;
}
