/* Medians, the Hodges-Lehmann shift with its Moses interval, autocorrelation; estimate.py and statistic.py specify. */
#ifndef PIXELSHIFT_CHANGEPOINT_ESTIMATE_H
#define PIXELSHIFT_CHANGEPOINT_ESTIMATE_H

#include <stdint.h>

typedef struct {
    double offset;
    double low;
    double high;
} estimate_shift;

void estimate_sort(double *values, double *scratch, int64_t count);
/* The k-th smallest, from 0; reorders the values. */
double estimate_select(double *values, int64_t count, int64_t k);
/* Median of values in any order; reorders them. */
double estimate_median(double *values, int64_t count);
double estimate_sorted_median(const double *sorted, int64_t count);
int64_t estimate_ignored(int64_t count, int64_t window, int64_t startup);
/*
 * Both sides sorted upwards. `scratch` holds 2 * (n_before + n_after) + ESTIMATE_SLACK doubles. O(n log n): bisection
 * over the value of a difference with a linear count, until few enough remain to be listed.
 */
#define ESTIMATE_SLACK 64
estimate_shift estimate_hodges_lehmann(const double *before, int64_t n_before, const double *after, int64_t n_after,
                                       double r, double *scratch);
/* Lag-one autocorrelation of residuals of a model with `fitted` parameters; residuals are only read. */
double estimate_autocorrelation(const double *residuals, int64_t count, int fitted);
/* Whether the least-squares line through the values leaves at most the squared error of two means. */
int estimate_is_line(const double *values, int64_t count, int64_t split);
/*
 * Fits a line and one step together, with at least `margin` values on each side of the step; writes the values less
 * the line and returns the split, or 0 when a parabola explains as much as the step beyond the line.
 */
int64_t estimate_remove_line(double *out, const double *values, int64_t count, int64_t margin);
/* U at one split: sum of sgn(after - before). `scratch` holds 2 * count doubles. */
int64_t estimate_sign_sum(const double *values, int64_t count, int64_t split, double *scratch);

#endif
