/*
 * The lazy path's index of a segment: upper bounds on U that cost little per point, exact values on demand.
 *
 * Time is cut into blocks, values into ranges between sampled cuts. For a new value between two cuts a table bounds the
 * growth of U in every block from above; a block's room is what its U may still grow before the critical value. Only
 * when a room is used up is the index synchronised: pending values merged into the sorted ones, U recomputed, rooms
 * measured afresh.
 */
#ifndef PIXELSHIFT_CHANGEPOINT_INDEX_H
#define PIXELSHIFT_CHANGEPOINT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/pettitt.h"

typedef struct {
    double value;
    int32_t position;
} index_entry;

typedef struct {
    double delta;
    /* Exact part: the first `synced` values sorted, and what each adds to U. */
    index_entry *sorted;
    index_entry *scratch;
    int32_t *up_steps;
    int32_t *down_steps; /* of minus down; the same array as up_steps when delta is 0 */
    int64_t capacity;
    int64_t synced;
    int64_t highest_up;
    int64_t highest_down;
    /* Bounds: what pixelshift/pettitt.h describes, and what it takes to add a block. */
    pixelshift_pettitt_bounds bounds;
    double *cuts;
    int64_t cut_count;
    int32_t *growth;
    int32_t *totals;
    int32_t *counted;   /* values below (even) and up to (odd) each cut; the last: all */
    int32_t *histogram; /* of the open block by place */
    int32_t *ends;
    int32_t *up_rooms;
    int32_t *down_rooms;
    int64_t blocks; /* in use */
    int64_t block_capacity;
    int64_t block_length;
    int64_t reserved_blocks;
    int64_t reserved_width;
    uint16_t *places; /* of the values since the last synchronisation, when all of them came by index_push */
    int64_t placed;
    int64_t place_capacity;
} lazy_index;

/* Values per segment below which the plain pass is as fast. */
#define INDEX_SMALLEST 256

/* Largest numbers of blocks and of places; bounds.c chooses sizes below them. */
#define INDEX_BLOCKS 512
#define INDEX_PLACES 1024

void index_free(lazy_index *index);
void index_free_bounds(lazy_index *index);
/* Resizes the array at `array_address`; 0, or -1 without memory. */
int index_grow_array(void *array_address, int64_t count, size_t size);
/* Brings the exact part to `count` values. 0 on success, -1 without memory. */
int index_sync(lazy_index *index, const double *values, int64_t count);
/* U and minus down from the exact part; `down` is left alone when delta is 0. */
void index_sums_i32(const lazy_index *index, int32_t *up, int32_t *down);
void index_sums_i64(const lazy_index *index, int64_t *up, int64_t *down);
/* Measures rooms and builds the table for bounding; needs a fresh sync and highest U below `critical`. */
int index_bound(lazy_index *index, int64_t critical);
/* Takes values until a room is used up (`bounds.least` tells), a block is full, a value is not finite or all are taken;
 * returns how many. The index must not be full. */
int64_t index_push(lazy_index *index, const pixelshift_pettitt_table *kernels, const double *values, int64_t count);
/* Whether no further block can be opened: time to synchronise. */
int index_is_full(const lazy_index *index);
/* Adds the growth of the critical value to every room. */
void index_credit(lazy_index *index, int64_t critical);

#endif
