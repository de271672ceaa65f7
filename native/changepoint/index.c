#include "index.h"

#include <stdlib.h>
#include <string.h>

#define RUN 12

static int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
}

void index_free(lazy_index *index) {
    free(index->sorted);
    free(index->scratch);
    free(index->up_steps);
    if (index->down_steps != index->up_steps) {
        free(index->down_steps);
    }
    free(index->cuts);
    free(index->table);
    free(index->fresh);
    free(index->ends);
    free(index->up_rooms);
    free(index->down_rooms);
    *index = (lazy_index){.delta = index->delta};
}

static int grow_array(void *array_address, int64_t count, size_t size) {
    void **array = array_address;
    void *grown = realloc(*array, (size_t)count * size);
    if (grown == NULL) {
        return -1;
    }
    *array = grown;
    return 0;
}

static int reserve(lazy_index *index, int64_t count) {
    if (count <= index->capacity) {
        return 0;
    }
    int64_t capacity = count + count / 2 + 64;
    int failed = grow_array(&index->sorted, capacity, sizeof *index->sorted) ||
                 grow_array(&index->scratch, capacity, sizeof *index->scratch);
    int shared = index->down_steps == index->up_steps;
    failed = failed || grow_array(&index->up_steps, capacity, sizeof *index->up_steps);
    if (index->delta == 0.0) {
        index->down_steps = index->up_steps;
    } else {
        index->down_steps = shared ? NULL : index->down_steps;
        failed = failed || grow_array(&index->down_steps, capacity, sizeof *index->down_steps);
    }
    index->capacity = failed ? index->capacity : capacity;
    return failed ? -1 : 0;
}

/* Pairs of an earlier and a later value, each group sorted: sgn((later + shift) - earlier) to one, minus it to the
 * other. */
static void count_pairs(int32_t *steps, const index_entry *early, int64_t n_early, const index_entry *late,
                        int64_t n_late, double shift) {
    int64_t below = 0, upto = 0;
    for (int64_t i = 0; i < n_early; i++) {
        double value = early[i].value;
        while (below < n_late && late[below].value + shift < value) {
            below++;
        }
        while (upto < n_late && late[upto].value + shift <= value) {
            upto++;
        }
        steps[early[i].position] += (int32_t)(n_late - upto - below);
    }
    below = upto = 0;
    for (int64_t j = 0; j < n_late; j++) {
        double pivot = late[j].value + shift;
        while (below < n_early && early[below].value < pivot) {
            below++;
        }
        while (upto < n_early && early[upto].value <= pivot) {
            upto++;
        }
        steps[late[j].position] -= (int32_t)(below - (n_early - upto));
    }
}

static void count_both(lazy_index *index, const index_entry *early, int64_t n_early, const index_entry *late,
                       int64_t n_late) {
    if (index->delta != 0.0) {
        count_pairs(index->up_steps, early, n_early, late, n_late, -index->delta);
        count_pairs(index->down_steps, early, n_early, late, n_late, index->delta);
    }
}

/* Without branches on the data, which no predictor could guess: the two heads move by arithmetic. */
static void merge(index_entry *out, const index_entry *left, int64_t n_left, const index_entry *right,
                  int64_t n_right) {
    const index_entry *left_end = left + n_left, *right_end = right + n_right;
    while (left != left_end && right != right_end) {
        int64_t take_right = right->value < left->value;
        double value = right->value < left->value ? right->value : left->value;
        int32_t position = right->position ^ ((right->position ^ left->position) & (int32_t)(take_right - 1));
        *out++ = (index_entry){value, position};
        right += take_right;
        left += 1 - take_right;
    }
    memcpy(out, left, (size_t)(left_end - left) * sizeof *out);
    memcpy(out + (left_end - left), right, (size_t)(right_end - right) * sizeof *out);
}

static void sort_run(lazy_index *index, index_entry *run, int64_t count) {
    for (int64_t i = 1; i < count; i++) {
        /* Before run[i] joins, run[0..i) are the earlier values of this run, sorted. */
        index_entry entry = run[i];
        count_both(index, run, i, &entry, 1);
        int64_t j = i;
        for (; j > 0 && run[j - 1].value > entry.value; j--) {
            run[j] = run[j - 1];
        }
        run[j] = entry;
    }
}

/* Merge sort by value; with a threshold every merge also counts the pairs across it. */
static index_entry *sort_pending(lazy_index *index, index_entry *entries, index_entry *spare, int64_t count) {
    for (int64_t i = 0; i < count; i += RUN) {
        sort_run(index, entries + i, lesser(RUN, count - i));
    }
    for (int64_t width = RUN; width < count; width *= 2) {
        for (int64_t i = 0; i < count; i += 2 * width) {
            int64_t n_left = lesser(width, count - i), n_right = lesser(width, count - i - n_left);
            count_both(index, entries + i, n_left, entries + i + n_left, n_right);
            merge(spare + i, entries + i, n_left, entries + i + n_left, n_right);
        }
        index_entry *swap = entries;
        entries = spare;
        spare = swap;
    }
    return entries;
}

/* Without a threshold a value's step follows from its rank: how many are greater, less how many are smaller. */
static void steps_by_rank(lazy_index *index, int64_t count) {
    const index_entry *sorted = index->sorted;
    for (int64_t low = 0; low < count;) {
        int64_t high = low + 1;
        while (high < count && sorted[high].value == sorted[low].value) {
            high++;
        }
        int32_t step = (int32_t)(count - high - low);
        for (; low < high; low++) {
            index->up_steps[sorted[low].position] = step;
        }
    }
}

static void measure(lazy_index *index, int64_t count) {
    int64_t up = 0, down = 0;
    index->highest_up = index->highest_down = INT64_MIN;
    for (int64_t i = 0; i + 1 < count; i++) {
        up += index->up_steps[i];
        down -= index->down_steps[i];
        index->highest_up = up > index->highest_up ? up : index->highest_up;
        index->highest_down = down > index->highest_down ? down : index->highest_down;
    }
}

int index_sync(lazy_index *index, const double *values, int64_t count) {
    int64_t synced = index->synced, pending = count - synced;
    if (reserve(index, count) != 0) {
        return -1;
    }
    /* Sorting needs two stretches of `pending`; the tails of both arrays are free until the final merge. */
    index_entry *entries = index->sorted + synced, *spare = index->scratch + synced;
    for (int64_t k = 0; k < pending; k++) {
        entries[k] = (index_entry){values[synced + k], (int32_t)(synced + k)};
    }
    memset(index->up_steps + synced, 0, (size_t)pending * sizeof *index->up_steps);
    memset(index->down_steps + synced, 0, (size_t)pending * sizeof *index->down_steps);
    entries = sort_pending(index, entries, spare, pending);
    count_both(index, index->sorted, synced, entries, pending);
    if (entries != index->sorted + synced) {
        memcpy(index->sorted + synced, entries, (size_t)pending * sizeof *entries);
    }
    merge(index->scratch, index->sorted, synced, index->sorted + synced, pending);
    index_entry *swap = index->sorted;
    index->sorted = index->scratch;
    index->scratch = swap;
    index->synced = count;
    if (index->delta == 0.0) {
        steps_by_rank(index, count);
    }
    measure(index, count);
    return 0;
}

void index_sums_i32(const lazy_index *index, int32_t *up, int32_t *down) {
    int32_t up_sum = 0, down_sum = 0;
    for (int64_t i = 0; i < index->synced; i++) {
        up[i] = up_sum += index->up_steps[i];
        if (index->delta != 0.0) {
            down[i] = down_sum += index->down_steps[i];
        }
    }
}

void index_sums_i64(const lazy_index *index, int64_t *up, int64_t *down) {
    int64_t up_sum = 0, down_sum = 0;
    for (int64_t i = 0; i < index->synced; i++) {
        up[i] = up_sum += index->up_steps[i];
        if (index->delta != 0.0) {
            down[i] = down_sum += index->down_steps[i];
        }
    }
}

/* Blocks and cuts: longer segments pay for finer ones with fewer synchronisations. */
static void choose_sizes(int64_t count, int64_t *block_length, int64_t *cut_target) {
    int64_t wanted = count < 4096 ? 32 : count < 65536 ? 48 : count < 524288 ? 64 : 128;
    *block_length = (count + wanted - 1) / wanted;
    *cut_target = count < 4096 ? 192 : count < 65536 ? 512 : 512;
}

static int reserve_bounds(lazy_index *index, int64_t blocks, int64_t cut_target) {
    int64_t capacity = (blocks + blocks / 2 + 7) / 8 * 8;
    int64_t stride = capacity + 8;
    int64_t rows = 2 * cut_target + 2;
    index->block_capacity = capacity;
    index->row_stride = stride;
    return grow_array(&index->cuts, cut_target + 1, sizeof *index->cuts) ||
                   grow_array(&index->table, rows * stride, sizeof *index->table) ||
                   grow_array(&index->fresh, rows, sizeof *index->fresh) ||
                   grow_array(&index->ends, stride, sizeof *index->ends) ||
                   grow_array(&index->up_rooms, capacity, sizeof *index->up_rooms) ||
                   grow_array(&index->down_rooms, capacity, sizeof *index->down_rooms)
               ? -1
               : 0;
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
        index->up_rooms[b] = capped(index->reference - highest_up);
        index->down_rooms[b] = capped(index->reference - highest_down);
    }
    for (int64_t b = index->blocks; b < index->block_capacity; b++) {
        index->up_rooms[b] = index->down_rooms[b] = PIXELSHIFT_PETTITT_ROOM_MAX;
    }
}

static void choose_cuts(lazy_index *index, int64_t cut_target) {
    index->cut_count = 0;
    for (int64_t r = 0; r < cut_target; r++) {
        double cut = index->sorted[(r + 1) * index->synced / (cut_target + 1)].value;
        if (index->cut_count == 0 || index->cuts[index->cut_count - 1] != cut) {
            index->cuts[index->cut_count++] = cut;
        }
    }
}

static void write_row(const lazy_index *index, int64_t row, const int32_t *histogram) {
    int32_t *out = index->table + row * index->row_stride;
    int32_t total = 0;
    out[0] = 0;
    for (int64_t b = 0; b < index->blocks; b++) {
        total += histogram[b];
        out[b + 1] = total;
    }
    memset(out + index->blocks + 1, 0, (size_t)(index->row_stride - index->blocks - 1) * sizeof *out);
}

static void fill_table(lazy_index *index) {
    int32_t histogram[512] = {0};
    int64_t at = 0;
    /* Positions are below 2^28 and a block is at least one long: the rounded-up reciprocal divides exactly enough. */
    const uint64_t length = (uint64_t)index->block_length;
    write_row(index, 0, histogram);
    for (int64_t r = 0; r <= index->cut_count; r++) {
        int last = r == index->cut_count;
        while (at < index->synced && (last || index->sorted[at].value < index->cuts[r])) {
            histogram[(uint32_t)index->sorted[at++].position / (uint32_t)length]++;
        }
        write_row(index, 2 * r + 1, histogram);
        while (!last && at < index->synced && index->sorted[at].value == index->cuts[r]) {
            histogram[(uint32_t)index->sorted[at++].position / (uint32_t)length]++;
        }
        if (!last) {
            write_row(index, 2 * r + 2, histogram);
        }
    }
}

static void open_block(lazy_index *index) {
    index->open_up_room = index->open_down_room = INT64_MAX;
    memset(index->fresh, 0, (size_t)(2 * index->cut_count + 2) * sizeof *index->fresh);
}

int index_bound(lazy_index *index, int64_t critical) {
    int64_t cut_target;
    choose_sizes(index->synced, &index->block_length, &cut_target);
    index->blocks = (index->synced + index->block_length - 1) / index->block_length;
    if (reserve_bounds(index, index->blocks, cut_target) != 0) {
        return -1;
    }
    memset(index->ends, 0, (size_t)index->row_stride * sizeof *index->ends);
    for (int64_t b = 0; b < index->blocks; b++) {
        index->ends[b + 1] = (int32_t)lesser((b + 1) * index->block_length, index->synced);
    }
    index->reference = critical;
    measure_rooms(index);
    choose_cuts(index, cut_target);
    fill_table(index);
    open_block(index);
    return 0;
}

typedef struct {
    int64_t cut; /* how many cuts are below the value */
    int equal;   /* whether the value is the next cut */
} place;

static place locate(const lazy_index *index, double value) {
    const double *base = index->cuts;
    int64_t length = index->cut_count;
    while (length > 1) {
        int64_t half = length / 2;
        base += base[half - 1] < value ? half : 0;
        length -= half;
    }
    int64_t cut = (base - index->cuts) + (length == 1 && *base < value);
    return (place){cut, cut < index->cut_count && index->cuts[cut] == value};
}

static const int32_t *row(const lazy_index *index, int64_t number) {
    return index->table + number * index->row_stride;
}

static void close_block(lazy_index *index, int64_t count) {
    int64_t b = index->blocks++;
    int32_t total = 0;
    for (int64_t r = 0; r < 2 * index->cut_count + 2; r++) {
        int32_t *counts = index->table + r * index->row_stride;
        total += index->fresh[r];
        counts[b + 1] = counts[b] + total;
    }
    index->ends[b + 1] = (int32_t)count;
    index->up_rooms[b] = capped(index->open_up_room);
    index->down_rooms[b] = capped(index->open_down_room);
    open_block(index);
}

int index_is_full(const lazy_index *index) {
    return index->blocks == index->block_capacity;
}

int64_t index_push(lazy_index *index, const pixelshift_pettitt_table *kernels, double value, int64_t count) {
    place low = locate(index, value - index->delta);
    place high = index->delta == 0.0 ? low : locate(index, value + index->delta);
    place own = index->delta == 0.0 ? low : locate(index, value);
    pixelshift_pettitt_rows rows = {
        .below_most = row(index, 2 * low.cut + 1),
        .upto_most = row(index, 2 * low.cut + 1 + low.equal),
        .below_least = row(index, 2 * high.cut + high.equal),
        .upto_least = row(index, 2 * high.cut + 2 * high.equal),
    };
    int64_t blocks = index->blocks, last = index->ends[blocks], open = count - last;
    int64_t least = kernels->grow(index->up_rooms, index->down_rooms, index->ends, &rows, (blocks + 7) / 8 * 8);
    int64_t up = rows.below_most[blocks] + (int64_t)rows.upto_most[blocks] - last;
    int64_t down = last - rows.upto_least[blocks] - (int64_t)rows.below_least[blocks];
    /* Open values may all speak the same way; the newest split starts from U = 0. */
    int64_t room = index->reference;
    index->open_up_room = open > 0 ? lesser(index->open_up_room - up - open, room) : room;
    index->open_down_room = open > 0 ? lesser(index->open_down_room - down - open, room) : room;
    least = lesser(least, lesser(index->open_up_room, index->open_down_room));
    index->fresh[2 * own.cut + 1 + own.equal]++;
    if (open + 1 >= index->block_length) {
        close_block(index, count + 1);
    }
    return least;
}

void index_credit(lazy_index *index, int64_t critical) {
    int64_t credit = critical - index->reference;
    for (int64_t b = 0; b < index->blocks; b++) {
        index->up_rooms[b] = capped(index->up_rooms[b] + credit);
        index->down_rooms[b] = capped(index->down_rooms[b] + credit);
    }
    index->open_up_room = index->open_up_room == INT64_MAX ? INT64_MAX : index->open_up_room + credit;
    index->open_down_room = index->open_down_room == INT64_MAX ? INT64_MAX : index->open_down_room + credit;
    index->reference = critical;
}
