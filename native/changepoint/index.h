/*
 * The lazy path's index of a segment: upper bounds on U that cost little per point, exact values on demand.
 *
 * Time is cut into blocks, values into ranges between sampled cuts. A table holds, per cut, how many values below it
 * each leading run of blocks has. For a new value between two cuts the table bounds the growth of U in every block
 * from above; a block's room is what its U may still grow before the critical value. Only when a room is used up is
 * the index synchronised: pending values merged into the sorted ones, U recomputed, rooms measured afresh.
 */
#ifndef PIXELSHIFT_CHANGEPOINT_INDEX_H
#define PIXELSHIFT_CHANGEPOINT_INDEX_H

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
    /* Bounds. Rows: 0 nothing, 2r + 1 below cut r, 2r + 2 up to cut r, last: everything. */
    double *cuts;
    int64_t cut_count;
    int32_t *table;
    int64_t row_stride;
    int32_t *fresh; /* open values by the first row that counts them */
    int32_t *ends;
    int32_t *up_rooms;
    int32_t *down_rooms;
    int64_t blocks; /* in use */
    int64_t block_capacity;
    int64_t block_length;
    /* The block that is being filled. */
    int64_t open_up_room;
    int64_t open_down_room;
    int64_t reference; /* critical value that the rooms are measured from */
} lazy_index;

/* Values per segment below which the plain pass is as fast. */
#define INDEX_SMALLEST 256

void index_free(lazy_index *index);
/* Brings the exact part to `count` values. 0 on success, -1 without memory. */
int index_sync(lazy_index *index, const double *values, int64_t count);
/* U and minus down from the exact part; `down` is left alone when delta is 0. */
void index_sums_i32(const lazy_index *index, int32_t *up, int32_t *down);
void index_sums_i64(const lazy_index *index, int64_t *up, int64_t *down);
/* Measures rooms and builds the table for bounding; needs a fresh sync and highest U below `critical`. */
int index_bound(lazy_index *index, int64_t critical);
/* Takes one value, the `count`-th after those before; the least room that is left. */
int64_t index_push(lazy_index *index, const pixelshift_pettitt_table *kernels, double value, int64_t count);
/* Whether no further block can be opened: time to synchronise. */
int index_is_full(const lazy_index *index);
/* Adds the growth of the critical value to every room. */
void index_credit(lazy_index *index, int64_t critical);

#endif
