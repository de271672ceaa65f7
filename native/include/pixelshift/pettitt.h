/*
 * Kernels of the recursive Pettitt statistic. Scalar and AVX2 give the same integers.
 */
#ifndef PIXELSHIFT_PETTITT_H
#define PIXELSHIFT_PETTITT_H

#include <stdint.h>

#include "pixelshift/cpu.h"

/* Rooms never exceed this, so that adding a growth of up to 2^30 stays inside 32 bits. */
#define PIXELSHIFT_PETTITT_ROOM_MAX (1 << 30)

typedef struct {
    int64_t highest;
    int64_t lowest;
} pixelshift_pettitt_range;

/*
 * Upper bounds on U by blocks of time, for values told apart by cuts only.
 *
 * A place is 2 c for a value between the cuts c - 1 and c, 2 c + 1 for one equal to cut c. A row of growth holds, for
 * one place, the most that up can grow in every block, then from `stride` on the most that minus down can.
 */
typedef struct {
    const double *cuts;   /* PIXELSHIFT_PETTITT_FENCES * width, ascending, NaN from the last one on */
    const double *fences; /* fences[i] = cuts[(i + 1) * width - 1] */
    int64_t width;        /* a multiple of 4 */
    double delta;
    const int32_t *growth; /* 2 * stride for each place */
    const int32_t *totals; /* growth of up and of minus down at the end of the last block, for each place */
    int64_t stride;
    int64_t blocks;    /* in use, rounded up to a multiple of 8 */
    int32_t *up_rooms; /* what U may still grow before `reference`, at most PIXELSHIFT_PETTITT_ROOM_MAX */
    int32_t *down_rooms;
    /* The block that is being filled: its values may all speak the same way; the newest split starts from U = 0. */
    int64_t open;
    int64_t open_up_room;
    int64_t open_down_room;
    int64_t reference;
    int64_t least; /* the least room when one was used up, else INT64_MAX */
} pixelshift_pettitt_bounds;

#define PIXELSHIFT_PETTITT_FENCES 16

typedef struct {
    /*
     * sums[i] += sum_{k<=i} ([values[k] < pivot] - [values[k] > pivot]) for i < count; the
     * range of the new sums, or {INT64_MIN, INT64_MAX} when count is 0. The caller keeps
     * |sums| below 2^31 in the 32-bit form.
     */
    pixelshift_pettitt_range (*pass_i32)(int32_t *sums, const double *values, int64_t count, double pivot);
    pixelshift_pettitt_range (*pass_i64)(int64_t *sums, const double *values, int64_t count, double pivot);
    /*
     * Takes values[0] out of every split: sums[i] -= sum_{i<j<count} sgn((values[j] + shift) - values[0]) for
     * 1 <= i < count; sums[0] is left alone.
     */
    void (*drop_i32)(int32_t *sums, const double *values, int64_t count, double shift);
    void (*drop_i64)(int64_t *sums, const double *values, int64_t count, double shift);
    /*
     * Whether any split 1 <= t < count has u = max(up[t - 1], -down[t - 1]) > 0 and u^2 >= bound t (count - t).
     */
    int (*reaches_i32)(const int32_t *up, const int32_t *down, int64_t count, double bound);
    int (*reaches_i64)(const int64_t *up, const int64_t *down, int64_t count, double bound);
    /*
     * Takes the largest possible growth of U from every room, value by value, until a room is used up, a value is not
     * finite or all are taken. Writes each value's place; returns how many were taken.
     */
    int64_t (*bound)(pixelshift_pettitt_bounds *bounds, uint16_t *places, const double *values, int64_t count);
} pixelshift_pettitt_table;

const pixelshift_pettitt_table *pixelshift_pettitt_kernels(pixelshift_cpu_level level);

pixelshift_pettitt_range pixelshift_pettitt_pass_i32(int32_t *sums, const double *values, int64_t count, double pivot);
pixelshift_pettitt_range pixelshift_pettitt_pass_i64(int64_t *sums, const double *values, int64_t count, double pivot);
void pixelshift_pettitt_drop_i32(int32_t *sums, const double *values, int64_t count, double shift);
void pixelshift_pettitt_drop_i64(int64_t *sums, const double *values, int64_t count, double shift);
int pixelshift_pettitt_reaches_i32(const int32_t *up, const int32_t *down, int64_t count, double bound);
int pixelshift_pettitt_reaches_i64(const int64_t *up, const int64_t *down, int64_t count, double bound);
int64_t pixelshift_pettitt_bound(pixelshift_pettitt_bounds *bounds, uint16_t *places, const double *values,
                                 int64_t count);

#if PIXELSHIFT_HAVE_AVX2
pixelshift_pettitt_range pixelshift_pettitt_pass_i32_avx2(int32_t *sums, const double *values, int64_t count,
                                                          double pivot);
pixelshift_pettitt_range pixelshift_pettitt_pass_i64_avx2(int64_t *sums, const double *values, int64_t count,
                                                          double pivot);
void pixelshift_pettitt_drop_i32_avx2(int32_t *sums, const double *values, int64_t count, double shift);
int pixelshift_pettitt_reaches_i32_avx2(const int32_t *up, const int32_t *down, int64_t count, double bound);
int64_t pixelshift_pettitt_bound_avx2(pixelshift_pettitt_bounds *bounds, uint16_t *places, const double *values,
                                      int64_t count);
#endif

#endif
