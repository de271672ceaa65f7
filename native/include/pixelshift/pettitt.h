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
 * Cumulative counts of old values per block of time, for one new value. Entry b + 1 of a
 * row counts the values below (or up to) a cut among the first ends[b + 1] values; entry 0
 * is 0. `most` rows bound a count from above, `least` rows from below.
 */
typedef struct {
    const int32_t *below_most;
    const int32_t *upto_most;
    const int32_t *below_least;
    const int32_t *upto_least;
} pixelshift_pettitt_rows;

typedef struct {
    /*
     * sums[i] += sum_{k<=i} ([values[k] < pivot] - [values[k] > pivot]) for i < count; the
     * range of the new sums, or {INT64_MIN, INT64_MAX} when count is 0. The caller keeps
     * |sums| below 2^31 in the 32-bit form.
     */
    pixelshift_pettitt_range (*pass_i32)(int32_t *sums, const double *values, int64_t count, double pivot);
    pixelshift_pettitt_range (*pass_i64)(int64_t *sums, const double *values, int64_t count, double pivot);
    /*
     * Takes the largest possible growth of up and down in every block from its room:
     *     up:   below_most[b+1] + upto_most[b] - ends[b]
     *     down: ends[b+1] - upto_least[b+1] - below_least[b]
     * and returns the least room that is left. `blocks` is a multiple of 8.
     */
    int32_t (*grow)(int32_t *up_rooms, int32_t *down_rooms, const int32_t *ends, const pixelshift_pettitt_rows *rows,
                    int64_t blocks);
} pixelshift_pettitt_table;

const pixelshift_pettitt_table *pixelshift_pettitt_kernels(pixelshift_cpu_level level);

pixelshift_pettitt_range pixelshift_pettitt_pass_i32(int32_t *sums, const double *values, int64_t count, double pivot);
pixelshift_pettitt_range pixelshift_pettitt_pass_i64(int64_t *sums, const double *values, int64_t count, double pivot);
int32_t pixelshift_pettitt_grow(int32_t *up_rooms, int32_t *down_rooms, const int32_t *ends,
                                const pixelshift_pettitt_rows *rows, int64_t blocks);

#if PIXELSHIFT_HAVE_AVX2
pixelshift_pettitt_range pixelshift_pettitt_pass_i32_avx2(int32_t *sums, const double *values, int64_t count,
                                                          double pivot);
pixelshift_pettitt_range pixelshift_pettitt_pass_i64_avx2(int64_t *sums, const double *values, int64_t count,
                                                          double pivot);
int32_t pixelshift_pettitt_grow_avx2(int32_t *up_rooms, int32_t *down_rooms, const int32_t *ends,
                                     const pixelshift_pettitt_rows *rows, int64_t blocks);
#endif

#endif
