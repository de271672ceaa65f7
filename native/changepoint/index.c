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
    index_free_bounds(index);
    *index = (lazy_index){.delta = index->delta};
}

int index_grow_array(void *array_address, int64_t count, size_t size) {
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
    free(index->scratch); /* nothing in it is wanted again */
    index->scratch = malloc((size_t)capacity * sizeof *index->scratch);
    int shared = index->down_steps == index->up_steps;
    int failed = index->scratch == NULL || index_grow_array(&index->sorted, capacity, sizeof *index->sorted) ||
                 index_grow_array(&index->up_steps, capacity, sizeof *index->up_steps);
    if (index->delta == 0.0) {
        index->down_steps = index->up_steps;
    } else {
        index->down_steps = shared ? NULL : index->down_steps;
        failed = failed || index_grow_array(&index->down_steps, capacity, sizeof *index->down_steps);
    }
    index->capacity = failed ? 0 : capacity;
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

/* `one` where `choice` is 1, `other` where it is 0, without a branch. */
static const index_entry *choose(int64_t choice, const index_entry *one, const index_entry *other) {
    uintptr_t mask = (uintptr_t)-choice;
    return (const index_entry *)(((uintptr_t)one & mask) | ((uintptr_t)other & ~mask));
}

/* Without branches on the data, which no predictor could guess, and from both ends at once: two chains of dependent
 * steps that the processor interleaves. Neither end can run dry within as many steps as the shorter side has. */
static void merge(index_entry *out, const index_entry *left, int64_t n_left, const index_entry *right,
                  int64_t n_right) {
    const index_entry *left_end = left + n_left, *right_end = right + n_right;
    index_entry *out_end = out + n_left + n_right;
    while (left != left_end && right != right_end) {
        for (int64_t steps = lesser(left_end - left, right_end - right); steps > 0; steps -= 2) {
            int64_t take_right = right->value < left->value;
            *out++ = *choose(take_right, right, left);
            right += take_right;
            left += 1 - take_right;
            if (steps > 1) {
                int64_t take_left = right_end[-1].value < left_end[-1].value;
                *--out_end = *choose(take_left, left_end - 1, right_end - 1);
                left_end -= take_left;
                right_end -= 1 - take_left;
            }
        }
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
    int64_t up = 0, up_most = INT64_MIN, down = 0, down_least = INT64_MAX;
    for (int64_t i = 0; i + 1 < count; i++) {
        up += index->up_steps[i];
        up_most = up > up_most ? up : up_most;
        down += index->down_steps[i];
        down_least = down < down_least ? down : down_least;
    }
    index->highest_up = up_most;
    index->highest_down = count > 1 ? -down_least : INT64_MIN;
}

/* With places known, pending values are dealt out by place first: what is left to sort lies between two cuts. */
static index_entry *sort_by_place(lazy_index *index, index_entry *entries, index_entry *spare, int64_t count) {
    int32_t firsts[INDEX_PLACES + 1] = {0};
    int64_t places = 2 * index->cut_count + 1;
    for (int64_t k = 0; k < count; k++) {
        firsts[index->places[k] + 1]++;
    }
    for (int64_t p = 0; p < places; p++) {
        firsts[p + 1] += firsts[p];
    }
    for (int64_t k = 0; k < count; k++) {
        spare[firsts[index->places[k]]++] = entries[k];
    }
    /* Every first has moved to where the next place begins. */
    for (int64_t p = 0, low = 0; p < places; low = firsts[p++]) {
        if (p % 2 == 0) {
            index_entry *sorted = sort_pending(index, spare + low, entries + low, firsts[p] - low);
            if (sorted != spare + low) {
                memcpy(spare + low, sorted, (size_t)(firsts[p] - low) * sizeof *sorted);
            }
        }
    }
    return spare;
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
    int has_places = index->delta == 0.0 && index->placed == pending;
    entries = (has_places ? sort_by_place : sort_pending)(index, entries, spare, pending);
    count_both(index, index->sorted, synced, entries, pending);
    if (entries != index->sorted + synced) {
        memcpy(index->sorted + synced, entries, (size_t)pending * sizeof *entries);
    }
    merge(index->scratch, index->sorted, synced, index->sorted + synced, pending);
    index_entry *swap = index->sorted;
    index->sorted = index->scratch;
    index->scratch = swap;
    index->synced = count;
    index->placed = 0;
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
