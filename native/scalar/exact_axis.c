/* Weights as Pillow computes them, operation by operation. Runs once per size; compiled for the baseline. */
#include <math.h>
#include <string.h>

#include "pixelshift/exact.h"

#define PI 3.14159265358979323846

/* Pillow's formulas: another form of the same polynomial may round to another weight. */
static double linear(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double cubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x) {
    if (x == 0) {
        return 1;
    }
    x *= PI;
    return sin(x) / x;
}

static double lanczos3(double x) {
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

typedef struct {
    double (*value)(double distance);
    double support;
} shape;

static shape shape_of(pixelshift_resample_filter filter) {
    switch (filter) {
    case PIXELSHIFT_RESAMPLE_LINEAR:
        return (shape){linear, 1};
    case PIXELSHIFT_RESAMPLE_CUBIC:
        return (shape){cubic, 2};
    case PIXELSHIFT_RESAMPLE_LANCZOS3:
        return (shape){lanczos3, 3};
    default:
        return (shape){NULL, 0};
    }
}

static double spec_step(const pixelshift_resample_spec *spec) {
    return (double)((float)spec->high - (float)spec->low) / spec->out;
}

static double spec_reach(const pixelshift_resample_spec *spec) {
    double step = spec_step(spec);
    return shape_of(spec->filter).support * (step < 1 ? 1 : step);
}

/* Even, with room for a leading zero where the first sample is odd. */
static int32_t spec_taps(const pixelshift_resample_spec *spec) {
    double widest = 2 * ceil(spec_reach(spec)) + 1;
    int32_t taps = widest < spec->in ? (int32_t)widest : spec->in;
    return (taps + 2) & ~1;
}

static size_t aligned(size_t bytes) {
    return (bytes + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(size_t)(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1);
}

size_t pixelshift_exact_axis_bytes(const pixelshift_resample_spec *spec) {
    int sound = spec->in >= 1 && spec->in <= PIXELSHIFT_RESAMPLE_SIDE_LIMIT && spec->out >= 1 &&
                spec->out <= PIXELSHIFT_RESAMPLE_SIDE_LIMIT && spec->low >= 0 && (float)spec->low < (float)spec->high &&
                (float)spec->high <= (float)spec->in && shape_of(spec->filter).value != NULL;
    if (!sound) {
        return 0;
    }
    size_t taps = (size_t)spec_taps(spec);
    size_t out = (size_t)spec->out;
    return 2 * aligned(out * sizeof(int32_t)) + 2 * aligned(out * taps * sizeof(int16_t)) +
           aligned(taps * sizeof(double));
}

/* Weights of one output into `weight`, summing to 1; returns how many, at least 1, and sets *start. */
static int32_t real_weights(const pixelshift_resample_spec *spec, int32_t output, double *weight, int32_t *start) {
    shape of = shape_of(spec->filter);
    double step = spec_step(spec);
    double reach = spec_reach(spec);
    double squeeze = 1 / (step < 1 ? 1 : step);
    double centre = (float)spec->low + (output + 0.5) * step;
    int32_t from = (int32_t)(centre - reach + 0.5);
    int32_t to = (int32_t)(centre + reach + 0.5);
    from = from < 0 ? 0 : from;
    to = to > spec->in ? spec->in : to;
    double sum = 0;
    for (int32_t i = from; i < to; i++) {
        weight[i - from] = of.value((i - centre + 0.5) * squeeze);
        sum += weight[i - from];
    }
    for (int32_t i = 0; sum != 0 && i < to - from; i++) {
        weight[i] /= sum;
    }
    *start = from;
    return to - from;
}

static void split(pixelshift_exact_axis *axis, ptrdiff_t place, double weight) {
    double scaled = weight * (1 << PIXELSHIFT_EXACT_BITS);
    int32_t whole = (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    int32_t high = (whole + (1 << (PIXELSHIFT_EXACT_LOW_BITS - 1))) >> PIXELSHIFT_EXACT_LOW_BITS;
    axis->high.weight[place] = (int16_t)high;
    axis->low.weight[place] = (int16_t)(whole - high * (1 << PIXELSHIFT_EXACT_LOW_BITS));
}

void pixelshift_exact_axis_init(pixelshift_exact_axis *axis, const pixelshift_resample_spec *spec, void *memory) {
    uint8_t *place = memory;
    int32_t taps = spec_taps(spec);
    size_t table = aligned((size_t)spec->out * (size_t)taps * sizeof(int16_t));
    pixelshift_resample_axis *high = &axis->high;
    memset(axis, 0, sizeof *axis);
    high->in = spec->in;
    high->out = spec->out;
    high->taps = taps;
    high->start = (int32_t *)place;
    place += aligned((size_t)spec->out * sizeof(int32_t));
    high->count = (int32_t *)place;
    place += aligned((size_t)spec->out * sizeof(int32_t));
    high->weight = (int16_t *)place;
    axis->low.weight = (int16_t *)(place + table);
    memset(place, 0, 2 * table);
    double *weight = (double *)(place + 2 * table);
    for (int32_t output = 0; output < spec->out; output++) {
        int32_t count = real_weights(spec, output, weight, &high->start[output]);
        int32_t odd = high->start[output] & 1;
        high->count[output] = count;
        for (int32_t i = 0; i < count; i++) {
            split(axis, (ptrdiff_t)output * taps + odd + i, weight[i]);
        }
        int32_t pairs = (odd + count + 1) / 2;
        high->longest = count > high->longest ? count : high->longest;
        high->pairs = pairs > high->pairs ? pairs : high->pairs;
        int32_t end = high->start[output] + count;
        high->last = end > high->last ? end : high->last;
    }
    high->first = high->start[0] & ~1;
    int16_t *low = axis->low.weight;
    axis->low = *high;
    axis->low.weight = low;
}
