#include "deflate.h"

#include <stdlib.h>

#include "huffman.h"

enum {
    HISTORY = 1 << 15,
    BLOCK = 65535, /* the most that one stored block can hold */
    HASH_BITS = 15,
    SHORTEST = 4, /* of a match: deflate allows 3, which seldom pay and cost time */
    LONGEST = 258,
    END_OF_BLOCK = 256,
    LITERALS = 286,
    DISTANCES = 30,
    LENGTHS = 19,
    LENGTH_LIMIT = 7, /* bits of a code for code lengths */
    MATCH = 1 << 30,
    ALWAYS_WORTH = 16, /* matches this long are taken unseen */
    MATCH_BITS = 16,   /* what the symbols of a match are taken to cost */
    FASTEST = 8,       /* bytes at a time where nothing matches */
};

typedef struct {
    int chain; /* candidates looked at */
    int lazy;  /* matches shorter than this wait for a better one at the next byte */
    int good;  /* matches this long end the search */
    int hurry; /* after this many bytes without a match they are tried more sparsely; an exponent of two */
} effort;

static const effort EFFORTS[] = {
    {0, 0, 0, 0},  {1, 0, 16, 5}, {1, 0, 32, 6},     {2, 0, 32, 6},     {4, 0, 32, 6},
    {4, 0, 64, 6}, {8, 0, 64, 6}, {16, 16, 128, 16}, {64, 32, 258, 16}, {256, 128, 258, 16},
};

struct png_deflate {
    effort effort;
    int stores;
    uint32_t base;                 /* position of window[0]; positions count all bytes, and wrap */
    size_t start, filled;          /* the block that is being collected: window[start, filled) */
    uint32_t head[1 << HASH_BITS]; /* the last position with this hash */
    uint32_t before[HISTORY];      /* by position: the previous one with the same hash */
    size_t tokens;
    uint32_t token[BLOCK]; /* a literal, or MATCH | (length - 3) << 16 | distance - 1 */
    uint32_t literals[LITERALS], distances[DISTANCES];
    uint64_t extra_bits;
    uint32_t price[256]; /* of a literal, in 1/16 bit */
    uint8_t window[HISTORY + BLOCK];
};

png_deflate *png_deflate_new(int level) {
    png_deflate *deflate = malloc(sizeof *deflate);
    if (deflate != NULL) {
        deflate->effort = EFFORTS[level];
        deflate->stores = level == 0;
        /* Positions start so far in that 0 in `head` is too far back to be a match. */
        deflate->base = HISTORY + 1;
        deflate->start = deflate->filled = 0;
        memset(deflate->head, 0, sizeof deflate->head);
    }
    return deflate;
}

void png_deflate_free(png_deflate *deflate) {
    free(deflate);
}

static inline int log2_of(uint32_t value) {
    return 31 - __builtin_clz(value);
}

/* Symbol and extra bits of a match length less 3 (RFC 1951, 3.2.5): four symbols per doubling. */
static inline int length_symbol(uint32_t length, int *extra) {
    if (length < 4 || length == LONGEST - 3) {
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

static inline void add_literal(png_deflate *deflate, uint8_t value) {
    deflate->token[deflate->tokens++] = value;
    deflate->literals[value]++;
}

static inline void add_match(png_deflate *deflate, uint32_t length, uint32_t distance) {
    int extra, more;
    deflate->token[deflate->tokens++] = MATCH | (length - 3) << 16 | (distance - 1);
    deflate->literals[length_symbol(length - 3, &extra)]++;
    deflate->distances[distance_symbol(distance - 1, &more)]++;
    deflate->extra_bits += (uint64_t)(extra + more);
}

static inline uint32_t load32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint32_t hash_of(const uint8_t *at) {
    return load32(at) * 0x9e3779b1u >> (32 - HASH_BITS);
}

/* Enters window[at]; there must be four bytes. Returns the last position with the same hash. */
static inline uint32_t enter(png_deflate *deflate, size_t at) {
    uint32_t position = deflate->base + (uint32_t)at, hash = hash_of(deflate->window + at);
    uint32_t last = deflate->head[hash];
    deflate->before[position % HISTORY] = last;
    deflate->head[hash] = position;
    return last;
}

static inline size_t common(const uint8_t *a, const uint8_t *b, size_t limit) {
    size_t length = 0;
    while (length + 8 <= limit) {
        uint64_t x, y;
        memcpy(&x, a + length, sizeof x);
        memcpy(&y, b + length, sizeof y);
        if (x != y) {
            return length + (size_t)(__builtin_ctzll(png_little(x ^ y)) >> 3);
        }
        length += 8;
    }
    while (length < limit && a[length] == b[length]) {
        length++;
    }
    return length;
}

typedef struct {
    size_t length;
    uint32_t distance;
} match;

/* The longest match for window[at, + limit) along the chain from `candidate`. */
static inline match longest(const png_deflate *deflate, size_t at, uint32_t candidate, size_t limit) {
    match best = {0, 0};
    const uint8_t *here = deflate->window + at;
    uint32_t position = deflate->base + (uint32_t)at;
    for (int left = deflate->effort.chain; left > 0; left--) {
        uint32_t distance = position - candidate;
        if (distance - 1 >= HISTORY || distance > at) {
            break;
        }
        const uint8_t *there = here - distance;
        if (load32(there) == load32(here) && there[best.length] == here[best.length]) {
            size_t length = common(here, there, limit);
            if (length > best.length) {
                best = (match){length, distance};
                if (length >= (size_t)deflate->effort.good || length == limit) {
                    break;
                }
            }
        }
        uint32_t next = deflate->before[candidate % HISTORY];
        if (position - next <= distance) {
            break;
        }
        candidate = next;
    }
    return best;
}

static inline size_t match_limit(size_t at, size_t end) {
    return end - at < LONGEST ? end - at : LONGEST;
}

/* About log2(value) in 1/16: exact for powers of two, straight lines between them. */
static inline uint32_t log2_sixteenths(uint32_t value) {
    int top = log2_of(value);
    uint32_t rest = value << (31 - top) >> 27 & 15;
    return 16 * (uint32_t)top + rest;
}

/* What each byte costs as a literal, in 1/16 bit, by how often the block has it. */
static void price_literals(png_deflate *deflate) {
    uint32_t counts[256] = {0};
    for (size_t i = deflate->start; i < deflate->filled; i++) {
        counts[deflate->window[i]]++;
    }
    uint32_t whole = log2_sixteenths((uint32_t)(deflate->filled - deflate->start) | 1);
    for (int i = 0; i < 256; i++) {
        deflate->price[i] = counts[i] == 0 ? 0 : whole - log2_sixteenths(counts[i]);
    }
}

/*
 * Whether the match costs fewer bits than its bytes do as literals. In filtered photographs short ones seldom do.
 * Its symbols are taken to cost what they do where matches are rare.
 */
static inline int worthwhile(const png_deflate *deflate, size_t at, match found) {
    if (found.length < SHORTEST || found.length >= ALWAYS_WORTH) {
        return found.length >= ALWAYS_WORTH;
    }
    int extra;
    distance_symbol(found.distance - 1, &extra);
    uint32_t literals = 0;
    for (size_t i = 0; i < found.length; i++) {
        literals += deflate->price[deflate->window[at + i]];
    }
    return literals > 16 * (MATCH_BITS + (uint32_t)extra);
}

/* Splits the block into tokens. */
static void tokenise(png_deflate *deflate) {
    const effort *how = &deflate->effort;
    size_t at = deflate->start, end = deflate->filled, misses = 0;
    price_literals(deflate);
    while (at + SHORTEST <= end) {
        match found = longest(deflate, at, enter(deflate, at), match_limit(at, end));
        if (!worthwhile(deflate, at, found)) {
            size_t step = 1 + (misses++ >> how->hurry);
            for (step = step < FASTEST ? step : FASTEST; step > 0 && at < end; step--) {
                add_literal(deflate, deflate->window[at++]);
            }
            continue;
        }
        while (found.length < (size_t)how->lazy && at + 1 + SHORTEST <= end) {
            match later = longest(deflate, at + 1, enter(deflate, at + 1), match_limit(at + 1, end));
            if (later.length <= found.length) {
                break;
            }
            add_literal(deflate, deflate->window[at++]);
            found = later;
        }
        misses = 0;
        add_match(deflate, (uint32_t)found.length, found.distance);
        size_t next = at + found.length;
        for (at += 1 + (found.length < (size_t)how->lazy); at < next && at + SHORTEST <= end; at++) {
            enter(deflate, at);
        }
        at = next;
    }
    while (at < end) {
        add_literal(deflate, deflate->window[at++]);
    }
    deflate->literals[END_OF_BLOCK] = 1;
}

/* The codes of one block and how their lengths are told (RFC 1951, 3.2.7). */
typedef struct {
    huffman_code literals, distances, lengths;
    int told_literals, told_distances, told_lengths;
    int runs;
    uint8_t run_symbol[LITERALS + DISTANCES], run_value[LITERALS + DISTANCES];
} block_codes;

static const uint8_t TELLING_ORDER[LENGTHS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static int run_extra(int symbol) {
    return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}

static void add_run(block_codes *codes, uint32_t counts[LENGTHS], int symbol, int value) {
    codes->run_symbol[codes->runs] = (uint8_t)symbol;
    codes->run_value[codes->runs++] = (uint8_t)value;
    counts[symbol]++;
}

/* The lengths of both codes as one list, runs shortened. */
static void find_runs(block_codes *codes, uint32_t counts[LENGTHS]) {
    uint8_t all[LITERALS + DISTANCES];
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

static void make_codes(block_codes *codes, const png_deflate *deflate) {
    huffman_build(&codes->literals, deflate->literals, LITERALS, HUFFMAN_LONGEST);
    huffman_build(&codes->distances, deflate->distances, DISTANCES, HUFFMAN_LONGEST);
    codes->told_literals = LITERALS;
    while (codes->told_literals > 257 && codes->literals.length[codes->told_literals - 1] == 0) {
        codes->told_literals--;
    }
    codes->told_distances = DISTANCES;
    while (codes->told_distances > 1 && codes->distances.length[codes->told_distances - 1] == 0) {
        codes->told_distances--;
    }
    uint32_t counts[LENGTHS] = {0};
    find_runs(codes, counts);
    huffman_build(&codes->lengths, counts, LENGTHS, LENGTH_LIMIT);
    codes->told_lengths = LENGTHS;
    while (codes->told_lengths > 4 && codes->lengths.length[TELLING_ORDER[codes->told_lengths - 1]] == 0) {
        codes->told_lengths--;
    }
}

/* The codes of RFC 1951, 3.2.6. */
static void fixed_codes(block_codes *codes) {
    for (int i = 0; i < HUFFMAN_SYMBOLS; i++) {
        codes->literals.length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    }
    huffman_assign(&codes->literals, HUFFMAN_SYMBOLS);
    memset(codes->distances.length, 5, sizeof codes->distances.length);
    huffman_assign(&codes->distances, DISTANCES);
}

/* Bits of the block's tokens under these codes. */
static uint64_t token_bits(const png_deflate *deflate, const block_codes *codes) {
    uint64_t bits = deflate->extra_bits;
    for (int i = 0; i < LITERALS; i++) {
        bits += (uint64_t)deflate->literals[i] * codes->literals.length[i];
    }
    for (int i = 0; i < DISTANCES; i++) {
        bits += (uint64_t)deflate->distances[i] * codes->distances.length[i];
    }
    return bits;
}

static uint64_t telling_bits(const block_codes *codes) {
    uint64_t bits = 14 + 3 * (uint64_t)codes->told_lengths;
    for (int i = 0; i < codes->runs; i++) {
        bits += codes->lengths.length[codes->run_symbol[i]] + (uint64_t)run_extra(codes->run_symbol[i]);
    }
    return bits;
}

static void put_codes(png_bits *to, const block_codes *codes) {
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

static inline void put_match(png_bits *to, const block_codes *codes, uint32_t token) {
    uint32_t length = token >> 16 & 0xff, distance = token & 0xffff;
    int extra;
    int symbol = length_symbol(length, &extra);
    png_bits_put(to, codes->literals.code[symbol], codes->literals.length[symbol]);
    png_bits_put(to, length & ((1u << extra) - 1), extra);
    symbol = distance_symbol(distance, &extra);
    png_bits_put(to, codes->distances.code[symbol], codes->distances.length[symbol]);
    png_bits_put(to, distance & ((1u << extra) - 1), extra);
}

static void put_tokens(const png_deflate *deflate, const block_codes *codes, png_bits *to) {
    /* Copies that the compiler may keep in registers. */
    engine_output output = *to->output;
    png_bits out = {&output, to->bits, to->held};
    for (size_t i = 0; i < deflate->tokens; i++) {
        uint32_t token = deflate->token[i];
        if (token < MATCH) {
            png_bits_put(&out, codes->literals.code[token], codes->literals.length[token]);
            if (out.held > 48) {
                png_bits_flush(&out);
            }
        } else {
            png_bits_flush(&out);
            put_match(&out, codes, token);
            png_bits_flush(&out);
        }
    }
    png_bits_flush(&out);
    png_bits_put(&out, codes->literals.code[END_OF_BLOCK], codes->literals.length[END_OF_BLOCK]);
    png_bits_flush(&out);
    to->output->size = output.size;
    to->bits = out.bits;
    to->held = out.held;
}

static pixelshift_engine_status put_stored(const png_deflate *deflate, int last, png_bits *to) {
    size_t size = deflate->filled - deflate->start;
    pixelshift_engine_status status = engine_output_reserve(to->output, size + 8 + PNG_BITS_SLACK);
    if (status == PIXELSHIFT_ENGINE_OK) {
        png_bits_put(to, (uint64_t)last, 3);
        png_bits_align(to);
        png_bits_put(to, size | (uint64_t)(~size & 0xffff) << 16, 32);
        png_bits_flush(to);
        status = engine_output_append(to->output, deflate->window + deflate->start, size);
    }
    return status;
}

static pixelshift_engine_status put_block(png_deflate *deflate, int last, png_bits *to) {
    memset(deflate->literals, 0, sizeof deflate->literals);
    memset(deflate->distances, 0, sizeof deflate->distances);
    deflate->extra_bits = 0;
    deflate->tokens = 0;
    if (deflate->stores) {
        return put_stored(deflate, last, to);
    }
    tokenise(deflate);
    block_codes own, fixed;
    make_codes(&own, deflate);
    fixed_codes(&fixed);
    uint64_t stored_bits = 8 * (uint64_t)(deflate->filled - deflate->start) + 42;
    uint64_t own_bits = token_bits(deflate, &own) + telling_bits(&own), fixed_bits = token_bits(deflate, &fixed);
    uint64_t least = own_bits < fixed_bits ? own_bits : fixed_bits;
    if (stored_bits <= least) {
        return put_stored(deflate, last, to);
    }
    pixelshift_engine_status status = engine_output_reserve(to->output, least / 8 + 4 + PNG_BITS_SLACK);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    int is_fixed = fixed_bits <= own_bits;
    png_bits_put(to, (uint64_t)(last | (is_fixed ? 1 : 2) << 1), 3);
    if (!is_fixed) {
        put_codes(to, &own);
    }
    put_tokens(deflate, is_fixed ? &fixed : &own, to);
    return PIXELSHIFT_ENGINE_OK;
}

/* Keeps the end of the block as history for the next. */
static void slide(png_deflate *deflate) {
    size_t kept = deflate->filled < HISTORY ? deflate->filled : HISTORY, moved = deflate->filled - kept;
    memmove(deflate->window, deflate->window + moved, kept);
    deflate->base += (uint32_t)moved;
    deflate->start = deflate->filled = kept;
}

pixelshift_engine_status png_deflate_write(png_deflate *deflate, const uint8_t *data, size_t size, png_bits *to) {
    while (size > 0) {
        size_t room = deflate->start + BLOCK - deflate->filled, part = size < room ? size : room;
        memcpy(deflate->window + deflate->filled, data, part);
        deflate->filled += part;
        data += part;
        size -= part;
        if (part == room) {
            pixelshift_engine_status status = put_block(deflate, 0, to);
            if (status != PIXELSHIFT_ENGINE_OK) {
                return status;
            }
            slide(deflate);
        }
    }
    return PIXELSHIFT_ENGINE_OK;
}

pixelshift_engine_status png_deflate_end(png_deflate *deflate, png_bits *to) {
    pixelshift_engine_status status = put_block(deflate, 1, to);
    if (status == PIXELSHIFT_ENGINE_OK) {
        png_bits_align(to);
    }
    return status;
}
