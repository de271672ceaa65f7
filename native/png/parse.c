#include "parse.h"

#include <string.h>

#include "bits.h"

enum {
    SIXTEENTHS = 16,
    RARE_LENGTH = 10 * SIXTEENTHS, /* what the symbols of a match are taken to cost before anything is known */
    RARE_DISTANCE = 6 * SIXTEENTHS,
    LOOKED_AT = 16, /* bytes of a match whose prices stand for all */
    FASTEST = 8,    /* bytes at a time where nothing matches */
    TABLES = 4,
};

typedef struct {
    parse_result *result;
    parse_chains *chains;
    const parse_block *block;
    const parse_prices *prices;
    const parse_effort *effort;
} parser;

typedef struct {
    size_t length;
    uint32_t distance;
    int32_t gain; /* 1/16 bits less than its bytes as literals */
} match;

static inline uint32_t load32(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint32_t hash_of(const uint8_t *at) {
    uint32_t word = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return word * 0x9e3779b1u >> (32 - PARSE_HASH_BITS);
}

/* Enters window[at]; there must be four bytes. Returns the last position with the same hash. */
static inline uint32_t enter(parse_chains *chains, const parse_block *block, size_t at) {
    uint32_t position = block->base + (uint32_t)at, hash = hash_of(block->window + at);
    uint32_t last = chains->head[hash];
    chains->before[position % DEFLATE_HISTORY] = last;
    chains->head[hash] = position;
    return last;
}

void parse_recall(parse_chains *chains, const parse_block *block) {
    /* Positions start so far in that 0 in `head` is too far back to be a match. */
    memset(chains->head, 0, sizeof chains->head);
    size_t first = block->start > DEFLATE_HISTORY ? block->start - DEFLATE_HISTORY : 0;
    for (size_t at = first; at < block->start && at + PARSE_SHORTEST <= block->end; at++) {
        enter(chains, block, at);
    }
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

/* What the match saves, in 1/16 bit: in filtered photographs short ones seldom do. */
static inline int32_t gain_of(const parse_prices *prices, const uint8_t *here, match found) {
    int extra;
    uint32_t literals = 0, looked_at = found.length < LOOKED_AT ? (uint32_t)found.length : LOOKED_AT;
    for (uint32_t i = 0; i < looked_at; i++) {
        literals += prices->literal[here[i]];
    }
    uint32_t cost = prices->length[found.length - 3] + prices->distance[distance_symbol(found.distance - 1, &extra)];
    return (int32_t)(literals * (uint32_t)found.length / looked_at) - (int32_t)cost;
}

/* The longest match for window[at, end) along the chain from `candidate`, and what it gains. */
static inline match longest(const parser *self, size_t at, uint32_t candidate) {
    match best = {0, 0, 0};
    const parse_block *block = self->block;
    const uint8_t *here = block->window + at;
    size_t rest = block->end - at, limit = rest < DEFLATE_LONGEST ? rest : DEFLATE_LONGEST;
    uint32_t position = block->base + (uint32_t)at;
    for (int left = self->effort->chain; left > 0; left--) {
        uint32_t distance = position - candidate;
        if (distance - 1 >= DEFLATE_HISTORY || distance > at) {
            break;
        }
        const uint8_t *there = here - distance;
        if (load32(there) == load32(here) && there[best.length] == here[best.length]) {
            size_t length = common(here, there, limit);
            if (length > best.length) {
                best.length = length;
                best.distance = distance;
                if (length >= (size_t)self->effort->good || length == limit) {
                    break;
                }
            }
        }
        uint32_t next = self->chains->before[candidate % DEFLATE_HISTORY];
        if (position - next <= distance) {
            break;
        }
        candidate = next;
    }
    if (best.length > 0) {
        best.gain = gain_of(self->prices, here, best);
    }
    return best;
}

/* About log2(value) in 1/16: exact for powers of two, straight lines between them. */
static inline uint32_t log2_sixteenths(uint32_t value) {
    int top = log2_of(value);
    uint32_t rest = value << (31 - top) >> 27 & 15;
    return 16 * (uint32_t)top + rest;
}

/* How often each byte occurs, added up. Several tables, as the same byte often comes twice in a row. */
static void count_bytes(uint32_t counts[256], const uint8_t *bytes, size_t size) {
    uint32_t tables[TABLES][256];
    size_t i = 0;
    if (size >= 256) {
        memset(tables, 0, sizeof tables);
        for (; i + TABLES <= size; i += TABLES) {
            for (int k = 0; k < TABLES; k++) {
                tables[k][bytes[i + (size_t)k]]++;
            }
        }
        for (int value = 0; value < 256; value++) {
            counts[value] += tables[0][value] + tables[1][value] + tables[2][value] + tables[3][value];
        }
    }
    for (; i < size; i++) {
        counts[bytes[i]]++;
    }
}

void parse_guess_prices(parse_prices *prices, const parse_block *block) {
    uint32_t counts[256] = {0};
    count_bytes(counts, block->window + block->start, block->end - block->start);
    uint32_t whole = log2_sixteenths((uint32_t)(block->end - block->start) | 1);
    for (int i = 0; i < 256; i++) {
        uint32_t price = counts[i] == 0 ? 0 : whole - log2_sixteenths(counts[i]);
        prices->literal[i] = price < SIXTEENTHS ? SIXTEENTHS : price; /* no code is shorter than a bit */
    }
    for (int i = 0; i <= DEFLATE_LONGEST - 3; i++) {
        prices->length[i] = RARE_LENGTH;
    }
    for (int i = 0; i < DEFLATE_DISTANCES; i++) {
        prices->distance[i] = RARE_DISTANCE + SIXTEENTHS * (uint32_t)(i < 4 ? 0 : i / 2 - 1);
    }
}

static inline void add_step(parser *self, size_t literals, match found) {
    parse_result *result = self->result;
    int extra, more;
    uint32_t length = (uint32_t)found.length - 3, distance = found.distance - 1;
    result->step[result->count++] = (parse_step){(uint32_t)literals, (uint16_t)found.length, (uint16_t)distance};
    result->literals[length_symbol(length, &extra)]++;
    result->distances[distance_symbol(distance, &more)]++;
    result->extra_bits += (uint64_t)(extra + more);
    result->matched += found.length;
}

/* A better match at one of the next bytes, moving `at` there. */
static inline match await(parser *self, size_t *at, match found) {
    while (found.length < (size_t)self->effort->lazy && *at + 1 + PARSE_SHORTEST <= self->block->end) {
        match later = longest(self, *at + 1, enter(self->chains, self->block, *at + 1));
        if (later.gain <= found.gain) {
            break;
        }
        ++*at;
        found = later;
    }
    return found;
}

void parse_run(parse_result *result, parse_chains *chains, const parse_block *block, const parse_prices *prices,
               const parse_effort *effort) {
    parser self = {result, chains, block, prices, effort};
    size_t at = block->start, end = block->end, from = at, misses = 0;
    result->count = result->matched = 0;
    result->extra_bits = 0;
    memset(result->literals, 0, sizeof result->literals);
    memset(result->distances, 0, sizeof result->distances);
    while (at + PARSE_SHORTEST <= end) {
        match found = longest(&self, at, enter(chains, block, at));
        if (found.gain <= 0) {
            size_t step = 1 + (misses++ >> effort->hurry);
            at += step < FASTEST ? step : FASTEST;
            continue;
        }
        int waits = found.length < (size_t)effort->lazy;
        found = await(&self, &at, found);
        misses = 0;
        count_bytes(result->literals, block->window + from, at - from);
        add_step(&self, at - from, found);
        from = at + found.length;
        for (at += 1 + (size_t)waits; at < from && at + PARSE_SHORTEST <= end; at++) {
            enter(chains, block, at);
        }
        at = from;
    }
    count_bytes(result->literals, block->window + from, end - from);
    result->step[result->count++] = (parse_step){(uint32_t)(end - from), 0, 0};
    result->literals[DEFLATE_END] = 1;
}
