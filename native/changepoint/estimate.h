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
/* Residuals are overwritten. */
double estimate_autocorrelation(double *residuals, int64_t count);

/* Whether the least-squares line through the values leaves at most the squared error of two means. */
int estimate_is_line(const double *values, int64_t count, int64_t split);

#endif
