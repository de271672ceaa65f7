/* Whether a segment's strongest split is an event. */
#ifndef PIXELSHIFT_CHANGEPOINT_EXAMINE_H
#define PIXELSHIFT_CHANGEPOINT_EXAMINE_H

#include <stdint.h>

#include "segment.h"

/* Whether K, or the standardised maximum, may be significant; cheap, and never wrongly 0. */
int examine_is_due(segment *s, int64_t k);
/* Writes the event, and `is_change` 0 where there is none. The sums must be up to date. */
status examine(segment *s, pixelshift_change *change, int *is_change);
/* The largest U (or minus down) and the first split that reaches it. */
int64_t examine_best_sum(const segment *s, int rising, int64_t *split);

#endif
