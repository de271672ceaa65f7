#include "deflate.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "codes.h"

enum {
    BLOCK_HEADER = 3, /* bits */
    MANY = 8,         /* matches are many where one in so many bytes is in one */
};

typedef struct {
    parse_effort parse;
    int again; /* blocks with many matches are parsed again, and in another form */
} effort;

static const effort EFFORTS[] = {
    {{0, 0, 0, 0}, 0},   {{1, 0, 16, 5}, 0},  {{1, 0, 32, 6}, 0},     {{2, 0, 32, 6}, 0},     {{4, 0, 32, 6}, 1},
    {{4, 16, 64, 6}, 1}, {{8, 32, 64, 6}, 1}, {{16, 32, 128, 16}, 1}, {{64, 64, 258, 16}, 1}, {{256, 128, 258, 16}, 1},
};

/* A block in one form. */
typedef struct {
    parse_result parsed;
    block_codes codes;
    uint64_t bits; /* with its own codes, and telling them */
} form;

struct png_deflate {
    const effort *effort;
    int stores;
    uint32_t sum;
    uint32_t base;        /* position of window[0] */
    size_t start, filled; /* the block that is being collected: window[start, filled) */
    int has_other;
    int forgetful; /* the chains do not know what the window holds */
    parse_chains chains;
    form forms[2];
    uint8_t other[DEFLATE_BLOCK];
    uint8_t window[DEFLATE_HISTORY + DEFLATE_BLOCK];
};

png_deflate *png_deflate_new(int level) {
    png_deflate *deflate = malloc(sizeof *deflate);
    if (deflate != NULL) {
        deflate->effort = &EFFORTS[level];
        deflate->stores = level == 0;
        deflate->sum = 1;
        deflate->base = DEFLATE_HISTORY + 1;
        deflate->start = deflate->filled = 0;
        deflate->has_other = 1;
        deflate->forgetful = 1;
    }
    return deflate;
}

void png_deflate_free(png_deflate *deflate) {
    free(deflate);
}

uint32_t png_deflate_sum(const png_deflate *deflate) {
    return deflate->sum;
}

static void parse(png_deflate *deflate, form *into, const parse_prices *prices) {
    parse_block block = {deflate->window, deflate->base, deflate->start, deflate->filled};
    parse_prices guessed;
    if (prices == NULL) {
        parse_guess_prices(&guessed, &block);
    }
    if (deflate->forgetful) {
        parse_recall(&deflate->chains, &block);
    }
    parse_run(&into->parsed, &deflate->chains, &block, prices == NULL ? &guessed : prices, &deflate->effort->parse);
    deflate->forgetful = 0;
    codes_make(&into->codes, &into->parsed);
    into->bits = codes_body_bits(&into->codes, &into->parsed) + codes_telling_bits(&into->codes);
}

static int has_many_matches(const png_deflate *deflate, const form *of) {
    return of->parsed.matched * MANY > deflate->filled - deflate->start;
}

/* Parses by the prices of an earlier parse. */
static void parse_again(png_deflate *deflate, form *into, const form *earlier) {
    parse_prices prices;
    codes_prices(&earlier->codes, &prices);
    deflate->forgetful = 1;
    parse(deflate, into, &prices);
}

static void swap_forms(png_deflate *deflate) {
    for (size_t i = 0; i < deflate->filled - deflate->start; i++) {
        uint8_t byte = deflate->window[deflate->start + i];
        deflate->window[deflate->start + i] = deflate->other[i];
        deflate->other[i] = byte;
    }
    deflate->forgetful = 1;
}

/* The block's bytes in the smaller form, parsed. */
static const form *choose(png_deflate *deflate) {
    form *best = &deflate->forms[0], *next = &deflate->forms[1];
    parse(deflate, best, NULL);
    if (!deflate->effort->again || !has_many_matches(deflate, best)) {
        return best;
    }
    parse_again(deflate, next, best);
    if (next->bits < best->bits) {
        best = next;
    }
    if (!deflate->has_other) {
        return best;
    }
    next = best == &deflate->forms[0] ? &deflate->forms[1] : &deflate->forms[0];
    swap_forms(deflate);
    parse_again(deflate, next, best);
    if (next->bits < best->bits) {
        return next;
    }
    swap_forms(deflate);
    return best;
}

static pixelshift_engine_status put_stored(const png_deflate *deflate, int last, png_bits *to) {
    size_t size = deflate->filled - deflate->start;
    pixelshift_engine_status status = png_bits_reserve(to, BLOCK_HEADER + 8 * ((uint64_t)size + 4));
    if (status == PIXELSHIFT_ENGINE_OK) {
        png_bits_put(to, (uint64_t)last, 3);
        png_bits_align(to);
        png_bits_put(to, size | (uint64_t)(~size & 0xffff) << 16, 32);
        png_bits_flush(to);
        status = engine_output_append(to->output, deflate->window + deflate->start, size);
    }
    return status;
}

static pixelshift_engine_status put_compressed(png_deflate *deflate, int last, png_bits *to) {
    const form *chosen = choose(deflate);
    block_codes fixed;
    codes_fixed(&fixed);
    uint64_t stored_bits = 8 * (uint64_t)(deflate->filled - deflate->start) + 39;
    uint64_t fixed_bits = codes_body_bits(&fixed, &chosen->parsed);
    uint64_t least = chosen->bits < fixed_bits ? chosen->bits : fixed_bits;
    if (stored_bits <= least) {
        return put_stored(deflate, last, to);
    }
    pixelshift_engine_status status = png_bits_reserve(to, BLOCK_HEADER + least);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    int is_fixed = fixed_bits <= chosen->bits;
    png_bits_put(to, (uint64_t)(last | (is_fixed ? 1 : 2) << 1), 3);
    if (!is_fixed) {
        codes_put_telling(&chosen->codes, to);
    }
    codes_put_body(is_fixed ? &fixed : &chosen->codes, &chosen->parsed, deflate->window + deflate->start, to);
    return PIXELSHIFT_ENGINE_OK;
}

/* Writes the block, and keeps its end as history for the next. */
static pixelshift_engine_status put_block(png_deflate *deflate, int last, png_bits *to) {
    pixelshift_engine_status status =
        deflate->stores ? put_stored(deflate, last, to) : put_compressed(deflate, last, to);
    deflate->sum = isal_adler32(deflate->sum, deflate->window + deflate->start, deflate->filled - deflate->start);
    size_t kept = deflate->filled < DEFLATE_HISTORY ? deflate->filled : DEFLATE_HISTORY;
    size_t moved = deflate->filled - kept;
    memmove(deflate->window, deflate->window + moved, kept);
    deflate->base += (uint32_t)moved;
    deflate->start = deflate->filled = kept;
    deflate->has_other = 1;
    return status;
}

pixelshift_engine_status png_deflate_write(png_deflate *deflate, const uint8_t *data, const uint8_t *other, size_t size,
                                           png_bits *to) {
    while (size > 0) {
        size_t held = deflate->filled - deflate->start, room = DEFLATE_BLOCK - held;
        if (size <= room || (size > DEFLATE_BLOCK && room > 0)) {
            size_t part = size < room ? size : room;
            memcpy(deflate->window + deflate->filled, data, part);
            if (other != NULL && part == size) {
                memcpy(deflate->other + held, other, part);
            } else {
                deflate->has_other = 0;
                other = NULL; /* nor for the rest: its filter is named in this block */
            }
            deflate->filled += part;
            data += part;
            size -= part;
            continue;
        }
        pixelshift_engine_status status = put_block(deflate, 0, to);
        if (status != PIXELSHIFT_ENGINE_OK) {
            return status;
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
