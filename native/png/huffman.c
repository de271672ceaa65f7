#include "huffman.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    uint32_t count;
    uint16_t symbol;
} leaf;

static int by_count(const void *left, const void *right) {
    const leaf *a = left, *b = right;
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    return a->symbol < b->symbol ? -1 : 1;
}

/* The symbols that occur, rarest first; two at least, as many decoders want complete codes. */
static int collect(leaf leaves[HUFFMAN_SYMBOLS], const uint32_t *counts, int symbols) {
    int used = 0;
    for (int i = 0; i < symbols; i++) {
        if (counts[i] > 0) {
            leaves[used++] = (leaf){counts[i], (uint16_t)i};
        }
    }
    for (int i = 0; used < 2; i++) {
        if (counts[i] == 0) {
            leaves[used++] = (leaf){1, (uint16_t)i};
        }
    }
    qsort(leaves, (size_t)used, sizeof *leaves, by_count);
    return used;
}

/* How many codes have each length, by Huffman's algorithm with two queues: leaves and joined nodes, both ascending. */
static void count_lengths(const leaf *leaves, int used, int per_length[HUFFMAN_SYMBOLS]) {
    uint32_t weight[HUFFMAN_SYMBOLS];
    int parent[2 * HUFFMAN_SYMBOLS], depth[HUFFMAN_SYMBOLS];
    int next_leaf = 0, next_node = 0;
    for (int node = 0; node < used - 1; node++) {
        weight[node] = 0;
        for (int side = 0; side < 2; side++) {
            if (next_leaf < used && (next_node == node || leaves[next_leaf].count <= weight[next_node])) {
                weight[node] += leaves[next_leaf].count;
                parent[next_leaf++] = node;
            } else {
                weight[node] += weight[next_node];
                parent[HUFFMAN_SYMBOLS + next_node++] = node;
            }
        }
    }
    depth[used - 2] = 0;
    for (int node = used - 3; node >= 0; node--) {
        depth[node] = depth[parent[HUFFMAN_SYMBOLS + node]] + 1;
    }
    memset(per_length, 0, HUFFMAN_SYMBOLS * sizeof *per_length);
    for (int i = 0; i < used; i++) {
        per_length[depth[parent[i]] + 1]++;
    }
}

/* Shortens codes over the limit, and lengthens others until the code is a prefix code again (Kraft's sum is 1). */
static void respect_limit(int per_length[HUFFMAN_SYMBOLS], int limit) {
    for (int length = limit + 1; length < HUFFMAN_SYMBOLS; length++) {
        per_length[limit] += per_length[length];
        per_length[length] = 0;
    }
    uint32_t sum = 0;
    for (int length = 1; length <= limit; length++) {
        sum += (uint32_t)per_length[length] << (limit - length);
    }
    for (; sum > 1u << limit; sum--) {
        int length = limit - 1;
        while (per_length[length] == 0) {
            length--;
        }
        /* One of the longest moves up beside a shorter one, which grows by a bit to make room. */
        per_length[limit]--;
        per_length[length]--;
        per_length[length + 1] += 2;
    }
}

void huffman_build(huffman_code *code, const uint32_t *counts, int symbols, int limit) {
    leaf leaves[HUFFMAN_SYMBOLS];
    int per_length[HUFFMAN_SYMBOLS];
    int used = collect(leaves, counts, symbols);
    count_lengths(leaves, used, per_length);
    respect_limit(per_length, limit);
    memset(code->length, 0, sizeof code->length);
    int rarest = 0;
    for (int length = limit; length > 0; length--) {
        for (int i = 0; i < per_length[length]; i++) {
            code->length[leaves[rarest++].symbol] = (uint8_t)length;
        }
    }
    huffman_assign(code, symbols);
}

static uint16_t reversed(uint32_t code, int length) {
    uint32_t result = 0;
    for (int i = 0; i < length; i++) {
        result |= (code >> i & 1) << (length - 1 - i);
    }
    return (uint16_t)result;
}

void huffman_assign(huffman_code *code, int symbols) {
    uint32_t next[HUFFMAN_LONGEST + 2] = {0};
    for (int i = 0; i < symbols; i++) {
        next[code->length[i] + 1]++;
    }
    next[1] = 0; /* symbols without a code */
    for (int length = 2; length <= HUFFMAN_LONGEST; length++) {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    for (int i = 0; i < symbols; i++) {
        code->code[i] = code->length[i] == 0 ? 0 : reversed(next[code->length[i]]++, code->length[i]);
    }
}
