/*
 * Any sizes, boxes and filters: an axis is refused or sound, and every level makes the same of a picture, within its
 * memory; both by the resampler and by the one that gives Pillow's bytes.
 */
#include "guard.h"

#include "pixelshift/exact.h"

enum { MOST_SIDE = 600, MOST_PIXELS = 1 << 14, MOST_TABLE = 1 << 20 };

typedef struct {
    pixelshift_resample_axis axis;
    pixelshift_exact_axis exact;
    guarded memory;
} owned;

typedef struct {
    int is_exact, any, repeat;
    pixelshift_resample_filter filter;
} choices;

static pixelshift_resample_spec spec_of(reader *input, const choices *by, int32_t in, int32_t out) {
    pixelshift_resample_spec spec = {.in = in, .out = out, .filter = by->filter, .repeat_edges = by->repeat};
    uint8_t whole = take_byte(input);
    spec.low = take_double(input, by->any);
    spec.high = take_double(input, by->any);
    if (whole & 1) {
        spec.low = 0;
        spec.high = in;
    } else if (!by->any) { /* within the source, mostly */
        spec.low = spec.low / 128 * in;
        spec.high = spec.low + spec.high / 128 * in;
    }
    return spec;
}

static void check(const pixelshift_resample_axis *axis, int is_exact) {
    for (int32_t o = 0; o < axis->out; o++) {
        int32_t start = axis->start[o], count = axis->count[o], sum = 0;
        require(start >= 0 && count >= 1 && start <= axis->in - count, "reads within the source");
        require(count + (start & 1) <= axis->taps && count <= axis->longest, "as long as it says");
        require(o == 0 || (start >= axis->start[o - 1] && start + count >= axis->start[o - 1] + axis->count[o - 1]),
                "never goes back");
        for (int32_t i = 0; i < axis->taps; i++) {
            int32_t at = i - (start & 1), weight = axis->weight[(ptrdiff_t)o * axis->taps + i];
            require((at >= 0 && at < count) || weight == 0, "zeros around the weights");
            sum += weight;
        }
        require(is_exact || sum == 1 << axis->bits, "weights sum to one");
    }
}

/* 0 where the specification is refused, or its table too large to fill here. */
static int make(owned *result, const pixelshift_resample_spec *spec, int is_exact) {
    size_t size = is_exact ? pixelshift_exact_axis_bytes(spec) : pixelshift_resample_axis_bytes(spec);
    if (size == 0 || size > MOST_TABLE) {
        return 0;
    }
    result->memory = guarded_new(size);
    if (is_exact) {
        pixelshift_exact_axis_init(&result->exact, spec, result->memory.bytes);
        check(&result->exact.high, 1);
    } else {
        pixelshift_resample_axis_init(&result->axis, spec, result->memory.bytes);
        check(&result->axis, 0);
    }
    return 1;
}

static void run(uint8_t *dst, const uint8_t *src, const owned *x, const owned *y, int32_t channels, int premultiply,
                int is_exact, pixelshift_cpu_level level) {
    const pixelshift_resample_axis *across = is_exact ? &x->exact.high : &x->axis;
    ptrdiff_t from = (ptrdiff_t)across->in * channels, to = (ptrdiff_t)across->out * channels;
    guarded memory;
    if (is_exact) {
        pixelshift_exact_plan plan = {&x->exact, &y->exact, channels, premultiply};
        memory = guarded_new(pixelshift_exact_run_bytes(&plan, level));
        pixelshift_exact_run(&plan, level, memory.bytes, dst, to, src, from);
    } else {
        pixelshift_resample_plan plan;
        pixelshift_resample_stream stream;
        pixelshift_resample_plan_init(&plan, &x->axis, &y->axis, channels, premultiply);
        memory = guarded_new(pixelshift_resample_stream_bytes(&plan, level));
        pixelshift_resample_stream_init(&stream, &plan, level, memory.bytes);
        pixelshift_resample_run(&stream, dst, to, src, from);
    }
    guarded_free(&memory);
}

static void compare(reader *input, const owned *x, const owned *y, int32_t channels, int premultiply, int is_exact) {
    const pixelshift_resample_axis *across = is_exact ? &x->exact.high : &x->axis;
    const pixelshift_resample_axis *down = is_exact ? &y->exact.high : &y->axis;
    size_t source_size = (size_t)across->in * (size_t)down->in * (size_t)channels;
    size_t result_size = (size_t)across->out * (size_t)down->out * (size_t)channels;
    guarded source = guarded_new(source_size), one = guarded_new(result_size), two = guarded_new(result_size);
    fill(input, source.bytes, source_size);
    run(one.bytes, source.bytes, x, y, channels, premultiply, is_exact, PIXELSHIFT_CPU_SCALAR);
    run(two.bytes, source.bytes, x, y, channels, premultiply, is_exact, pixelshift_cpu_detect());
    require(memcmp(one.bytes, two.bytes, result_size) == 0, "levels agree");
    guarded_free(&source);
    guarded_free(&one);
    guarded_free(&two);
}

/* Sides of which both pictures stay small, in any proportion. */
static int32_t take_length(reader *input, int32_t other) {
    int32_t side = take_side(input, MOST_SIDE);
    return side <= MOST_PIXELS / other ? side : MOST_PIXELS / other;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader input = {data, size};
    uint8_t form = take_byte(&input), layout = take_byte(&input);
    choices by = {.is_exact = form >> 7, .any = form >> 6 & 1, .repeat = form >> 5 & 1};
    by.filter = (pixelshift_resample_filter)(form % PIXELSHIFT_RESAMPLE_FILTERS);
    int32_t channels = 1 + layout % 4, premultiply = channels % 2 == 0 && layout >> 2 & 1;
    int32_t in = take_side(&input, MOST_SIDE), out = take_side(&input, MOST_SIDE);
    pixelshift_resample_spec across = spec_of(&input, &by, in, out);
    pixelshift_resample_spec down = spec_of(&input, &by, take_length(&input, in), take_length(&input, out));
    if (layout >> 3 & 1) { /* any sizes at all: only whether they are refused */
        take(&input, &across.in, sizeof across.in);
        take(&input, &across.out, sizeof across.out);
    }
    owned x, y;
    if (!make(&x, &across, by.is_exact)) {
        return 0;
    }
    if (make(&y, &down, by.is_exact)) {
        if (!(layout >> 3 & 1)) {
            compare(&input, &x, &y, channels, premultiply, by.is_exact);
        }
        guarded_free(&y.memory);
    }
    guarded_free(&x.memory);
    return 0;
}
