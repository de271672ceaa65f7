#include "pixelshift/pettitt.h"

#include <math.h>

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

void pixelshift_pettitt_drop_i32(int32_t *sums, const double *values, int64_t count, double shift) {
    int32_t suffix = 0;
    for (int64_t i = count - 1; i >= 1; i--) {
        double pivot = values[i] + shift;
        sums[i] -= suffix;
        suffix += (pivot > values[0]) - (pivot < values[0]);
    }
}

void pixelshift_pettitt_drop_i64(int64_t *sums, const double *values, int64_t count, double shift) {
    int64_t suffix = 0;
    for (int64_t i = count - 1; i >= 1; i--) {
        double pivot = values[i] + shift;
        sums[i] -= suffix;
        suffix += (pivot > values[0]) - (pivot < values[0]);
    }
}

int pixelshift_pettitt_reaches_i32(const int32_t *up, const int32_t *down, int64_t count, double bound) {
    for (int64_t t = 1; t < count; t++) {
        int32_t rising = up[t - 1], falling = -down[t - 1];
        double u = (double)(rising > falling ? rising : falling);
        if (u > 0.0 && u * u >= bound * ((double)t * (double)(count - t))) {
            return 1;
        }
    }
    return 0;
}

int pixelshift_pettitt_reaches_i64(const int64_t *up, const int64_t *down, int64_t count, double bound) {
    for (int64_t t = 1; t < count; t++) {
        int64_t rising = up[t - 1], falling = -down[t - 1];
        double u = (double)(rising > falling ? rising : falling);
        if (u > 0.0 && u * u >= bound * ((double)t * (double)(count - t))) {
            return 1;
        }
    }
    return 0;
}

static int64_t place_of(const pixelshift_pettitt_bounds *bounds, double value) {
    int64_t fence = 0, cut = 0;
    for (int64_t i = 0; i < PIXELSHIFT_PETTITT_FENCES; i++) {
        fence += bounds->fences[i] < value;
    }
    cut = fence * bounds->width;
    for (int64_t i = fence * bounds->width; i < (fence + 1) * bounds->width; i++) {
        cut += bounds->cuts[i] < value;
    }
    return 2 * cut + (bounds->cuts[cut] == value);
}

static inline int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
}

static int64_t spend(int32_t *rooms, const int32_t *growth, int64_t blocks) {
    int64_t least = INT64_MAX;
    for (int64_t b = 0; b < blocks; b++) {
        rooms[b] = (int32_t)lesser(rooms[b] - growth[b], PIXELSHIFT_PETTITT_ROOM_MAX);
        least = lesser(least, rooms[b]);
    }
    return least;
}

int64_t pixelshift_pettitt_bound(pixelshift_pettitt_bounds *bounds, uint16_t *places, const double *values,
                                 int64_t count) {
    int64_t i = 0, least = INT64_MAX;
    while (i < count && least > 0 && isfinite(values[i])) {
        int64_t own = place_of(bounds, values[i]);
        int64_t low = place_of(bounds, values[i] - bounds->delta), high = place_of(bounds, values[i] + bounds->delta);
        int64_t up_least = spend(bounds->up_rooms, bounds->growth + 2 * low * bounds->stride, bounds->blocks);
        int64_t down_least =
            spend(bounds->down_rooms, bounds->growth + (2 * high + 1) * bounds->stride, bounds->blocks);
        if (bounds->open > 0) {
            bounds->open_up_room -= bounds->totals[2 * low] + bounds->open;
            bounds->open_down_room -= bounds->totals[2 * high + 1] + bounds->open;
        }
        bounds->open_up_room = lesser(bounds->open_up_room, bounds->reference);
        bounds->open_down_room = lesser(bounds->open_down_room, bounds->reference);
        least = lesser(lesser(up_least, down_least), lesser(bounds->open_up_room, bounds->open_down_room));
        bounds->open++;
        places[i++] = (uint16_t)own;
    }
    bounds->least = least > 0 ? INT64_MAX : least;
    return i;
}
