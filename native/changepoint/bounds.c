#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

static int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
}

void index_free_bounds(lazy_index *index) {
    free(index->cuts);
    free(index->growth);
    free(index->totals);
    free(index->counted);
    free(index->histogram);
    free(index->ends);
    free(index->up_rooms);
    free(index->down_rooms);
    free(index->places);
}

/* Bounds lose about T / (2 blocks) + T / cuts per value, while the critical value gains about sqrt(2 T): with blocks in
 * proportion to sqrt(T) the two keep step, and a segment grows by half before it must synchronise. */
static void choose_sizes(int64_t count, int64_t *blocks, int64_t *width) {
    *blocks = count < 4096 ? 24 : count < 32768 ? 40 : count < 262144 ? 96 : 192;
    *width = count < 4096 ? 4 : count < 262144 ? 16 : 32;
}

static int reserve_bounds(lazy_index *index, int64_t blocks, int64_t width) {
    int64_t capacity = (blocks + blocks / 2 + 7) / 8 * 8;
    int64_t cuts = PIXELSHIFT_PETTITT_FENCES * width, places = 2 * cuts;
    index->block_capacity = capacity;
    index->bounds.stride = capacity;
    index->bounds.width = width;
    if (capacity <= index->reserved_blocks && width <= index->reserved_width) {
        return 0;
    }
    int failed = index_grow_array(&index->cuts, cuts + PIXELSHIFT_PETTITT_FENCES, sizeof *index->cuts) ||
                 index_grow_array(&index->growth, places * 2 * capacity, sizeof *index->growth) ||
                 index_grow_array(&index->totals, 2 * places, sizeof *index->totals) ||
                 index_grow_array(&index->counted, places, sizeof *index->counted) ||
                 index_grow_array(&index->histogram, places + 2 * capacity + 2, sizeof *index->histogram) ||
                 index_grow_array(&index->ends, capacity + 1, sizeof *index->ends) ||
                 index_grow_array(&index->up_rooms, capacity, sizeof *index->up_rooms) ||
                 index_grow_array(&index->down_rooms, capacity, sizeof *index->down_rooms);
    index->reserved_blocks = failed ? 0 : capacity;
    index->reserved_width = failed ? 0 : width;
    return failed ? -1 : 0;
}

static int32_t capped(int64_t room) {
    return (int32_t)lesser(room, PIXELSHIFT_PETTITT_ROOM_MAX);
}

static void measure_rooms(lazy_index *index) {
    int64_t up = 0, down = 0, i = 0;
    for (int64_t b = 0; b < index->blocks; b++) {
        int64_t highest_up = INT64_MIN, highest_down = INT64_MIN;
        for (; i < index->ends[b + 1]; i++) {
            up += index->up_steps[i];
            down -= index->down_steps[i];
            highest_up = up > highest_up ? up : highest_up;
            highest_down = down > highest_down ? down : highest_down;
        }
        index->up_rooms[b] = capped(index->bounds.reference - highest_up);
        index->down_rooms[b] = capped(index->bounds.reference - highest_down);
    }
    for (int64_t b = index->blocks; b < index->block_capacity; b++) {
        index->up_rooms[b] = index->down_rooms[b] = PIXELSHIFT_PETTITT_ROOM_MAX;
    }
}

/* Distinct quantiles of the values; the rest of the array is NaN, which no value is above or equal to. */
static void choose_cuts(lazy_index *index) {
    int64_t width = index->bounds.width, target = PIXELSHIFT_PETTITT_FENCES * width - 1;
    index->cut_count = 0;
    for (int64_t r = 0; r < target; r++) {
        double cut = index->sorted[(r + 1) * index->synced / (target + 1)].value;
        if (index->cut_count == 0 || index->cuts[index->cut_count - 1] != cut) {
            index->cuts[index->cut_count++] = cut;
        }
    }
    double *fences = index->cuts + PIXELSHIFT_PETTITT_FENCES * width;
    for (int64_t c = index->cut_count; c <= target; c++) {
        index->cuts[c] = (double)NAN;
    }
    for (int64_t i = 0; i < PIXELSHIFT_PETTITT_FENCES; i++) {
        fences[i] = index->cuts[(i + 1) * width - 1];
    }
    index->bounds.cuts = index->cuts;
    index->bounds.fences = fences;
}

/* Growth of U in blocks b from `first` on for one place. `most` and `least` are cumulative counts over blocks below and
 * up to the place, bounded from above and from below; entry b + 1 ends block b. */
static void write_growth(lazy_index *index, int64_t place, const int32_t *below_most, const int32_t *upto_most,
                         const int32_t *below_least, const int32_t *upto_least) {
    int32_t *up = index->growth + 2 * place * index->bounds.stride, *down = up + index->bounds.stride;
    int64_t blocks = index->blocks;
    const int32_t *ends = index->ends;
    for (int64_t b = 0; b < blocks; b++) {
        up[b] = below_most[b + 1] + upto_most[b] - ends[b];
        down[b] = ends[b + 1] - upto_least[b + 1] - below_least[b];
    }
    for (int64_t b = blocks; b < index->block_capacity; b++) {
        up[b] = down[b] = 0;
    }
    index->totals[2 * place] = below_most[blocks] + upto_most[blocks] - ends[blocks];
    index->totals[2 * place + 1] = ends[blocks] - upto_least[blocks] - below_least[blocks];
}

static void accumulate(int32_t *cumulative, const int32_t *histogram, int64_t blocks) {
    int32_t total = 0;
    cumulative[0] = 0;
    for (int64_t b = 0; b < blocks; b++) {
        total += histogram[b];
        cumulative[b + 1] = total;
    }
}

/* Division of positions by one length as multiplication, exact below 2^28 (Granlund and Montgomery 1994). */
typedef struct {
    uint64_t factor;
    int shift;
} reciprocal;

static reciprocal reciprocal_of(int64_t length) {
    int shift = 28 + 64 - __builtin_clzll((unsigned long long)length);
    return (reciprocal){((uint64_t)1 << shift) / (uint64_t)length + 1, shift};
}

static int64_t divide(int32_t position, reciprocal length) {
    return (int64_t)(((uint64_t)position * length.factor) >> length.shift);
}

/* Walks through the sorted values once; at every cut the counts below it and up to it give two rows. */
static void fill_growth(lazy_index *index) {
    int32_t histogram[INDEX_BLOCKS] = {0}, rows[3][INDEX_BLOCKS + 1] = {{0}};
    int32_t *before = rows[0], *below = rows[1], *upto = rows[2];
    int64_t at = 0, blocks = index->blocks;
    const reciprocal length = reciprocal_of(index->block_length);
    for (int64_t c = 0; c <= index->cut_count; c++) {
        int last = c == index->cut_count;
        while (at < index->synced && (last || index->sorted[at].value < index->cuts[c])) {
            histogram[divide(index->sorted[at++].position, length)]++;
        }
        accumulate(below, histogram, blocks);
        write_growth(index, 2 * c, below, below, before, before);
        index->counted[2 * c] = below[blocks];
        if (last) {
            return;
        }
        while (at < index->synced && index->sorted[at].value == index->cuts[c]) {
            histogram[divide(index->sorted[at++].position, length)]++;
        }
        accumulate(upto, histogram, blocks);
        write_growth(index, 2 * c + 1, below, upto, below, upto);
        index->counted[2 * c + 1] = upto[blocks];
        int32_t *swap = before;
        before = upto;
        upto = swap;
    }
}

static void show_blocks(lazy_index *index) {
    index->bounds.blocks = (index->blocks + 7) / 8 * 8;
    index->bounds.open = 0;
    index->bounds.open_up_room = index->bounds.open_down_room = INT64_MAX;
}

int index_bound(lazy_index *index, int64_t critical) {
    int64_t wanted, width;
    choose_sizes(index->synced, &wanted, &width);
    index->block_length = (index->synced + wanted - 1) / wanted;
    index->blocks = (index->synced + index->block_length - 1) / index->block_length;
    int64_t places = index->synced + index->synced / 2 + 2 * index->block_length;
    if (reserve_bounds(index, wanted, width) != 0) {
        return -1;
    }
    if (places > index->place_capacity) {
        if (index_grow_array(&index->places, places, sizeof *index->places) != 0) {
            return -1;
        }
        index->place_capacity = places;
    }
    index->placed = 0;
    index->ends[0] = 0;
    for (int64_t b = 0; b < index->blocks; b++) {
        index->ends[b + 1] = (int32_t)lesser((b + 1) * index->block_length, index->synced);
    }
    index->bounds.delta = index->delta;
    index->bounds.reference = critical;
    measure_rooms(index);
    choose_cuts(index);
    fill_growth(index);
    index->bounds.growth = index->growth;
    index->bounds.totals = index->totals;
    index->bounds.up_rooms = index->up_rooms;
    index->bounds.down_rooms = index->down_rooms;
    show_blocks(index);
    return 0;
}

/* The values of the open block, counted by place, give one more column of growth. */
static void close_block(lazy_index *index) {
    int64_t b = index->blocks++, last = 2 * index->cut_count, length = index->bounds.open;
    int32_t first = index->ends[b], end = first + (int32_t)length;
    int32_t *fresh = index->histogram;
    const uint16_t *places = index->places + index->placed - length;
    index->ends[b + 1] = end;
    memset(fresh, 0, (size_t)(last + 1) * sizeof *fresh);
    for (int64_t k = 0; k < length; k++) {
        fresh[places[k]]++;
    }
    int32_t added = 0, upto_before = 0, upto_now = 0; /* up to the cut before the place */
    for (int64_t p = 0; p <= last; p++) {
        int32_t *column = index->growth + 2 * p * index->bounds.stride + b, *total = index->totals + 2 * p;
        added += fresh[p];
        int32_t before = index->counted[p], now = before + added;
        if (p % 2 == 0) { /* between cuts */
            column[0] = now + before - first;
            column[index->bounds.stride] = end - upto_now - upto_before;
            total[0] = 2 * now - end;
            total[1] = end - 2 * upto_now;
        } else { /* at a cut: `below` is the row before, which has been counted already */
            int32_t below_now = index->counted[p - 1], below_before = below_now - (added - fresh[p]);
            column[0] = below_now + before - first;
            column[index->bounds.stride] = end - now - below_before;
            total[0] = below_now + now - end;
            total[1] = end - now - below_now;
            upto_before = before;
            upto_now = now;
        }
        index->counted[p] = now;
    }
    index->up_rooms[b] = capped(index->bounds.open_up_room);
    index->down_rooms[b] = capped(index->bounds.open_down_room);
    show_blocks(index);
}

int index_is_full(const lazy_index *index) {
    return index->blocks == index->block_capacity;
}

int64_t index_push(lazy_index *index, const pixelshift_pettitt_table *kernels, const double *values, int64_t count) {
    int64_t most = lesser(count, index->block_length - index->bounds.open);
    int64_t taken = kernels->bound(&index->bounds, index->places + index->placed, values, most);
    index->placed += taken;
    if (index->bounds.open == index->block_length) {
        close_block(index);
    }
    return taken;
}

void index_credit(lazy_index *index, int64_t critical) {
    pixelshift_pettitt_bounds *bounds = &index->bounds;
    int64_t credit = critical - bounds->reference;
    for (int64_t b = 0; b < index->blocks; b++) {
        index->up_rooms[b] = capped(index->up_rooms[b] + credit);
        index->down_rooms[b] = capped(index->down_rooms[b] + credit);
    }
    if (bounds->open > 0) {
        bounds->open_up_room += credit;
        bounds->open_down_room += credit;
    }
    bounds->reference = critical;
}
