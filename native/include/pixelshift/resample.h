/*
 * Separable resampling with antialiasing, 8 bits per sample, as a stream of rows.
 *
 * An *axis* holds the weights of one direction; a *plan* is two axes and a layout; a *stream* runs a plan: push source
 * rows from top to bottom, take finished rows as they become ready. Whatever the picture's height, a stream holds
 * only the rows that the filter spans. All arithmetic is on integers and exact up to one rounding per direction, so
 * that every level, whatever its order of summation, gives the same bytes.
 *
 * Fixed point. The weights of one output sum to exactly 1 << axis.bits and use the whole of int16, so that long
 * filters lose nothing. Between the two directions a sample is kept as int16 with `middle_bits` fraction bits, less
 * 128. With premultiplied alpha a source sample enters as colour * alpha / 255 with `source_bits` fraction bits.
 *
 * Nothing here allocates: callers ask for sizes and pass memory. Nothing here keeps state between calls.
 */
#ifndef PIXELSHIFT_RESAMPLE_H
#define PIXELSHIFT_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

/* Source rows are taken in strips of this many; only the last push may hold another number of rows. */
#define PIXELSHIFT_RESAMPLE_STRIP 16
/* What the memory given to the functions below must be aligned to, in bytes. */
#define PIXELSHIFT_RESAMPLE_ALIGNMENT 64
/* The longest side of a source or of a result, in samples. */
#define PIXELSHIFT_RESAMPLE_SIDE_LIMIT (1 << 20)

/*
 * What is divided by alpha is made larger by this factor, which is more than the three roundings of floats on the way
 * take away: so that rounding to the nearest, halves to even, takes halves up.
 */
#define PIXELSHIFT_RESAMPLE_NUDGE 0x1.000004p0f

typedef enum {
    PIXELSHIFT_RESAMPLE_NEAREST,
    PIXELSHIFT_RESAMPLE_LINEAR,
    PIXELSHIFT_RESAMPLE_CUBIC,
    PIXELSHIFT_RESAMPLE_MITCHELL,
    PIXELSHIFT_RESAMPLE_LANCZOS2,
    PIXELSHIFT_RESAMPLE_LANCZOS3,
    PIXELSHIFT_RESAMPLE_MKS2013,
    PIXELSHIFT_RESAMPLE_MKS2021,
    PIXELSHIFT_RESAMPLE_FILTERS,
} pixelshift_resample_filter;

/*
 * What an axis is made from: `in` samples, of which [low, high) become `out` samples. At an edge the filter is cut off
 * and what is left of it counts in full, unless `repeat_edges` is 1: then the edge samples go on beyond it, and the
 * interval may reach there too, by up to the source's length.
 */
typedef struct {
    int32_t in;
    int32_t out;
    double low;
    double high;
    pixelshift_resample_filter filter;
    int32_t repeat_edges;
} pixelshift_resample_spec;

typedef struct {
    int32_t in;
    int32_t out;
    int32_t bits;    /* the weights of one output sum to 1 << bits */
    int32_t wide;    /* 1: sums of int16 samples need 64 bits */
    int32_t taps;    /* length of a row of `weight`, even */
    int32_t first;   /* the first source sample that any output reads, rounded down to even */
    int32_t last;    /* one past the last source sample that any output reads */
    int32_t longest; /* the most samples that one output reads */
    int32_t pairs;   /* the most pairs (even sample, odd sample) that one output reads */
    int32_t *start;  /* per output: its first source sample; like start + count it never decreases */
    int32_t *count;  /* per output: how many source samples it reads, at least 1 */
    int16_t *weight; /* [out][taps]: output o's first weight stands at o * taps + (start[o] & 1), zeros around */
} pixelshift_resample_axis;

typedef struct {
    const pixelshift_resample_axis *x;
    const pixelshift_resample_axis *y;
    int32_t channels;       /* 1 to 4 */
    int32_t premultiply;    /* 1: the last channel is alpha, the others are weighted by it */
    int32_t vertical_first; /* 1: reduces so much in height that rows are summed before anything else */
    int32_t source_bits;    /* fraction bits of a sample on entry: 0 without premultiplication */
    int32_t middle_bits;    /* fraction bits between the two directions */
} pixelshift_resample_plan;

/*
 * A plan under way. Horizontal first: each strip of rows is filtered into `rows`, a ring from which each result row is
 * summed. Vertical first: each strip is added to the sums of the results that it touches (`sums`, a ring by result
 * row); finished sums become int16 in `rows`, and every STRIP of those is filtered into `ready`.
 */
typedef struct {
    pixelshift_resample_plan plan;
    const struct pixelshift_resample_kernels_table *kernels;
    int32_t pushed;     /* the next source row expected */
    int32_t next;       /* the next result row to take */
    int32_t slots;      /* rows in the ring: of `rows` (a power of two) or of `sums` */
    int32_t stride;     /* int16 per row of `rows` */
    int32_t summed;     /* vertical first: results before this one have left `sums` */
    int32_t held;       /* vertical first: rows of `rows` waiting, all after the `ready` ones */
    int32_t ready_from; /* vertical first: rows [ready_from, ready_to) of `ready` wait to be taken */
    int32_t ready_to;
    int32_t sum_stride;   /* sums per row of `sums` */
    int32_t ready_stride; /* bytes per row of `ready` */
    int16_t *rows;
    void *sums; /* in the kernel's own type */
    uint8_t *ready;
    void *scratch; /* in the kernel's own layout */
} pixelshift_resample_stream;

typedef struct pixelshift_resample_kernels_table {
    /* Bytes of `scratch`, and of one sum when vertical first. */
    size_t (*scratch_bytes)(const pixelshift_resample_plan *plan);
    size_t (*sum_bytes)(const pixelshift_resample_plan *plan);
    /* Horizontal first: filters source rows [stream->pushed, + rows) into the ring; rows <= STRIP. */
    void (*push)(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride, int32_t rows);
    /* Horizontal first: result row `stream->next` from the ring into dst. */
    void (*take)(const pixelshift_resample_stream *stream, uint8_t *dst);
    /* Vertical first: adds source rows to the sums they count in; finished ones go to `rows`, raising `held`. */
    void (*add)(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride, int32_t rows);
    /* Vertical first: filters the first `count` <= STRIP rows of `rows` into `ready`. */
    void (*finish)(const pixelshift_resample_stream *stream, int32_t count);
} pixelshift_resample_kernels_table;

const pixelshift_resample_kernels_table *pixelshift_resample_kernels(pixelshift_cpu_level level);

/* Bytes of memory for the axis, or 0 if the specification makes no sense (sizes, or a box outside the source). */
size_t pixelshift_resample_axis_bytes(const pixelshift_resample_spec *spec);
/* Fills the axis inside `memory` of that many bytes. */
void pixelshift_resample_axis_init(pixelshift_resample_axis *axis, const pixelshift_resample_spec *spec, void *memory);

/* The axes must outlive the plan. */
void pixelshift_resample_plan_init(pixelshift_resample_plan *plan, const pixelshift_resample_axis *x,
                                   const pixelshift_resample_axis *y, int32_t channels, int32_t premultiply);

/* Bytes of memory for a stream of the plan at this level. */
size_t pixelshift_resample_stream_bytes(const pixelshift_resample_plan *plan, pixelshift_cpu_level level);
void pixelshift_resample_stream_init(pixelshift_resample_stream *stream, const pixelshift_resample_plan *plan,
                                     pixelshift_cpu_level level, void *memory);
/* The source rows still wanted: [*from, return value), where *from is the row to push next. */
int32_t pixelshift_resample_wanted_rows(const pixelshift_resample_stream *stream, int32_t *from);
/*
 * Gives up to `count` source rows, the first of which is row `stream->pushed` of the source, whole rows of `in`
 * pixels. Returns how many were used: fewer when finished rows must be taken first. `count` must be a multiple of
 * STRIP unless the rows reach the end of what is wanted.
 */
int32_t pixelshift_resample_push_rows(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                      int32_t count);
/* Writes up to `limit` finished rows; returns how many. */
int32_t pixelshift_resample_take_rows(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride,
                                      int32_t limit);
/* The array form: a loop of push and take over a stream that was just initialised. src is the whole source. */
void pixelshift_resample_run(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src,
                             ptrdiff_t src_stride);

#endif
