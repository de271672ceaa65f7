#include "estimate.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define Z_95 1.959963984540054
#define RUN 16

static void insertion_sort(double *values, int64_t count) {
    for (int64_t i = 1; i < count; i++) {
        double value = values[i];
        int64_t j = i;
        for (; j > 0 && values[j - 1] > value; j--) {
            values[j] = values[j - 1];
        }
        values[j] = value;
    }
}

static void merge(double *out, const double *left, int64_t n_left, const double *right, int64_t n_right) {
    int64_t i = 0, j = 0;
    while (i < n_left && j < n_right) {
        int take_left = left[i] <= right[j];
        *out++ = take_left ? left[i] : right[j];
        i += take_left;
        j += !take_left;
    }
    memcpy(out, left + i, (size_t)(n_left - i) * sizeof *out);
    memcpy(out + (n_left - i), right + j, (size_t)(n_right - j) * sizeof *out);
}

static int64_t lesser(int64_t left, int64_t right) {
    return left < right ? left : right;
}

void estimate_sort(double *values, double *scratch, int64_t count) {
    for (int64_t i = 0; i < count; i += RUN) {
        insertion_sort(values + i, lesser(RUN, count - i));
    }
    double *from = values, *to = scratch;
    for (int64_t width = RUN; width < count; width *= 2) {
        for (int64_t i = 0; i < count; i += 2 * width) {
            int64_t n_left = lesser(width, count - i), n_right = lesser(width, count - i - n_left);
            merge(to + i, from + i, n_left, from + i + n_left, n_right);
        }
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != values) {
        memcpy(values, from, (size_t)count * sizeof *values);
    }
}

static double median_of_three(double a, double b, double c) {
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

double estimate_select(double *values, int64_t count, int64_t k) {
    int64_t low = 0, high = count - 1;
    /* Halvings expected; a bad run of pivots ends in a heap-free fallback, so the time stays O(n log n). */
    int budget = 4 * (64 - __builtin_clzll((unsigned long long)count + 1));
    while (high - low >= RUN && budget-- > 0) {
        double pivot = median_of_three(values[low], values[low + (high - low) / 2], values[high]);
        int64_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[j] > pivot) {
                j--;
            }
            if (i <= j) {
                double swap = values[i];
                values[i++] = values[j];
                values[j--] = swap;
            }
        }
        if (k <= j) {
            high = j;
        } else if (k >= i) {
            low = i;
        } else {
            return values[k];
        }
    }
    if (high - low < RUN) {
        insertion_sort(values + low, high - low + 1);
        return values[k];
    }
    /* Shell sort: no scratch and no quadratic trap. */
    for (int64_t gap = (high - low + 1) / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (int64_t i = low + gap; i <= high; i++) {
            double value = values[i];
            int64_t j = i;
            for (; j >= low + gap && values[j - gap] > value; j -= gap) {
                values[j] = values[j - gap];
            }
            values[j] = value;
        }
    }
    return values[k];
}

double estimate_median(double *values, int64_t count) {
    double upper = estimate_select(values, count, count / 2);
    if (count % 2 == 1) {
        return upper;
    }
    /* Everything before the selected place is at most `upper`; the lower middle is the largest of it. */
    double lower = values[0];
    for (int64_t i = 1; i < count / 2; i++) {
        lower = values[i] > lower ? values[i] : lower;
    }
    return 0.5 * lower + 0.5 * upper;
}

double estimate_sorted_median(const double *sorted, int64_t count) {
    return 0.5 * sorted[(count - 1) / 2] + 0.5 * sorted[count / 2];
}

int64_t estimate_ignored(int64_t count, int64_t window, int64_t startup) {
    int64_t spare = count > startup ? count - startup : 0;
    return lesser(window, spare);
}

/* The matrix of differences after[j] - before[i], sorted along both sides, never stored. */
typedef struct {
    const double *before;
    const double *after;
    int64_t n_before;
    int64_t n_after;
    double *scratch;
} differences;

static double difference(double after, double before) {
    return fmin(fmax(after - before, -DBL_MAX), DBL_MAX);
}

static int64_t count_upto(const differences *matrix, double value) {
    int64_t total = 0, i = 0;
    for (int64_t j = 0; j < matrix->n_after; j++) {
        while (i < matrix->n_before && difference(matrix->after[j], matrix->before[i]) > value) {
            i++;
        }
        total += matrix->n_before - i;
    }
    return total;
}

/* Lists the differences in (low, high]; the caller knows that they fit. */
static int64_t list_between(const differences *matrix, double low, double high, double *out) {
    int64_t total = 0, first = 0, end = 0;
    for (int64_t j = 0; j < matrix->n_after; j++) {
        double after = matrix->after[j];
        while (first < matrix->n_before && difference(after, matrix->before[first]) > high) {
            first++;
        }
        end = end < first ? first : end;
        while (end < matrix->n_before && difference(after, matrix->before[end]) > low) {
            end++;
        }
        for (int64_t i = first; i < end; i++) {
            out[total++] = difference(after, matrix->before[i]);
        }
    }
    return total;
}

/* Doubles in the order of integers, so that halving an interval of them always ends within 64 steps. */
static int64_t ordinal(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_ordinal(int64_t place) {
    int64_t bits = place < 0 ? INT64_MIN - place : place;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double halfway(double low, double high) {
    int64_t left = ordinal(low), right = ordinal(high);
    return from_ordinal((left & right) + ((left ^ right) >> 1));
}

/* The k-th smallest difference, from 1. */
static double ordered_difference(const differences *matrix, int64_t k) {
    int64_t capacity = 2 * (matrix->n_before + matrix->n_after) + ESTIMATE_SLACK;
    double smallest = difference(matrix->after[0], matrix->before[matrix->n_before - 1]);
    double low = -INFINITY, high = difference(matrix->after[matrix->n_after - 1], matrix->before[0]);
    int64_t upto_low = 0, upto_high = matrix->n_before * matrix->n_after;
    for (int step = 0; upto_high - upto_low > capacity; step++) {
        double floor_value = isinf(low) ? smallest : low;
        double share = ((double)(k - upto_low) - 0.5) / (double)(upto_high - upto_low);
        double pivot = floor_value + (high - floor_value) * share;
        if (step % 2 == 1 || !(pivot > low && pivot < high)) {
            pivot = isinf(low) ? floor_value : halfway(low, high);
        }
        if (pivot == low || pivot == high) {
            return high; /* neighbours: everything that is left is equal */
        }
        int64_t upto = count_upto(matrix, pivot);
        if (upto >= k) {
            high = pivot;
            upto_high = upto;
        } else {
            low = pivot;
            upto_low = upto;
        }
        if (isinf(low) && high == smallest) {
            return high;
        }
    }
    int64_t listed = list_between(matrix, low, high, matrix->scratch);
    return estimate_select(matrix->scratch, listed, k - upto_low - 1);
}

estimate_shift estimate_hodges_lehmann(const double *before, int64_t n_before, const double *after, int64_t n_after,
                                       double r, double *scratch) {
    differences matrix = {before, after, n_before, n_after, scratch};
    int64_t pairs = n_before * n_after;
    double lower = ordered_difference(&matrix, (pairs + 1) / 2);
    double upper = pairs % 2 == 1 ? lower : ordered_difference(&matrix, pairs / 2 + 1);
    double m = (double)n_before, n = (double)n_after;
    double variance = m * n * (m + n + 1.0) / 12.0 * (1.0 + r) / (1.0 - r);
    int64_t rank = (int64_t)floor(0.5 * (m * n) - Z_95 * sqrt(variance));
    rank = rank < 1 ? 1 : rank;
    return (estimate_shift){
        .offset = 0.5 * lower + 0.5 * upper,
        .low = ordered_difference(&matrix, rank),
        .high = ordered_difference(&matrix, pairs + 1 - rank),
    };
}

double estimate_autocorrelation(const double *residuals, int64_t count, int fitted) {
    double largest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(residuals[i]));
    }
    if (count <= fitted + 2 || largest == 0.0 || isinf(largest)) {
        return 0.0;
    }
    double square = 0.0, product = 0.0, previous = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double residual = residuals[i] / largest;
        square += residual * residual;
        product += previous * residual;
        previous = residual;
    }
    double corrected = ((double)count * (product / square) + (double)fitted) / ((double)count - (double)(fitted + 2));
    return fmin(fmax(corrected, 0.0), 0.99);
}

/* Values less their first, scaled by the largest, so that huge values cannot overflow. */
typedef struct {
    double largest;
    double first;
} scaling;

static scaling scaling_of(const double *values, int64_t count) {
    double largest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(values[i]));
    }
    return (scaling){largest, largest > 0.0 ? values[0] / largest : 0.0};
}

int estimate_is_line(const double *values, int64_t count, int64_t split) {
    scaling scale = scaling_of(values, count);
    if (scale.largest == 0.0) {
        return 0;
    }
    double centre = 0.5 * ((double)count - 1.0);
    double total[2] = {0.0, 0.0}, moment = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double scaled = values[i] / scale.largest - scale.first;
        moment += ((double)i - centre) * scaled;
        total[i >= split] += scaled;
    }
    double n = (double)split, m = (double)(count - split);
    double difference = total[1] / m - total[0] / n;
    double spread = (double)count * ((double)count * (double)count - 1.0) / 12.0;
    return moment * moment / spread >= n * m / (n + m) * (difference * difference);
}

int64_t estimate_remove_line(double *out, const double *values, int64_t count, int64_t margin) {
    scaling scale = scaling_of(values, count);
    double n = (double)count, centre = 0.5 * (n - 1.0), spread = n * (n * n - 1.0) / 12.0;
    double total = 0.0, moment = 0.0, bend = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double x = (double)i - centre, scaled = values[i] / scale.largest - scale.first;
        total += scaled;
        moment += x * scaled;
        bend += (x * x - (n * n - 1.0) / 12.0) * scaled;
    }
    double slope = moment / spread, mean = total / n;
    double after = 0.0, best = 0.0, step = 0.0;
    int64_t split = 0;
    for (int64_t t = count - 1; t >= margin; t--) {
        after += values[t] / scale.largest - scale.first - mean - slope * ((double)t - centre);
        /* What the line and the constant leave of the indicator of "from t on". */
        double product = (double)t * (double)(count - t), shared = 0.5 * product;
        double left = product / n - shared * shared / spread;
        double explained = after * after / left;
        if (count - t >= margin && left > 1e-9 && explained >= best) {
            best = explained;
            split = t;
            step = after / left;
        }
    }
    double curved = bend * bend / (n * (n * n - 1.0) * (n * n - 4.0) / 180.0);
    if (split == 0 || curved >= best) {
        return 0;
    }
    double joint = slope - step * (0.5 * ((double)split * (double)(count - split))) / spread;
    for (int64_t i = 0; i < count; i++) {
        out[i] = values[i] - joint * ((double)i - centre) * scale.largest;
    }
    return split;
}

int64_t estimate_sign_sum(const double *values, int64_t count, int64_t split, double *scratch) {
    double *before = scratch, *after = scratch + split, *spare = scratch + count;
    int64_t m = count - split, below = 0, upto = 0, sum = 0;
    memcpy(scratch, values, (size_t)count * sizeof *values);
    estimate_sort(before, spare, split);
    estimate_sort(after, spare, m);
    for (int64_t j = 0; j < m; j++) {
        while (below < split && before[below] < after[j]) {
            below++;
        }
        while (upto < split && before[upto] <= after[j]) {
            upto++;
        }
        sum += below - (split - upto);
    }
    return sum;
}
