#include "critical.h"

#include <math.h>

#define FIRST_EPOCH 4
#define UNREACHABLE ((int64_t)1 << 62)

double critical_pettitt_evidence(int64_t k, int64_t count) {
    if (k <= 0) {
        return 0.0;
    }
    double t = (double)count;
    return 6.0 * (double)k * (double)k / (t * t * t + t * t);
}

double critical_standardized_evidence(double score, int64_t count) {
    return score <= 0.0 ? 0.0 : 1.5 * score * score / ((double)count + 1.0);
}

double critical_discount(double evidence, double r) {
    return evidence * (1.0 - r) / (1.0 + r);
}

static int64_t epoch_of(int64_t count) {
    return 63 - __builtin_clzll((unsigned long long)count);
}

static double standardized_p_value(double evidence, int64_t count) {
    double z = sqrt(2.0 * evidence);
    if (z <= 1.0 || count <= 2) {
        return 1.0;
    }
    double spread = 2.0 * log((double)count - 1.0);
    return fmin(1.0, exp(-evidence) / sqrt(2.0 * 3.141592653589793) * ((z - 1.0 / z) * spread + 4.0 / z));
}

#define KNOTS 7
#define KNOT_STEP 2.0

/* c(l) at l = 2, 4, .. 14 by epoch from the fourth, the last row for all later ones: statistic.py tells where from. */
static const double pettitt_tail[][KNOTS] = {
    {3.4, 2.9, 1.4, 0.4, 0.1, 0.1, 0.1},       {4.0, 4.7, 4.05, 2.95, 2.05, 1.2, 1.2},
    {4.5, 6.1, 6.45, 6.3, 6.1, 6.1, 6.1},      {4.8, 7.1, 8.5, 9.4, 9.6, 9.6, 9.6},
    {5.0, 7.9, 9.7, 11.3, 13.0, 17.0, 21.0},   {5.2, 8.5, 11.0, 13.2, 17.0, 22.0, 27.0},
    {6.4, 10.8, 15.2, 19.6, 24.0, 28.4, 32.8},
};
static const double standardized_tail[][KNOTS] = {
    {0.37, 0.35, 0.17, 0.05, 0.02, 0.02, 0.02}, {0.38, 0.39, 0.31, 0.21, 0.13, 0.09, 0.09},
    {0.39, 0.39, 0.37, 0.33, 0.27, 0.23, 0.23}, {0.39, 0.39, 0.39, 0.37, 0.34, 0.33, 0.33},
    {0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4},
};

static double tail_factor(const double *knots, double evidence) {
    double place = evidence / KNOT_STEP - 1.0;
    if (place <= 0.0) {
        return knots[0];
    }
    if (place >= (double)(KNOTS - 1)) {
        return knots[KNOTS - 1] * (evidence / (KNOT_STEP * (double)KNOTS));
    }
    int64_t left = (int64_t)place;
    return knots[left] + (knots[left + 1] - knots[left]) * (place - (double)left);
}

static double anytime_p_value(double evidence, int64_t count, int standardized) {
    int64_t epoch = epoch_of(count);
    if (epoch < FIRST_EPOCH) {
        return 1.0;
    }
    int64_t rows = standardized ? sizeof standardized_tail / sizeof *standardized_tail
                                : sizeof pettitt_tail / sizeof *pettitt_tail;
    int64_t row = epoch - FIRST_EPOCH < rows ? epoch - FIRST_EPOCH : rows - 1;
    const double *knots = standardized ? standardized_tail[row] : pettitt_tail[row];
    double scale = standardized ? ldexp(1.0, (int)epoch) : 1.0;
    double weight = 1.0 / (double)((epoch - 3) * (epoch - 2));
    return fmin(1.0, scale * tail_factor(knots, evidence) * exp(-evidence) / weight);
}

double critical_p_value(const critical_level *level, double evidence, int64_t count) {
    if (level->anytime) {
        return anytime_p_value(evidence, count, level->standardized);
    }
    return level->standardized ? standardized_p_value(evidence, count) : fmin(1.0, 2.0 * exp(-evidence));
}

/* Bisection down to neighbouring doubles: the smallest evidence that alarms, infinite where none does. */
static double least_evidence(const critical_level *level, int64_t count) {
    double low = 0.0, high = 2000.0;
    if (critical_p_value(level, low, count) <= level->alpha) {
        return low;
    }
    if (!(critical_p_value(level, high, count) <= level->alpha)) {
        return INFINITY;
    }
    for (;;) {
        double middle = 0.5 * (low + high);
        if (middle == low || middle == high) {
            return high;
        }
        if (critical_p_value(level, middle, count) <= level->alpha) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

void critical_start(critical_level *level, double alpha, int standardized, int anytime) {
    *level = (critical_level){.alpha = alpha, .standardized = standardized, .anytime = anytime};
}

static int64_t compute(const critical_level *level, int64_t count) {
    if (isinf(level->least)) {
        return UNREACHABLE;
    }
    double t = (double)count;
    int64_t k = (int64_t)floor(sqrt(level->least / 6.0 * (t * t * t + t * t)));
    while (k > 1 && critical_pettitt_evidence(k - 1, count) >= level->least) {
        k--;
    }
    k = k < 1 ? 1 : k;
    while (critical_pettitt_evidence(k, count) < level->least) {
        k++;
    }
    return k;
}

/* Whether the least evidence of one length holds at another: always pointwise, within an epoch anytime. */
static int holds(const critical_level *level, int64_t count) {
    return level->least_at > 0 && (!level->anytime || epoch_of(level->least_at) == epoch_of(count));
}

int64_t critical_value(critical_level *level, int64_t count) {
    if (level->k_at != count) {
        if (!holds(level, count)) {
            level->least_at = count;
            level->least = least_evidence(level, count);
        }
        level->k_at = count;
        level->k = compute(level, count);
    }
    return level->k;
}

int critical_is_reached(critical_level *level, int64_t k, int64_t count) {
    int rules_out = level->k_at > 0 && level->k_at <= count && k < level->k && level->k != UNREACHABLE;
    return !rules_out && k >= critical_value(level, count);
}

double critical_screen(critical_level *level, int64_t count) {
    /* The bound rises with the length, so that of a slightly shorter segment is a safe screen. */
    int64_t at = level->least_at;
    if (!holds(level, count) || count < at || count > at + at / 32) {
        level->least_at = count;
        level->least = least_evidence(level, count);
    }
    return level->least;
}
