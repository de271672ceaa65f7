/*
 * Any options, any values, any cuts: the lazy detector on every level gives what the plain pass gives, and one that is
 * exported and imported on the way goes on identically.
 *
 * Input: four bytes of options; one of form: raw doubles or bytes around zero, length of a piece, whether each piece
 * ends in an export; then values.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pixelshift/changepoint.h"

#define HEADER 5
#define MOST_VALUES 4096
#define MOST_CHANGES (MOST_VALUES + 1)

typedef struct {
    pixelshift_changepoint *detector;
    pixelshift_changepoint_options options;
    pixelshift_change changes[MOST_CHANGES];
    int64_t change_count;
} run;

static void require(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "violated: %s\n", what);
        abort();
    }
}

static pixelshift_changepoint *start(const pixelshift_changepoint_options *options) {
    pixelshift_changepoint *detector = pixelshift_changepoint_new(options);
    require(detector != NULL, "a detector starts");
    return detector;
}

static void extend(run *one, const double *values, int64_t count) {
    for (int64_t at = 0; at < count;) {
        int64_t found, taken;
        require(pixelshift_changepoint_extend(one->detector, one->changes + one->change_count, &found, &taken,
                                              values + at, count - at, 3) == PIXELSHIFT_CHANGEPOINT_OK,
                "values are taken");
        require(taken > 0 && taken <= count - at && found <= 3, "progress within the batch");
        at += taken;
        one->change_count += found;
    }
}

/* Replaces the detector by one that knows only what was exported. */
static void restore(run *one) {
    pixelshift_changepoint_segment segment = pixelshift_changepoint_export(one->detector);
    pixelshift_changepoint *fresh = start(&one->options);
    require(pixelshift_changepoint_import(fresh, &segment) == PIXELSHIFT_CHANGEPOINT_OK, "an export is importable");
    pixelshift_changepoint_free(one->detector);
    one->detector = fresh;
}

static int64_t maximum(run *one) {
    int64_t k;
    require(pixelshift_changepoint_maximum(one->detector, &k) == PIXELSHIFT_CHANGEPOINT_OK, "a maximum exists");
    return k;
}

static int same(double left, double right) {
    return memcmp(&left, &right, sizeof left) == 0;
}

static void compare(run *left, run *right) {
    require(left->change_count == right->change_count, "as many changes");
    for (int64_t i = 0; i < left->change_count; i++) {
        const pixelshift_change *a = left->changes + i, *b = right->changes + i;
        require(a->index == b->index && a->detected_at == b->detected_at && a->rising == b->rising, "the same places");
        require(a->n_before == b->n_before && a->n_after == b->n_after, "the same sides");
        require(same(a->p_value, b->p_value) && same(a->offset, b->offset), "the same evidence");
        require(same(a->offset_low, b->offset_low) && same(a->offset_high, b->offset_high), "the same interval");
        require(same(a->before, b->before) && same(a->after, b->after), "the same levels");
    }
    pixelshift_changepoint_segment a = pixelshift_changepoint_export(left->detector);
    pixelshift_changepoint_segment b = pixelshift_changepoint_export(right->detector);
    require(a.count == b.count && a.start == b.start && a.position == b.position && a.gap_count == b.gap_count,
            "the same segment");
    require(a.count == 0 || memcmp(a.values, b.values, (size_t)a.count * sizeof *a.values) == 0, "the same values");
}

static pixelshift_changepoint_options options_of(const uint8_t *data) {
    static const double alphas[] = {0.5, 0.05, 0.01, 1e-4, 1e-9}, thresholds[] = {0.0, 0.0, 0.5, 2.0};
    static const int64_t startups[] = {1, 5, 20}, limits[] = {0, 0, 16, 300};
    return (pixelshift_changepoint_options){
        .alpha = alphas[data[0] % 5],
        .threshold = thresholds[data[0] / 5 % 4],
        .window = data[2] % 10,
        .startup = startups[data[2] / 10 % 3],
        .max_points = limits[data[3] % 4],
        .gate = data[1] & 1,
        .noise_unit = data[1] >> 1 & 1,
        .pettitt_location = data[1] >> 2 & 1,
        .standardized_statistic = data[1] >> 3 & 1,
        .anytime = data[1] >> 4 & 1,
        .ar1 = data[1] >> 5 & 1,
        .remove_trend = data[1] >> 6 & 1,
        .keep_since_change = data[1] >> 7,
    };
}

static int64_t values_of(double *values, const uint8_t *data, size_t size, int raw) {
    size_t width = raw ? sizeof *values : 1;
    size_t count = size / width < MOST_VALUES ? size / width : MOST_VALUES;
    for (size_t i = 0; i < count; i++) {
        if (raw) {
            memcpy(values + i, data + i * width, width);
        } else {
            values[i] = (double)(int8_t)data[i];
        }
    }
    return (int64_t)count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static double values[MOST_VALUES];
    static run runs[3];
    if (size < HEADER) {
        return 0;
    }
    uint8_t form = data[4];
    int64_t count = values_of(values, data + HEADER, size - HEADER, form & 1);
    int64_t piece = 1 + 7 * (form >> 1 & 15);
    int interrupted = form >> 5 & 1;
    for (int r = 0; r < 3; r++) {
        runs[r].options = options_of(data);
        runs[r].options.plain = r == 2;
        runs[r].options.level = r == 0 ? pixelshift_cpu_current() : PIXELSHIFT_CPU_SCALAR;
        runs[r].change_count = 0;
        runs[r].detector = start(&runs[r].options);
    }
    for (int64_t at = 0; at < count; at += piece) {
        int64_t step = piece < count - at ? piece : count - at;
        for (int r = 0; r < 3; r++) {
            extend(runs + r, values + at, step);
        }
        compare(runs, runs + 1);
        compare(runs, runs + 2);
        if (interrupted) {
            /* Both bring the lazy index up to date, so inputs without interruptions let its bounds run for longer. */
            require(maximum(runs) == maximum(runs + 2), "the same K");
            restore(runs + (form >> 6 & 1));
        }
    }
    require(maximum(runs) == maximum(runs + 1) && maximum(runs) == maximum(runs + 2), "the same K at the end");
    for (int r = 0; r < 3; r++) {
        pixelshift_changepoint_free(runs[r].detector);
    }
    return 0;
}
