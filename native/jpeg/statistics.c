#include "statistics.h"

#include "entropy.h"

#include <stdlib.h>
#include <string.h>

enum { END_OF_BLOCK = 0x00, SIXTEEN_ZEROS = 0xF0, LONGEST_CODE = 16, RESERVED = JPEG_SYMBOLS };

#define BIT(k) ((uint64_t)1 << (k))
#define TWO(a, b, more) (more), BIT(a) | (more), BIT(b) | (more), BIT(a) | BIT(b) | (more)
#define FOUR(a, b, c, d) {TWO(a, b, 0), TWO(a, b, BIT(c)), TWO(a, b, BIT(d)), TWO(a, b, BIT(c) | BIT(d))}

/* Of each four bits, rows first, their places in zigzag order. */
static const uint64_t ZIGZAG[16][16] = {
    FOUR(0, 1, 5, 6),     FOUR(14, 15, 27, 28), FOUR(2, 4, 7, 13),    FOUR(16, 26, 29, 42),
    FOUR(3, 8, 12, 17),   FOUR(25, 30, 41, 43), FOUR(9, 11, 18, 24),  FOUR(31, 40, 44, 53),
    FOUR(10, 19, 23, 32), FOUR(39, 45, 52, 54), FOUR(20, 22, 33, 38), FOUR(46, 51, 55, 60),
    FOUR(21, 34, 37, 47), FOUR(50, 56, 59, 61), FOUR(35, 36, 48, 49), FOUR(57, 58, 62, 63),
};

static uint64_t zigzag_of(uint64_t some) {
    uint64_t there = 0;
    for (int i = 0; i < 16; i++) {
        there |= ZIGZAG[i][some >> 4 * i & 15];
    }
    return there;
}

/* Bits of a magnitude. */
static int category(int value) {
    return value == 0 ? 0 : 32 - __builtin_clz((unsigned)abs(value));
}

void jpeg_count_block(jpeg_statistics *statistics, const JCOEF *block, uint64_t some, int difference) {
    statistics->dc[category(difference)]++;
    int last = 0;
    for (uint64_t there = zigzag_of(some) & ~BIT(0); there != 0; there &= there - 1) {
        int k = __builtin_ctzll(there), run = k - last - 1;
        for (; run > 15; run -= 16) {
            statistics->ac[SIXTEEN_ZEROS]++;
        }
        statistics->ac[run << 4 | category(block[entropy_rows_first[k]])]++;
        last = k;
    }
    statistics->ac[END_OF_BLOCK] += last < 63;
}

void jpeg_count_padding(jpeg_statistics *statistics, int blocks) {
    statistics->dc[0] += (uint32_t)blocks;
    statistics->ac[END_OF_BLOCK] += (uint32_t)blocks;
}

/* Trees that are not joined yet, in the order of their first symbols. */
typedef struct {
    uint64_t count[JPEG_SYMBOLS + 1];
    uint16_t symbol[JPEG_SYMBOLS + 1];
    int trees;
    int16_t next[JPEG_SYMBOLS + 1];    /* symbol of the same tree, -1 for none */
    uint16_t length[JPEG_SYMBOLS + 1]; /* of a symbol's code */
} forest;

/* One more bit for all symbols of the tree that begins with `symbol`; returns its last one. */
static int lengthen(forest *trees, int symbol) {
    trees->length[symbol]++;
    while (trees->next[symbol] >= 0) {
        symbol = trees->next[symbol];
        trees->length[symbol]++;
    }
    return symbol;
}

/* The rarest tree, of equal ones the last, without tree `but`. */
static int rarest(const forest *trees, int but) {
    int found = -1;
    for (int i = 0; i < trees->trees; i++) {
        if (i != but && (found < 0 || trees->count[i] <= trees->count[found])) {
            found = i;
        }
    }
    return found;
}

static void join(forest *trees) {
    while (trees->trees > 1) {
        int first = rarest(trees, -1), second = rarest(trees, first);
        trees->count[first] += trees->count[second];
        int end = lengthen(trees, trees->symbol[first]);
        trees->next[end] = (int16_t)trees->symbol[second];
        lengthen(trees, trees->symbol[second]);
        size_t behind = (size_t)(--trees->trees - second);
        memmove(&trees->count[second], &trees->count[second + 1], behind * sizeof trees->count[0]);
        memmove(&trees->symbol[second], &trees->symbol[second + 1], behind * sizeof trees->symbol[0]);
    }
}

/* Shortens codes that are too long, at the cost of shorter ones: Figure K.3. */
static void limit_lengths(uint16_t *codes, int longest) {
    for (int length = longest; length > LONGEST_CODE; length--) {
        while (codes[length] > 0) {
            int shorter = length - 2;
            while (codes[shorter] == 0) {
                shorter--;
            }
            codes[length] = (uint16_t)(codes[length] - 2);
            codes[length - 1]++;
            codes[shorter + 1] = (uint16_t)(codes[shorter + 1] + 2);
            codes[shorter]--;
        }
    }
}

void jpeg_optimal_table(JHUFF_TBL *table, const uint32_t counts[JPEG_SYMBOLS]) {
    forest trees = {.trees = 0};
    uint16_t codes[JPEG_SYMBOLS + 1] = {0};
    for (int symbol = 0; symbol <= RESERVED; symbol++) {
        /* One code is reserved, so that none consists of ones only. */
        uint32_t count = symbol == RESERVED ? 1 : counts[symbol];
        trees.next[symbol] = -1;
        if (count > 0) {
            trees.count[trees.trees] = count;
            trees.symbol[trees.trees++] = (uint16_t)symbol;
        }
    }
    join(&trees);
    int longest = 0, at = 0;
    for (int symbol = 0; symbol <= RESERVED; symbol++) {
        int length = trees.length[symbol];
        codes[length] += length > 0;
        longest = length > longest ? length : longest;
    }
    for (int length = 1; length <= longest; length++) {
        for (int symbol = 0; symbol < JPEG_SYMBOLS; symbol++) {
            if (trees.length[symbol] == length) {
                table->huffval[at++] = (UINT8)symbol;
            }
        }
    }
    limit_lengths(codes, longest);
    int reserved = LONGEST_CODE;
    while (codes[reserved] == 0) {
        reserved--;
    }
    codes[reserved]--;
    for (int length = 1; length <= LONGEST_CODE; length++) {
        table->bits[length] = (UINT8)codes[length];
    }
    table->sent_table = FALSE;
}
