#include "statistics.h"

#include <stdlib.h>
#include <string.h>

enum { END_OF_BLOCK = 0x00, SIXTEEN_ZEROS = 0xF0, LONGEST_CODE = 16, RESERVED = JPEG_SYMBOLS };

/* Rows first to zigzag order. */
static const uint8_t ZIGZAG[64] = {
    0,  1,  5,  6,  14, 15, 27, 28, 2,  4,  7,  13, 16, 26, 29, 42, 3,  8,  12, 17, 25, 30,
    41, 43, 9,  11, 18, 24, 31, 40, 44, 53, 10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38,
    46, 51, 55, 60, 21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63,
};

/* Bits of a magnitude. */
static int category(int value) {
    return value == 0 ? 0 : 32 - __builtin_clz((unsigned)abs(value));
}

void jpeg_count_block(jpeg_statistics *statistics, const JCOEF *block, uint64_t some, int difference) {
    uint8_t sizes[64]; /* in zigzag order, where there is a coefficient */
    uint64_t there = 0;
    statistics->dc[category(difference)]++;
    for (some &= ~(uint64_t)1; some != 0; some &= some - 1) {
        int i = __builtin_ctzll(some), k = ZIGZAG[i];
        there |= (uint64_t)1 << k;
        sizes[k] = (uint8_t)category(block[i]);
    }
    int last = 0;
    for (; there != 0; there &= there - 1) {
        int k = __builtin_ctzll(there), run = k - last - 1;
        for (; run > 15; run -= 16) {
            statistics->ac[SIXTEEN_ZEROS]++;
        }
        statistics->ac[run << 4 | sizes[k]]++;
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
