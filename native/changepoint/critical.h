/* Evidence, p-values and critical values; src/pixelshift/changepoint/statistic.py gives the formulas and sources. */
#ifndef PIXELSHIFT_CHANGEPOINT_CRITICAL_H
#define PIXELSHIFT_CHANGEPOINT_CRITICAL_H

#include <stdint.h>

typedef struct {
    double alpha;
    int standardized;
    int anytime;
    /* The last answers: least evidence and where it holds, critical K and at which length. */
    int64_t least_at;
    double least;
    int64_t k_at;
    int64_t k;
} critical_level;

double critical_pettitt_evidence(int64_t k, int64_t count);
double critical_standardized_evidence(double score, int64_t count);
double critical_p_value(const critical_level *level, double evidence, int64_t count);
double critical_discount(double evidence, double r);

void critical_start(critical_level *level, double alpha, int standardized, int anytime);
/* The least integer K with p(K, count) <= alpha. Once it can be reached it never falls as `count` grows. */
int64_t critical_value(critical_level *level, int64_t count);
/* Whether K may reach the critical value: compares with an earlier one before it computes. */
int critical_is_reached(critical_level *level, int64_t k, int64_t count);
/* Evidence below this is not significant at `count` (statistic = standardized). */
double critical_screen(critical_level *level, int64_t count);

#endif
