#include "segment.h"

#include <stdlib.h>
#include <string.h>

/* |U| <= T^2 / 4 fits 32 bits up to here. */
#define LONGEST_I32 92681
/* Plain passes in a row once the statistic is close to its critical value. */
#define HOT_PASSES 32

static int is_lazy(const segment *s) {
    return !s->options.plain && !s->options.standardized_statistic && s->options.max_points == 0;
}

/* ---- memory ---- */

status segment_reserve_scratch(segment *s, int64_t count) {
    if (count <= s->scratch_capacity) {
        return OK;
    }
    double *grown = realloc(s->scratch, (size_t)(count + count / 2) * sizeof *grown);
    if (grown == NULL) {
        return NO_MEMORY;
    }
    s->scratch = grown;
    s->scratch_capacity = count + count / 2;
    return OK;
}

static status resize_sums(segment *s, int64_t capacity, size_t size) {
    void *grown = realloc(s->up, (size_t)capacity * size);
    if (grown == NULL) {
        return NO_MEMORY;
    }
    s->up = grown;
    if (is_shifted(s)) {
        grown = realloc(s->down, (size_t)capacity * size);
        if (grown == NULL) {
            return NO_MEMORY;
        }
        s->down = grown;
    } else {
        s->down = s->up;
    }
    s->sums_capacity = capacity;
    s->sums_size = size;
    return OK;
}

static status reserve_sums(segment *s, int64_t count) {
    size_t size = s->wide ? sizeof(int64_t) : sizeof(int32_t);
    if (count <= s->sums_capacity && size <= s->sums_size) {
        return OK;
    }
    return resize_sums(s, count + count / 2 + 32, size);
}

static void widen_array(void *array, int64_t count) {
    for (int64_t i = count; i-- > 0;) {
        int32_t narrow;
        memcpy(&narrow, (char *)array + (size_t)i * sizeof narrow, sizeof narrow);
        int64_t wide = narrow;
        memcpy((char *)array + (size_t)i * sizeof wide, &wide, sizeof wide);
    }
}

/* From here on sums may leave 32 bits. */
static status widen_sums(segment *s) {
    status failed = resize_sums(s, s->head + s->count + s->count / 2 + 32, sizeof(int64_t));
    if (failed != OK) {
        return failed;
    }
    s->wide = 1;
    widen_array(s->up, s->head + s->count);
    if (is_shifted(s)) {
        widen_array(s->down, s->head + s->count);
    }
    return OK;
}

static status reserve_value(segment *s) {
    if (s->count >= PIXELSHIFT_CHANGEPOINT_LONGEST) {
        return PIXELSHIFT_CHANGEPOINT_TOO_LONG;
    }
    if (s->head + s->count < s->capacity) {
        return OK;
    }
    int64_t capacity = s->count + s->count / 2 + 32;
    if (s->head > 0 && s->head >= s->count / 2) {
        memmove(s->values, s->values + s->head, (size_t)s->count * sizeof *s->values);
        size_t size = s->wide ? sizeof(int64_t) : sizeof(int32_t);
        memmove(s->up, (char *)s->up + (size_t)s->head * size, (size_t)s->count * size);
        if (is_shifted(s)) {
            memmove(s->down, (char *)s->down + (size_t)s->head * size, (size_t)s->count * size);
        }
        s->head = 0;
        return OK;
    }
    capacity += s->head;
    double *grown = realloc(s->values, (size_t)capacity * sizeof *grown);
    if (grown == NULL) {
        return NO_MEMORY;
    }
    s->values = grown;
    s->capacity = capacity;
    return OK;
}

/* ---- sums ---- */

static void set_sum(segment *s, void *sums, int64_t i, int64_t value) {
    if (s->wide) {
        ((int64_t *)sums)[s->head + i] = value;
    } else {
        ((int32_t *)sums)[s->head + i] = (int32_t)value;
    }
}

static pixelshift_pettitt_range pass(segment *s, void *sums, double pivot) {
    s->effort.passes++;
    if (s->wide) {
        return s->kernels->pass_i64((int64_t *)sums + s->head, values_of(s), s->count, pivot);
    }
    return s->kernels->pass_i32((int32_t *)sums + s->head, values_of(s), s->count, pivot);
}

/* One plain step: the sums take `value`, which then joins the segment with U = 0. Writes K. */
static status append_summed(segment *s, double value, int64_t *k) {
    if (!s->wide && s->count + 1 > LONGEST_I32 && widen_sums(s) != OK) {
        return NO_MEMORY;
    }
    if (reserve_sums(s, s->head + s->count + 1) != OK) {
        return NO_MEMORY;
    }
    pixelshift_pettitt_range up = pass(s, s->up, value - s->delta);
    pixelshift_pettitt_range down = is_shifted(s) ? pass(s, s->down, value + s->delta) : up;
    *k = s->count > 0 ? greater(up.highest, -down.lowest) : INT64_MIN;
    set_sum(s, s->up, s->count, 0);
    set_sum(s, s->down, s->count, 0);
    s->values[s->head + s->count++] = value;
    return OK;
}

static void drop_from(segment *s, void *sums, double shift) {
    if (s->wide) {
        s->kernels->drop_i64((int64_t *)sums + s->head, values_of(s), s->count, shift);
    } else {
        s->kernels->drop_i32((int32_t *)sums + s->head, values_of(s), s->count, shift);
    }
}

/* Takes the oldest value out of the statistic: its pairs with everything after each split. */
static void drop_oldest(segment *s) {
    drop_from(s, s->up, -s->delta);
    if (is_shifted(s)) {
        drop_from(s, s->down, s->delta);
    }
    s->head++;
    s->count--;
    s->start++;
    int64_t passed = 0;
    for (int64_t g = 0; g < s->gap_count; g++) {
        s->gaps[g].index--;
        if (s->gaps[g].index == 0) {
            s->start += s->gaps[g].missing;
            passed = g + 1;
        }
    }
    if (passed > 0) {
        s->gap_count -= passed;
        memmove(s->gaps, s->gaps + passed, (size_t)s->gap_count * sizeof *s->gaps);
    }
}

static status sums_from_index(segment *s) {
    s->wide = s->count > LONGEST_I32;
    if (reserve_sums(s, s->head + s->count) != OK) {
        return NO_MEMORY;
    }
    if (s->wide) {
        index_sums_i64(&s->index, (int64_t *)s->up + s->head, (int64_t *)s->down + s->head);
    } else {
        index_sums_i32(&s->index, (int32_t *)s->up + s->head, (int32_t *)s->down + s->head);
    }
    return OK;
}

/* ---- the lazy path ---- */

static status sync(segment *s) {
    s->effort.syncs++;
    return index_sync(&s->index, values_of(s), s->count) == 0 ? OK : NO_MEMORY;
}

static int64_t synced_k(const segment *s) {
    return greater(s->index.highest_up, s->index.highest_down);
}

/* After a sync: bound from here on if the critical value is far enough, else pass through the next values one by one.
 */
static status continue_from_sync(segment *s, int64_t k) {
    int64_t critical = critical_value(&s->level, s->count);
    if (critical - k >= 3 * s->count) {
        s->mode = INDEXED;
        return index_bound(&s->index, critical) == 0 ? OK : NO_MEMORY;
    }
    s->mode = SUMMED;
    s->hot_left = HOT_PASSES;
    return sums_from_index(s);
}

status segment_settle(segment *s, int64_t *k) {
    status failed = sync(s);
    *k = synced_k(s);
    return failed != OK ? failed : continue_from_sync(s, *k);
}

/* Takes values as far as bounds rule out that K is critical, and one more; writes K for the last one, INT64_MIN when
 * the bounds rule it out there too. */
static status append_indexed(segment *s, const double *values, int64_t count, int64_t *taken, int64_t *k) {
    int full = index_is_full(&s->index);
    *taken = full ? 1 : index_push(&s->index, s->kernels, values, count);
    memcpy(s->values + s->head + s->count, values, (size_t)*taken * sizeof *values);
    s->count += *taken;
    *k = INT64_MIN;
    if (!full) {
        if (s->index.bounds.least > 0) {
            return OK;
        }
        int64_t critical = critical_value(&s->level, s->count);
        if (s->index.bounds.least + critical - s->index.bounds.reference > 0) {
            index_credit(&s->index, critical);
            return OK;
        }
    }
    return segment_settle(s, k);
}

static status leave_passes(segment *s, int64_t k) {
    if (!is_lazy(s) || s->count < INDEX_SMALLEST || --s->hot_left > 0) {
        return OK;
    }
    if (critical_value(&s->level, s->count) - k < 3 * s->count) {
        return OK;
    }
    status failed = sync(s);
    return failed != OK ? failed : continue_from_sync(s, k);
}

status segment_append(segment *s, const double *values, int64_t count, int64_t *taken, int64_t *k) {
    status failed;
    if (s->options.max_points > 0 && s->count == s->options.max_points) {
        drop_oldest(s);
    }
    if ((failed = reserve_value(s)) != OK) {
        return failed;
    }
    if (s->mode == INDEXED) {
        int64_t fit = lesser(s->capacity - s->head, PIXELSHIFT_CHANGEPOINT_LONGEST) - s->count;
        return append_indexed(s, values, lesser(count, fit), taken, k);
    }
    *taken = 1;
    failed = append_summed(s, values[0], k);
    return failed != OK ? failed : leave_passes(s, *k);
}

/* ---- restart and restore ---- */

status segment_rebuild(segment *s) {
    s->mode = SUMMED;
    s->wide = 0;
    s->hot_left = 0;
    s->index.synced = 0;
    if (s->count == 0) {
        s->head = 0;
        return OK;
    }
    status failed = sync(s);
    if (failed != OK) {
        return failed;
    }
    if (is_lazy(s) && s->count >= INDEX_SMALLEST) {
        return continue_from_sync(s, synced_k(s));
    }
    return sums_from_index(s);
}

int64_t segment_position(const segment *s, int64_t index) {
    int64_t position = s->start + index;
    for (int64_t g = 0; g < s->gap_count && s->gaps[g].index <= index; g++) {
        position += s->gaps[g].missing;
    }
    return position;
}

status segment_restart(segment *s, int64_t split) {
    int64_t first = s->options.keep_since_change ? split : s->count;
    s->start = first < s->count ? segment_position(s, first) : s->position;
    int64_t kept = 0;
    for (int64_t g = 0; g < s->gap_count; g++) {
        if (s->gaps[g].index > first && s->gaps[g].index < s->count) {
            s->gaps[kept++] = (pixelshift_gap){s->gaps[g].index - first, s->gaps[g].missing};
        }
    }
    s->gap_count = kept;
    s->count -= first;
    memmove(s->values, values_of(s) + first, (size_t)s->count * sizeof *s->values);
    s->head = 0;
    return segment_rebuild(s);
}

/* ---- gaps ---- */

status segment_remember_gap(segment *s) {
    if (s->missing == 0) {
        return OK;
    }
    if (s->gap_count == s->gap_capacity) {
        int64_t capacity = 2 * s->gap_capacity + 4;
        pixelshift_gap *grown = realloc(s->gaps, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return NO_MEMORY;
        }
        s->gaps = grown;
        s->gap_capacity = capacity;
    }
    s->gaps[s->gap_count++] = (pixelshift_gap){s->count, s->missing};
    s->missing = 0;
    return OK;
}
