/* The weights of one direction, and the fixed-point plan of two. Runs once per size; compiled for the baseline. */
#include <math.h>
#include <string.h>

#include "pixelshift/resample.h"

#define PI 3.14159265358979323846

/*
 * Up to this many taps, weights of 18 bits and samples of at least 4 fraction bits err by less than 0.1 level in the
 * worst case and their products sum within int32. Longer filters take 22 bits and, on int16 samples, 64-bit sums.
 */
#define WIDE_TAPS 128
/* Where a picture loses at least this factor in height, summing rows first moves and turns the least. */
#define VERTICAL_FIRST_RATIO 2
/* So many results are weighed to guess how many bits the weights may have. */
#define FIRST_RESULTS 8

static double linear(double x) {
    return x < 1 ? 1 - x : 0;
}

/* Mitchell and Netravali, "Reconstruction Filters in Computer Graphics", 1988. (0, 1/2) is Catmull-Rom. */
static double two_parameter_cubic(double x, double b, double c) {
    if (x < 1) {
        return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + 6 - 2 * b) / 6;
    }
    if (x < 2) {
        return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x + (-12 * b - 48 * c) * x + 8 * b + 24 * c) / 6;
    }
    return 0;
}

static double cubic(double x) {
    return two_parameter_cubic(x, 0, 0.5);
}

static double mitchell(double x) {
    return two_parameter_cubic(x, 1.0 / 3, 1.0 / 3);
}

/*
 * sin(pi x) for x in [0, 3/2], to 1e-15: of our own, since a C library's last bit depends on its version and the CPU.
 * The series of sine about 0 as far as it tells at pi / 2; the other half mirrors.
 */
static double sine(double x) {
    double angle = PI * (x < 0.5 ? x : 1 - x);
    double square = angle * angle;
    double sum = 1.0 / 51090942171709440000.0;
    sum = sum * square - 1.0 / 121645100408832000.0;
    sum = sum * square + 1.0 / 355687428096000.0;
    sum = sum * square - 1.0 / 1307674368000.0;
    sum = sum * square + 1.0 / 6227020800.0;
    sum = sum * square - 1.0 / 39916800.0;
    sum = sum * square + 1.0 / 362880.0;
    sum = sum * square - 1.0 / 5040.0;
    sum = sum * square + 1.0 / 120.0;
    sum = sum * square - 1.0 / 6.0;
    return angle * (sum * square + 1);
}

typedef struct {
    double sine;
    double cosine;
} angle;

/* Of pi t, for t in [-1, 1]. */
static angle angle_of(double t) {
    double magnitude = fabs(t);
    return (angle){t < 0 ? -sine(magnitude) : sine(magnitude), sine(magnitude + 0.5)};
}

static angle angle_sum(angle a, angle b) {
    return (angle){a.sine * b.cosine + a.cosine * b.sine, a.cosine * b.cosine - a.sine * b.sine};
}

/* sinc(x) sinc(x / lobes) from the angle pi x / lobes: sin 2a = 2 sin a cos a, sin 3a = sin a (3 - 4 sin^2 a). */
static double lanczos(int lobes, angle part, double x) {
    if (fabs(x) < 1e-5) {
        return 1;
    }
    double square = part.sine * part.sine;
    double sines = lobes == 2 ? 4 * square * part.cosine : 3 * square * (3 - 4 * square);
    return sines / (PI * PI * x * x);
}

/* Costella, "The magic kernel" (johncostella.com/magic): the kernel with sharpening of 2013, and of 2021. */
static double mks2013(double x) {
    if (x < 0.5) {
        return 17.0 / 16 - 7.0 / 4 * x * x;
    }
    if (x < 1.5) {
        return x * x - 11.0 / 4 * x + 7.0 / 4;
    }
    return x < 2.5 ? -(x - 2.5) * (x - 2.5) / 8 : 0;
}

static double mks2021(double x) {
    if (x < 0.5) {
        return 577.0 / 576 - 239.0 / 144 * x * x;
    }
    if (x < 1.5) {
        return (140 * x * x - 379 * x + 239) / 144;
    }
    if (x < 2.5) {
        return -(24 * x * x - 113 * x + 130) / 144;
    }
    if (x < 3.5) {
        return (4 * x * x - 27 * x + 45) / 144;
    }
    return x < 4.5 ? -(2 * x - 9) * (2 * x - 9) / 1152 : 0;
}

typedef struct {
    double (*value)(double distance); /* of a distance >= 0; NULL where there are lobes, or nothing to weigh */
    double support;
    int lobes; /* of Lanczos' kernels */
} shape;

static const shape SHAPES[PIXELSHIFT_RESAMPLE_FILTERS] = {
    [PIXELSHIFT_RESAMPLE_NEAREST] = {NULL, 0.5, 0},    [PIXELSHIFT_RESAMPLE_LINEAR] = {linear, 1, 0},
    [PIXELSHIFT_RESAMPLE_CUBIC] = {cubic, 2, 0},       [PIXELSHIFT_RESAMPLE_MITCHELL] = {mitchell, 2, 0},
    [PIXELSHIFT_RESAMPLE_LANCZOS2] = {NULL, 2, 2},     [PIXELSHIFT_RESAMPLE_LANCZOS3] = {NULL, 3, 3},
    [PIXELSHIFT_RESAMPLE_MKS2013] = {mks2013, 2.5, 0}, [PIXELSHIFT_RESAMPLE_MKS2021] = {mks2021, 4.5, 0},
};

/* Distance between results, in source samples. */
static double spec_step(const pixelshift_resample_spec *spec) {
    return (spec->high - spec->low) / spec->out;
}

/* Half the width of the filter, in source samples: stretched when reducing. */
static double spec_reach(const pixelshift_resample_spec *spec) {
    double step = spec_step(spec);
    return SHAPES[spec->filter].support * (step > 1 ? step : 1);
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

static int spec_is_sound(const pixelshift_resample_spec *spec) {
    double beyond = spec->repeat_edges ? spec->in : 0;
    return spec->in >= 1 && spec->in <= PIXELSHIFT_RESAMPLE_SIDE_LIMIT && spec->out >= 1 &&
           spec->out <= PIXELSHIFT_RESAMPLE_SIDE_LIMIT && (unsigned)spec->filter < PIXELSHIFT_RESAMPLE_FILTERS &&
           spec->low >= -beyond && spec->low < spec->high && spec->high <= spec->in + beyond;
}

size_t pixelshift_resample_axis_bytes(const pixelshift_resample_spec *spec) {
    if (!spec_is_sound(spec)) {
        return 0;
    }
    size_t taps = (size_t)spec_taps(spec);
    return 2 * aligned((size_t)spec->out * sizeof(int32_t)) + aligned((size_t)spec->out * taps * sizeof(int16_t)) +
           aligned(taps * sizeof(double));
}

static int32_t clamped(double place, int32_t low, int32_t high) {
    return place < low ? low : place > high ? high : (int32_t)place;
}

/* Weights of one output, summing to 1, into `weight`; returns how many and sets *start. */
static int32_t real_weights(const pixelshift_resample_spec *spec, int32_t output, double *weight, int32_t *start) {
    const int32_t last = spec->in - 1;
    double step = spec_step(spec);
    double centre = spec->low + (output + 0.5) * step;
    /* Kernels that blur (Mitchell, the magic ones) leave a picture alone that needs no resampling, as libvips does. */
    int copied = step == 1 && spec->low == floor(spec->low);
    if (copied || spec->filter == PIXELSHIFT_RESAMPLE_NEAREST) {
        *start = clamped(floor(centre), 0, last);
        weight[0] = 1;
        return 1;
    }
    double reach = spec_reach(spec);
    double squeeze = step > 1 ? 1 / step : 1;
    int32_t from = (int32_t)floor(centre - reach + 0.5);
    int32_t to = (int32_t)floor(centre + reach + 0.5);
    if (!spec->repeat_edges) {
        from = from > 0 ? from : 0;
        to = to < spec->in ? to : spec->in;
    }
    *start = clamped(from, 0, last);
    int32_t count = clamped(to - 1, 0, last) + 1 - *start;
    memset(weight, 0, (size_t)count * sizeof *weight);
    /* Lanczos' angle goes on from sample to sample: two sines an output instead of one a weight. */
    const shape *kernel = &SHAPES[spec->filter];
    angle part = {0, 1}, next = {0, 1};
    if (kernel->lobes > 0) {
        part = angle_of((from + 0.5 - centre) * squeeze / kernel->lobes);
        next = angle_of(squeeze / kernel->lobes);
    }
    double sum = 0;
    for (int32_t i = from; i < to; i++) {
        double x = (i + 0.5 - centre) * squeeze;
        double value = kernel->lobes > 0 ? lanczos(kernel->lobes, part, x) : kernel->value(fabs(x));
        weight[clamped(i, 0, last) - *start] += value;
        sum += value;
        part = angle_sum(part, next);
    }
    for (int32_t i = 0; i < count; i++) {
        weight[i] /= sum;
    }
    return count;
}

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static double largest_of(const double *weight, int32_t count) {
    double largest = 0;
    for (int32_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(weight[i])); /* an edge gathers a whole negative lobe */
    }
    return largest;
}

/* The most fraction bits, 14 to `most`, with which `largest` still fits int16 after rounding. */
static int32_t weight_bits(double largest, int32_t most) {
    int32_t bits = most;
    while (bits > 14 && largest * (1 << bits) > INT16_MAX - 1) {
        bits--;
    }
    return bits;
}

/* Differences of the rounded running sum: the error is carried on, so that a smooth picture sees none. */
static void quantise(int16_t *quantised, const double *weight, int32_t count, int32_t bits) {
    double sum = 0;
    int32_t before = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += weight[i];
        double wanted = sum * (1 << bits) + 0.5;
        int32_t rounded = (int32_t)wanted;
        rounded -= rounded > wanted; /* floor(), which the baseline has to call */
        quantised[i] = (int16_t)(rounded - before);
        before = rounded;
    }
}

/* Drops zeros at both ends as far as starts and ends still never decrease from one output to the next. */
static void trim(pixelshift_resample_axis *axis) {
    int32_t next_start = axis->in;
    for (int32_t output = axis->out - 1; output >= 0; output--) {
        int16_t *row = axis->weight + (ptrdiff_t)output * axis->taps;
        int32_t zeros = 0;
        while (row[zeros] == 0 && axis->start[output] + zeros < next_start) {
            zeros++;
        }
        axis->start[output] += zeros;
        axis->count[output] -= zeros;
        memmove(row, row + zeros, (size_t)axis->count[output] * sizeof(int16_t));
        next_start = axis->start[output];
    }
    int32_t last_end = 0;
    for (int32_t output = 0; output < axis->out; output++) {
        const int16_t *row = axis->weight + (ptrdiff_t)output * axis->taps;
        int32_t end = axis->start[output] + axis->count[output];
        while (end > last_end && row[end - 1 - axis->start[output]] == 0) {
            end--;
        }
        axis->count[output] = end - axis->start[output];
        last_end = end;
    }
}

/* Moves each row of weights to the parity of its first sample, zeros around, and notes the extremes. */
static void place_pairs(pixelshift_resample_axis *axis) {
    axis->first = axis->start[0] & ~1;
    axis->last = axis->start[axis->out - 1] + axis->count[axis->out - 1];
    axis->longest = 0;
    axis->pairs = 0;
    for (int32_t output = 0; output < axis->out; output++) {
        int16_t *row = axis->weight + (ptrdiff_t)output * axis->taps;
        int32_t odd = axis->start[output] & 1;
        int32_t count = axis->count[output];
        memmove(row + odd, row, (size_t)count * sizeof(int16_t));
        memset(row, 0, (size_t)odd * sizeof(int16_t));
        memset(row + odd + count, 0, (size_t)(axis->taps - odd - count) * sizeof(int16_t));
        axis->longest = count > axis->longest ? count : axis->longest;
        int32_t pairs = (odd + count + 1) / 2;
        axis->pairs = pairs > axis->pairs ? pairs : axis->pairs;
    }
}

void pixelshift_resample_axis_init(pixelshift_resample_axis *axis, const pixelshift_resample_spec *spec, void *memory) {
    uint8_t *place = memory;
    int32_t taps = spec_taps(spec);
    axis->in = spec->in;
    axis->out = spec->out;
    axis->taps = taps;
    axis->start = (int32_t *)place;
    place += aligned((size_t)spec->out * sizeof(int32_t));
    axis->count = (int32_t *)place;
    place += aligned((size_t)spec->out * sizeof(int32_t));
    axis->weight = (int16_t *)place;
    place += aligned((size_t)spec->out * (size_t)taps * sizeof(int16_t));
    double *weight = (double *)place;

    /* Bits by the first results' weights, which an edge enlarges; if others turn out larger, once more with fewer. */
    axis->wide = taps > WIDE_TAPS;
    int32_t most = axis->wide ? 22 : 18;
    double largest = 0;
    for (int32_t output = 0; output < least(spec->out, FIRST_RESULTS); output++) {
        largest = fmax(largest, largest_of(weight, real_weights(spec, output, weight, &axis->start[0])));
    }
    do {
        axis->bits = weight_bits(largest, most);
        for (int32_t output = 0; output < spec->out; output++) {
            int32_t count = real_weights(spec, output, weight, &axis->start[output]);
            largest = fmax(largest, largest_of(weight, count));
            axis->count[output] = count;
            quantise(axis->weight + (ptrdiff_t)output * taps, weight, count, axis->bits);
        }
    } while (weight_bits(largest, most) < axis->bits);
    trim(axis);
    place_pairs(axis);
}

void pixelshift_resample_plan_init(pixelshift_resample_plan *plan, const pixelshift_resample_axis *x,
                                   const pixelshift_resample_axis *y, int32_t channels, int32_t premultiply) {
    plan->x = x;
    plan->y = y;
    plan->channels = channels;
    plan->premultiply = premultiply;
    plan->vertical_first = y->last - y->first >= VERTICAL_FIRST_RATIO * y->out;
    const pixelshift_resample_axis *first = plan->vertical_first ? y : x;
    const pixelshift_resample_axis *second = plan->vertical_first ? x : y;
    /*
     * |sample| < 2^9 after filters with negative lobes, so that 22 bits of fraction in all fit int32. With 4 bits the
     * products of 16 samples with any weights fit, so that a wide filter can sum by sixteens.
     */
    plan->source_bits = !premultiply ? 0 : first->wide ? 4 : least(7, 22 - first->bits);
    plan->middle_bits = second->wide ? 4 : least(7, 22 - second->bits);
}
