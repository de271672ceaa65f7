/* The segment since the last change: its values, their sums, and the lazy index that bounds these. */
#ifndef PIXELSHIFT_CHANGEPOINT_SEGMENT_H
#define PIXELSHIFT_CHANGEPOINT_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "critical.h"
#include "index.h"
#include "pixelshift/changepoint.h"
#include "pixelshift/pettitt.h"

typedef enum {
    SUMMED,  /* sums are up to date: the O(T) pass at every value */
    INDEXED, /* the lazy index bounds them */
} segment_mode;

/* A detector of one stream. Arrays start at `head`, which moves when max_points drops the oldest value. */
struct pixelshift_changepoint {
    pixelshift_changepoint_options options;
    const pixelshift_pettitt_table *kernels;
    double delta;
    critical_level level;
    int64_t position;
    int64_t start;
    int64_t missing; /* observations since the last value */
    pixelshift_gap *gaps;
    int64_t gap_count;
    int64_t gap_capacity;
    double *values;
    int64_t head;
    int64_t count;
    int64_t capacity;
    segment_mode mode;
    int wide; /* sums are 64 bits */
    void *up;
    void *down; /* minus down; the same array as `up` when delta is 0 */
    int64_t sums_capacity;
    size_t sums_size;
    int hot_left;
    lazy_index index;
    double *scratch;
    int64_t scratch_capacity;
    double *detrended;
    int64_t detrended_capacity;
    pixelshift_changepoint_effort effort;
};

typedef struct pixelshift_changepoint segment;
typedef pixelshift_changepoint_status status;

#define OK PIXELSHIFT_CHANGEPOINT_OK
#define NO_MEMORY PIXELSHIFT_CHANGEPOINT_NO_MEMORY

static inline int is_shifted(const segment *s) {
    return s->delta != 0.0;
}

/* NULL before the first value. */
static inline const double *values_of(const segment *s) {
    return s->values != NULL ? s->values + s->head : NULL;
}

static inline int64_t greater(int64_t left, int64_t right) {
    return left > right ? left : right;
}

static inline int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
}

/* U, or minus down, at one split; only while sums are up to date. */
static inline int64_t sum_at(const segment *s, int rising, int64_t i) {
    const void *sums = rising ? s->up : s->down;
    int64_t at = s->head + i;
    int64_t value = s->wide ? ((const int64_t *)sums)[at] : ((const int32_t *)sums)[at];
    return rising ? value : -value;
}

/* Takes at least one of `count` finite values; `k` belongs to the last one taken, INT64_MIN where bounds rule it out.
 */
status segment_append(segment *s, const double *values, int64_t count, int64_t *taken, int64_t *k);
/* Writes down the observations that were missing before the next value. */
status segment_remember_gap(segment *s);
/* Position in the stream of value `index`. */
int64_t segment_position(const segment *s, int64_t index);
/* Begins anew after an alarm at `split`. */
status segment_restart(segment *s, int64_t split);
/* Derives everything else from values[head .. head + count). */
status segment_rebuild(segment *s);
/* Brings the index up to date, writes the exact K and bounds from there. */
status segment_settle(segment *s, int64_t *k);
status segment_reserve_scratch(segment *s, int64_t count);

#endif
