#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "segment.h"

pixelshift_changepoint *pixelshift_changepoint_new(const pixelshift_changepoint_options *options) {
    segment *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->options = *options;
    s->kernels = pixelshift_pettitt_kernels(options->level);
    s->delta = options->gate || options->noise_unit ? 0.0 : options->threshold;
    s->index.delta = s->delta;
    s->sums_size = sizeof(int32_t);
    critical_start(&s->level, options->alpha, options->standardized_statistic, options->anytime);
    return s;
}

void pixelshift_changepoint_free(pixelshift_changepoint *s) {
    if (s == NULL) {
        return;
    }
    index_free(&s->index);
    free(s->gaps);
    free(s->values);
    free(s->up);
    if (is_shifted(s)) {
        free(s->down);
    }
    free(s->scratch);
    free(s->detrended);
    free(s);
}

/* Takes at least one value, at most up to the first that raises an alarm. */
static status push(segment *s, const double *values, int64_t count, int64_t *taken, pixelshift_change *change,
                   int *is_change) {
    int64_t k;
    status failed;
    *is_change = 0;
    *taken = 1;
    if (!isfinite(values[0])) {
        s->missing++;
        s->position++;
        return OK;
    }
    if (s->count == 0) {
        s->start = s->position;
        s->missing = 0;
    } else if ((failed = segment_remember_gap(s)) != OK) {
        return failed;
    }
    if ((failed = segment_append(s, values, count, taken, &k)) != OK) {
        return failed;
    }
    s->position += *taken;
    if (!examine_is_due(s, k)) {
        return OK;
    }
    failed = examine(s, change, is_change);
    return failed != OK || !*is_change ? failed : segment_restart(s, change->n_before);
}

status pixelshift_changepoint_extend(pixelshift_changepoint *s, pixelshift_change *changes, int64_t *change_count,
                                     int64_t *taken, const double *values, int64_t count, int64_t capacity) {
    *change_count = 0;
    *taken = 0;
    while (*taken < count && *change_count < capacity) {
        int is_change;
        int64_t step;
        status failed = push(s, values + *taken, count - *taken, &step, &changes[*change_count], &is_change);
        if (failed != OK) {
            return failed;
        }
        *taken += step;
        *change_count += is_change;
    }
    return OK;
}

pixelshift_changepoint_segment pixelshift_changepoint_export(pixelshift_changepoint *s) {
    return (pixelshift_changepoint_segment){
        .values = values_of(s),
        .count = s->count,
        .gaps = s->gaps,
        .gap_count = s->gap_count,
        .start = s->count > 0 ? s->start : s->position,
        .position = s->position,
    };
}

status pixelshift_changepoint_import(pixelshift_changepoint *s, const pixelshift_changepoint_segment *from) {
    if (from->count > PIXELSHIFT_CHANGEPOINT_LONGEST) {
        return PIXELSHIFT_CHANGEPOINT_TOO_LONG;
    }
    double *values = malloc((size_t)(from->count + 32) * sizeof *values);
    pixelshift_gap *gaps = malloc((size_t)(from->gap_count + 4) * sizeof *gaps);
    if (values == NULL || gaps == NULL) {
        free(values);
        free(gaps);
        return NO_MEMORY;
    }
    /* Where there are none, the caller's pointers may be null. */
    if (from->count > 0) {
        memcpy(values, from->values, (size_t)from->count * sizeof *values);
    }
    if (from->gap_count > 0) {
        memcpy(gaps, from->gaps, (size_t)from->gap_count * sizeof *gaps);
    }
    free(s->values);
    free(s->gaps);
    s->values = values;
    s->capacity = from->count + 32;
    s->gaps = gaps;
    s->gap_count = from->gap_count;
    s->gap_capacity = from->gap_count + 4;
    s->head = 0;
    s->count = from->count;
    s->start = from->start;
    s->position = from->position;
    s->missing = 0;
    if (s->count > 0) {
        s->missing = s->position - segment_position(s, s->count - 1) - 1;
    }
    return segment_rebuild(s);
}

pixelshift_changepoint_effort pixelshift_changepoint_spent(const pixelshift_changepoint *s) {
    return s->effort;
}

status pixelshift_changepoint_maximum(pixelshift_changepoint *s, int64_t *maximum) {
    *maximum = INT64_MIN;
    if (s->count < 2) {
        return OK;
    }
    if (s->mode == INDEXED) {
        return segment_settle(s, maximum);
    }
    int64_t split;
    *maximum = greater(examine_best_sum(s, 1, &split), examine_best_sum(s, 0, &split));
    return OK;
}
