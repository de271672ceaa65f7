/*
 * What the targets of single kernels share: bytes as numbers, and memory that ends where a page without access begins,
 * so that code compiled without checks cannot step beyond it unseen either.
 */
#ifndef PIXELSHIFT_FUZZ_GUARD_H
#define PIXELSHIFT_FUZZ_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline void require(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "violated: %s\n", what);
        abort();
    }
}

typedef struct {
    uint8_t *bytes;
    uint8_t *pages;
    size_t mapped;
} guarded;

/* No gap behind it: it is aligned as its size is. */
static inline guarded guarded_new(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
    guarded memory = {.mapped = whole + page};
    memory.pages = mmap(NULL, memory.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory.pages != MAP_FAILED && mprotect(memory.pages + whole, page, PROT_NONE) == 0, "there is memory");
    memory.bytes = memory.pages + whole - size;
    return memory;
}

static inline void guarded_free(guarded *memory) {
    munmap(memory->pages, memory->mapped);
}

/* The bytes of an input one after the other; zeros when there are no more. */
typedef struct {
    const uint8_t *at;
    size_t left;
} reader;

static inline void take(reader *input, void *to, size_t size) {
    size_t given = size < input->left ? size : input->left;
    memset(to, 0, size);
    if (given > 0) {
        memcpy(to, input->at, given);
    }
    input->at += given;
    input->left -= given;
}

static inline uint8_t take_byte(reader *input) {
    uint8_t value;
    take(input, &value, 1);
    return value;
}

/* 1 to `most`. */
static inline int32_t take_side(reader *input, int32_t most) {
    uint16_t value;
    take(input, &value, sizeof value);
    return 1 + value % most;
}

/* Any double whatever, or an everyday one. */
static inline double take_double(reader *input, int any) {
    double value;
    int16_t small;
    if (any) {
        take(input, &value, sizeof value);
        return value;
    }
    take(input, &small, sizeof small);
    return small / 256.0;
}

/* What is left of the input, over and over. */
static inline void fill(reader *input, uint8_t *to, size_t size) {
    for (size_t i = 0; i < size; i++) {
        to[i] = input->left > 0 ? input->at[i % input->left] : (uint8_t)(37 * i);
    }
}

#endif
