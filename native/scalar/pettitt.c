#include "pixelshift/pettitt.h"

static inline int sign_below(double value, double pivot) {
    return (value < pivot) - (value > pivot);
}

pixelshift_pettitt_range pixelshift_pettitt_pass_i32(int32_t *sums, const double *values, int64_t count, double pivot) {
    pixelshift_pettitt_range range = {INT64_MIN, INT64_MAX};
    int32_t prefix = 0;
    for (int64_t i = 0; i < count; i++) {
        prefix += sign_below(values[i], pivot);
        sums[i] += prefix;
        range.highest = sums[i] > range.highest ? sums[i] : range.highest;
        range.lowest = sums[i] < range.lowest ? sums[i] : range.lowest;
    }
    return range;
}

pixelshift_pettitt_range pixelshift_pettitt_pass_i64(int64_t *sums, const double *values, int64_t count, double pivot) {
    pixelshift_pettitt_range range = {INT64_MIN, INT64_MAX};
    int64_t prefix = 0;
    for (int64_t i = 0; i < count; i++) {
        prefix += sign_below(values[i], pivot);
        sums[i] += prefix;
        range.highest = sums[i] > range.highest ? sums[i] : range.highest;
        range.lowest = sums[i] < range.lowest ? sums[i] : range.lowest;
    }
    return range;
}

static inline int32_t spend(int32_t room, int32_t growth) {
    int32_t left = room - growth;
    return left < PIXELSHIFT_PETTITT_ROOM_MAX ? left : PIXELSHIFT_PETTITT_ROOM_MAX;
}

int32_t pixelshift_pettitt_grow(int32_t *up_rooms, int32_t *down_rooms, const int32_t *ends,
                                const pixelshift_pettitt_rows *rows, int64_t blocks) {
    int32_t least = INT32_MAX;
    for (int64_t b = 0; b < blocks; b++) {
        int32_t up = rows->below_most[b + 1] + rows->upto_most[b] - ends[b];
        int32_t down = ends[b + 1] - rows->upto_least[b + 1] - rows->below_least[b];
        up_rooms[b] = spend(up_rooms[b], up);
        down_rooms[b] = spend(down_rooms[b], down);
        least = up_rooms[b] < least ? up_rooms[b] : least;
        least = down_rooms[b] < least ? down_rooms[b] : least;
    }
    return least;
}
