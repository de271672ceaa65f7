#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "critical.h"
#include "estimate.h"
#include "index.h"
#include "pixelshift/changepoint.h"
#include "pixelshift/pettitt.h"

/* |U| <= T^2 / 4 fits 32 bits up to here. */
#define LONGEST_I32 92681
/* Plain passes in a row once the statistic is close to its critical value. */
#define HOT_PASSES 32
/* Parameters behind the residuals: two levels and the choice of the split; with a line also its slope, whose joint
 * choice counts for two (figures from simulation). */
#define LEVEL_PARAMETERS 4
#define LINE_PARAMETERS 6
/* MAD to standard deviation of normal noise. */
#define MAD_SCALE 1.4826022185056018

typedef enum {
    SUMMED,  /* sums are up to date: the O(T) pass at every value */
    INDEXED, /* the lazy index bounds them */
} segment_mode;

/* A detector of one stream. Arrays start at `head`, which moves when max_points drops the oldest value. */
struct pixelshift_changepoint {
    pixelshift_changepoint_options options;
    const pixelshift_pettitt_table *kernels;
    double delta;
    critical_level level;
    int64_t position;
    int64_t start;
    int64_t missing; /* observations since the last value */
    pixelshift_gap *gaps;
    int64_t gap_count;
    int64_t gap_capacity;
    double *values;
    int64_t head;
    int64_t count;
    int64_t capacity;
    segment_mode mode;
    int wide; /* sums are 64 bits */
    void *up;
    void *down; /* minus down; the same array as `up` when delta is 0 */
    int64_t sums_capacity;
    size_t sums_size;
    int hot_left;
    lazy_index index;
    double *scratch;
    int64_t scratch_capacity;
    double *detrended;
    int64_t detrended_capacity;
    pixelshift_changepoint_effort effort;
};

typedef struct pixelshift_changepoint segment;
typedef pixelshift_changepoint_status status;

#define OK PIXELSHIFT_CHANGEPOINT_OK
#define NO_MEMORY PIXELSHIFT_CHANGEPOINT_NO_MEMORY

/* The strongest split of a segment. */
typedef struct {
    int rising;
    double evidence;
    int64_t split;
    double r;
    int fitted;
    const double *values; /* what it is judged on: the segment, or the segment less a line */
} candidate;

static int is_shifted(const segment *s) {
    return s->delta != 0.0;
}

static int is_lazy(const segment *s) {
    return !s->options.plain && !s->options.standardized_statistic && s->options.max_points == 0;
}

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

static const double *values_of(const segment *s) {
    return s->values + s->head;
}

/* ---- memory ---- */

static status reserve_scratch(segment *s, int64_t count) {
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
    s->wide = 1;
    status failed = resize_sums(s, s->head + s->count + s->count / 2 + 32, sizeof(int64_t));
    if (failed != OK) {
        return failed;
    }
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

static int64_t sum_at(const segment *s, int rising, int64_t i) {
    const void *sums = rising ? s->up : s->down;
    int64_t at = s->head + i;
    int64_t value = s->wide ? ((const int64_t *)sums)[at] : ((const int32_t *)sums)[at];
    return rising ? value : -value;
}

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

static int64_t greater(int64_t left, int64_t right) {
    return left > right ? left : right;
}

static int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
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
    status failed = sync(s);
    if (failed != OK) {
        return failed;
    }
    *k = synced_k(s);
    return continue_from_sync(s, *k);
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

/* Takes at least one of `count` finite values; `k` belongs to the last one taken. */
static status append(segment *s, const double *values, int64_t count, int64_t *taken, int64_t *k) {
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

/* Derives everything else from values[head .. head + count). */
static status rebuild(segment *s) {
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

static int64_t position_of(const segment *s, int64_t index) {
    int64_t position = s->start + index;
    for (int64_t g = 0; g < s->gap_count && s->gaps[g].index <= index; g++) {
        position += s->gaps[g].missing;
    }
    return position;
}

static status restart(segment *s, int64_t split) {
    int64_t first = s->options.keep_since_change ? split : s->count;
    s->start = first < s->count ? position_of(s, first) : s->position;
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
    return rebuild(s);
}

/* ---- examining a candidate ---- */

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

static int64_t best_sum(const segment *s, int rising, int64_t *split) {
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
        int64_t up = best_sum(s, 1, &up_split), down = best_sum(s, 0, &down_split);
        found->rising = up >= down;
        found->evidence = critical_pettitt_evidence(greater(up, down), s->count);
    }
    found->split = found->rising ? up_split : down_split;
    if (found->evidence <= 0.0) {
        return 0;
    }
    if (s->options.standardized_statistic && s->options.pettitt_location) {
        best_sum(s, found->rising, &found->split);
    } else if (!s->options.standardized_statistic && !s->options.pettitt_location) {
        best_score(s, found->rising, &found->split);
    }
    return 1;
}

/* Residuals about the two medians, into scratch[0 .. count). */
static status residuals(segment *s, const candidate *found) {
    status failed = reserve_scratch(s, s->count);
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
    status failed = reserve_scratch(s, left + right + 2 * (left + right) + ESTIMATE_SLACK);
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
    status failed = reserve_scratch(s, 2 * s->count);
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

/* Whether a candidate becomes an event. The sums must be up to date. */
static status examine(segment *s, pixelshift_change *change, int *is_change) {
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
    change->index = position_of(s, found.split);
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

static int is_candidate(segment *s, int64_t k) {
    if (s->count < greater(s->options.startup, 2)) {
        return 0;
    }
    if (s->options.standardized_statistic) {
        return score_is_reached(s);
    }
    return k > 0 && critical_is_reached(&s->level, k, s->count);
}

static status remember_gap(segment *s) {
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
    } else if ((failed = remember_gap(s)) != OK) {
        return failed;
    }
    if ((failed = append(s, values, count, taken, &k)) != OK) {
        return failed;
    }
    s->position += *taken;
    if (!is_candidate(s, k)) {
        return OK;
    }
    failed = examine(s, change, is_change);
    return failed != OK || !*is_change ? failed : restart(s, change->n_before);
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
        s->missing = s->position - position_of(s, s->count - 1) - 1;
    }
    return rebuild(s);
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
        status failed = sync(s);
        *maximum = synced_k(s);
        return failed != OK ? failed : continue_from_sync(s, *maximum);
    }
    int64_t split;
    *maximum = greater(best_sum(s, 1, &split), best_sum(s, 0, &split));
    return OK;
}
