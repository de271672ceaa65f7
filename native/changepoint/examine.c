#include "examine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimate.h"

/* Parameters behind the residuals: two levels and the choice of the split; with a line also its slope, whose joint
 * choice counts for two (figures from simulation). */
#define LEVEL_PARAMETERS 4
#define LINE_PARAMETERS 6
/* MAD to standard deviation of normal noise. */
#define MAD_SCALE 1.4826022185056018

/* The strongest split of a segment. */
typedef struct {
    int rising;
    double evidence;
    int64_t split;
    double r;
    int fitted;
    const double *values; /* what it is judged on: the segment, or the segment less a line */
} candidate;

/* The largest U_t / sqrt(t (T - t)) and the first t that reaches it. */
static double best_score(const segment *s, int rising, int64_t *split) {
    double best = -INFINITY;
    for (int64_t t = 1; t < s->count; t++) {
        int64_t sum = sum_at(s, rising, t - 1);
        /* Almost every t is behind: compare squares before paying for the root. */
        double u = (double)sum, spread = (double)t * (double)(s->count - t);
        if (best > 0.0 && (u <= 0.0 || u * u < best * best * spread * (1.0 - 1e-9))) {
            continue;
        }
        double score = u / sqrt(spread);
        if (score > best) {
            best = score;
            *split = t;
        }
    }
    return best;
}

int64_t examine_best_sum(const segment *s, int rising, int64_t *split) {
    int64_t best = INT64_MIN;
    for (int64_t t = 1; t < s->count; t++) {
        int64_t sum = sum_at(s, rising, t - 1);
        if (sum > best) {
            best = sum;
            *split = t;
        }
    }
    return best;
}

/* 0 when there is no positive maximum. */
static int strongest(const segment *s, candidate *found) {
    int64_t up_split = 0, down_split = 0;
    if (s->options.standardized_statistic) {
        double up = best_score(s, 1, &up_split), down = best_score(s, 0, &down_split);
        found->rising = up >= down;
        found->evidence = critical_standardized_evidence(fmax(up, down), s->count);
    } else {
        int64_t up = examine_best_sum(s, 1, &up_split), down = examine_best_sum(s, 0, &down_split);
        found->rising = up >= down;
        found->evidence = critical_pettitt_evidence(greater(up, down), s->count);
    }
    found->split = found->rising ? up_split : down_split;
    if (found->evidence <= 0.0) {
        return 0;
    }
    if (s->options.standardized_statistic && s->options.pettitt_location) {
        examine_best_sum(s, found->rising, &found->split);
    } else if (!s->options.standardized_statistic && !s->options.pettitt_location) {
        best_score(s, found->rising, &found->split);
    }
    return 1;
}

/* Residuals about the two medians, into scratch[0 .. count). */
static status residuals(segment *s, const candidate *found) {
    status failed = segment_reserve_scratch(s, s->count);
    if (failed != OK) {
        return failed;
    }
    const double *values = found->values;
    int64_t split = found->split;
    memcpy(s->scratch, values, (size_t)s->count * sizeof *values);
    double before = estimate_median(s->scratch, split);
    double after = estimate_median(s->scratch + split, s->count - split);
    for (int64_t i = 0; i < s->count; i++) {
        s->scratch[i] = values[i] - (i < split ? before : after);
    }
    return OK;
}

static status estimate_size(segment *s, const candidate *found, pixelshift_change *change) {
    const double *values = found->values;
    int64_t n_before = found->split, n_after = s->count - found->split;
    int64_t left = n_before - estimate_ignored(n_before, s->options.window, s->options.startup);
    int64_t ignored = estimate_ignored(n_after, s->options.window, s->options.startup);
    int64_t right = n_after - ignored;
    status failed = segment_reserve_scratch(s, left + right + 2 * (left + right) + ESTIMATE_SLACK);
    if (failed != OK) {
        return failed;
    }
    double *before = s->scratch, *after = before + left, *spare = after + right;
    memcpy(before, values, (size_t)left * sizeof *before);
    memcpy(after, values + n_before + ignored, (size_t)right * sizeof *after);
    estimate_sort(before, spare, left);
    estimate_sort(after, spare, right);
    estimate_shift shift = estimate_hodges_lehmann(before, left, after, right, found->r, spare);
    change->offset = shift.offset;
    change->offset_low = shift.low;
    change->offset_high = shift.high;
    change->before = estimate_sorted_median(before, left);
    change->after = estimate_sorted_median(after, right);
    return OK;
}

/* The least offset that is worth an event, in the unit of the data. */
static status least_offset(segment *s, const candidate *found, double *least) {
    *least = s->options.threshold;
    if (!s->options.noise_unit || s->options.threshold == 0.0) {
        return OK;
    }
    status failed = residuals(s, found);
    if (failed != OK) {
        return failed;
    }
    for (int64_t i = 0; i < s->count; i++) {
        s->scratch[i] = fabs(s->scratch[i]);
    }
    *least = s->options.threshold * (MAD_SCALE * estimate_median(s->scratch, s->count));
    return OK;
}

/* Judges the segment less its line: the evidence at the best split of line and step together. */
static status without_line(segment *s, candidate *found) {
    if (s->count > s->detrended_capacity) {
        double *grown = realloc(s->detrended, (size_t)(2 * s->count) * sizeof *grown);
        if (grown == NULL) {
            return NO_MEMORY;
        }
        s->detrended = grown;
        s->detrended_capacity = 2 * s->count;
    }
    status failed = segment_reserve_scratch(s, 2 * s->count);
    if (failed != OK) {
        return failed;
    }
    found->values = s->detrended;
    found->fitted = LINE_PARAMETERS;
    found->split = estimate_remove_line(s->detrended, values_of(s), s->count, s->options.startup);
    if (found->split == 0) {
        found->evidence = 0.0;
        return OK;
    }
    int64_t u = estimate_sign_sum(s->detrended, s->count, found->split, s->scratch);
    found->rising = u >= 0;
    u = u < 0 ? -u : u;
    if (s->options.standardized_statistic) {
        double spread = (double)found->split * (double)(s->count - found->split);
        found->evidence = critical_standardized_evidence((double)u / sqrt(spread), s->count);
    } else {
        found->evidence = critical_pettitt_evidence(u, s->count);
    }
    return OK;
}

status examine(segment *s, pixelshift_change *change, int *is_change) {
    candidate found = {0};
    status failed;
    *is_change = 0;
    if (!strongest(s, &found)) {
        return OK;
    }
    found.values = values_of(s);
    found.fitted = LEVEL_PARAMETERS;
    if (critical_p_value(&s->level, found.evidence, s->count) > s->options.alpha) {
        return OK;
    }
    if (s->options.remove_trend && estimate_is_line(values_of(s), s->count, found.split)) {
        if ((failed = without_line(s, &found)) != OK || found.evidence <= 0.0) {
            return failed;
        }
    }
    if (s->options.ar1) {
        if ((failed = residuals(s, &found)) != OK) {
            return failed;
        }
        found.r = estimate_autocorrelation(s->scratch, s->count, found.fitted);
    }
    change->p_value = critical_p_value(&s->level, critical_discount(found.evidence, found.r), s->count);
    if (change->p_value > s->options.alpha) {
        return OK;
    }
    double least;
    if ((failed = least_offset(s, &found, &least)) != OK || (failed = estimate_size(s, &found, change)) != OK) {
        return failed;
    }
    if (least > 0.0 && (found.rising ? change->offset : -change->offset) < least) {
        return OK;
    }
    change->index = segment_position(s, found.split);
    change->detected_at = s->position - 1;
    change->n_before = found.split;
    change->n_after = s->count - found.split;
    change->rising = found.rising;
    *is_change = 1;
    return OK;
}

/* The standardised maximum has no integer critical value: a screen in squares rules out most points. */
static int score_is_reached(segment *s) {
    double bound = critical_screen(&s->level, s->count) / 1.5 * ((double)s->count + 1.0) * (1.0 - 1e-9);
    if (s->wide) {
        return s->kernels->reaches_i64((const int64_t *)s->up + s->head, (const int64_t *)s->down + s->head, s->count,
                                       bound);
    }
    return s->kernels->reaches_i32((const int32_t *)s->up + s->head, (const int32_t *)s->down + s->head, s->count,
                                   bound);
}

int examine_is_due(segment *s, int64_t k) {
    if (s->count < greater(s->options.startup, 2)) {
        return 0;
    }
    if (s->options.standardized_statistic) {
        return score_is_reached(s);
    }
    return k > 0 && critical_is_reached(&s->level, k, s->count);
}
