/*
 * A detector of change points over a stream of doubles: the recursive Pettitt test, exact at every point.
 *
 * The definition is src/pixelshift/changepoint/reference.py; this gives the same events. One detector belongs to one
 * thread at a time. Functions that allocate return PIXELSHIFT_CHANGEPOINT_NO_MEMORY and leave a detector that may only
 * be freed.
 */
#ifndef PIXELSHIFT_CHANGEPOINT_H
#define PIXELSHIFT_CHANGEPOINT_H

#include <stdint.h>

#include "pixelshift/cpu.h"

typedef enum {
    PIXELSHIFT_CHANGEPOINT_OK = 0,
    PIXELSHIFT_CHANGEPOINT_NO_MEMORY = -1,
    PIXELSHIFT_CHANGEPOINT_TOO_LONG = -2,
} pixelshift_changepoint_status;

/* Longest segment: counts per block and rooms are 32 bits wide. */
#define PIXELSHIFT_CHANGEPOINT_LONGEST ((int64_t)1 << 28)

typedef struct {
    double alpha;
    double threshold;
    int64_t window;
    int64_t startup;
    int64_t max_points; /* 0: no limit */
    int gate;           /* the threshold filters the offset instead of shifting the comparison */
    int noise_unit;     /* the threshold counts robust standard deviations of the segment's noise; implies gate */
    int pettitt_location;
    int standardized_statistic;
    int anytime;
    int ar1;
    int remove_trend; /* judge the segment less its line where a line fits at least as well as two levels */
    int keep_since_change;
    int plain; /* never the lazy path: the O(T) pass at every point */
    pixelshift_cpu_level level;
} pixelshift_changepoint_options;

typedef struct {
    int64_t index;
    int64_t detected_at;
    int64_t n_before;
    int64_t n_after;
    double p_value;
    double offset;
    double offset_low;
    double offset_high;
    double before;
    double after;
    int rising;
} pixelshift_change;

/* `missing` observations came just before value `index` of the segment. */
typedef struct {
    int64_t index;
    int64_t missing;
} pixelshift_gap;

typedef struct {
    const double *values;
    int64_t count;
    const pixelshift_gap *gaps;
    int64_t gap_count;
    int64_t start;    /* position of values[0] */
    int64_t position; /* of the next observation */
} pixelshift_changepoint_segment;

typedef struct {
    int64_t syncs;  /* times the lazy path brought its index up to date */
    int64_t passes; /* O(T) passes */
} pixelshift_changepoint_effort;

typedef struct pixelshift_changepoint pixelshift_changepoint;

pixelshift_changepoint *pixelshift_changepoint_new(const pixelshift_changepoint_options *options);
void pixelshift_changepoint_free(pixelshift_changepoint *detector);

/*
 * Pushes values until all are taken or `capacity` changes are found; NaN and infinities are missing. Writes the
 * changes and how many values were taken.
 */
pixelshift_changepoint_status pixelshift_changepoint_extend(pixelshift_changepoint *detector,
                                                            pixelshift_change *changes, int64_t *change_count,
                                                            int64_t *taken, const double *values, int64_t count,
                                                            int64_t capacity);

/* The running segment; valid until the next call on the detector. Gap indices count from 0. */
pixelshift_changepoint_segment pixelshift_changepoint_export(pixelshift_changepoint *detector);
pixelshift_changepoint_status pixelshift_changepoint_import(pixelshift_changepoint *detector,
                                                            const pixelshift_changepoint_segment *segment);

pixelshift_changepoint_effort pixelshift_changepoint_spent(const pixelshift_changepoint *detector);

/*
 * K = max(max up, max down) of the running segment, INT64_MIN below two points: for tests that compare every step.
 */
pixelshift_changepoint_status pixelshift_changepoint_maximum(pixelshift_changepoint *detector, int64_t *maximum);

#endif
