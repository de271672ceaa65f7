/*
 * Random plans through the streaming interface, built with ASan and UBSan by tests/native/test_resample_stream.py:
 * every level, pushed and taken in random pieces, must give the bytes of the scalar array form, and no access may
 * leave the buffers, which are exactly as large as the interface asks. Usage: resample_stream SEED CASES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pixelshift/resample.h"

static uint64_t state;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static int32_t side(void) {
    static const uint32_t scales[] = {3, 20, 90, 400};
    return 1 + (int32_t)draw(scales[draw(4)]);
}

static void *exactly(size_t bytes) {
    void *memory = NULL;
    if (posix_memalign(&memory, PIXELSHIFT_RESAMPLE_ALIGNMENT, bytes)) {
        exit(2);
    }
    return memory;
}

typedef struct {
    pixelshift_resample_axis axis;
    void *memory;
} owned_axis;

static owned_axis make_axis(pixelshift_resample_filter filter) {
    pixelshift_resample_spec spec = {.in = side(), .out = side(), .filter = filter, .repeat_edges = draw(2)};
    spec.high = spec.in;
    if (spec.repeat_edges) {
        spec.low = -spec.in * (draw(3) * draw(500) / 1000.0);
        spec.high += spec.in * (draw(3) * draw(500) / 1000.0);
    } else if (draw(2)) {
        spec.low = spec.in * (draw(500) / 1000.0);
        spec.high = spec.in - spec.in * (draw(490) / 1000.0);
    }
    owned_axis result;
    result.memory = exactly(pixelshift_resample_axis_bytes(&spec));
    pixelshift_resample_axis_init(&result.axis, &spec, result.memory);
    return result;
}

/* Pieces of random sizes; the rows pushed are copied, so that no other row of the source can be read. */
static void stream_in_pieces(pixelshift_resample_stream *stream, uint8_t *dst, const uint8_t *src, size_t src_row,
                             size_t dst_row) {
    int32_t height = stream->plan.y->out;
    int32_t taken = 0;
    while (taken < height) {
        int32_t from;
        int32_t left = pixelshift_resample_wanted_rows(stream, &from) - from;
        int32_t count = PIXELSHIFT_RESAMPLE_STRIP * (int32_t)(1 + draw(4));
        count = count < left ? count : left;
        if (count > 0) {
            uint8_t *rows = malloc((size_t)count * src_row);
            memcpy(rows, src + (size_t)from * src_row, (size_t)count * src_row);
            pixelshift_resample_push_rows(stream, rows, (ptrdiff_t)src_row, count);
            free(rows);
        }
        int32_t limit = 1 + (int32_t)draw(20);
        limit = limit < height - taken ? limit : height - taken;
        taken += pixelshift_resample_take_rows(stream, dst + (size_t)taken * dst_row, (ptrdiff_t)dst_row, limit);
    }
}

static int one_case(void) {
    pixelshift_resample_filter filter = (pixelshift_resample_filter)draw(PIXELSHIFT_RESAMPLE_FILTERS);
    owned_axis x = make_axis(filter);
    owned_axis y = make_axis(filter);
    int32_t channels = 1 + (int32_t)draw(4);
    pixelshift_resample_plan plan;
    pixelshift_resample_plan_init(&plan, &x.axis, &y.axis, channels, channels % 2 == 0 && draw(2));
    size_t src_row = (size_t)x.axis.in * (size_t)channels;
    size_t dst_row = (size_t)x.axis.out * (size_t)channels;
    size_t result_bytes = dst_row * (size_t)y.axis.out;
    uint8_t *src = malloc(src_row * (size_t)y.axis.in);
    uint8_t *expected = malloc(result_bytes);
    uint8_t *result = malloc(result_bytes);
    for (size_t i = 0; i < src_row * (size_t)y.axis.in; i++) {
        src[i] = (uint8_t)draw(256);
    }
    int failed = 0;
    for (int level = PIXELSHIFT_CPU_SCALAR; level <= (int)pixelshift_cpu_detect(); level++) {
        size_t bytes = pixelshift_resample_stream_bytes(&plan, (pixelshift_cpu_level)level);
        void *memory = exactly(bytes);
        pixelshift_resample_stream stream;
        memset(memory, 0xa5, bytes);
        pixelshift_resample_stream_init(&stream, &plan, (pixelshift_cpu_level)level, memory);
        if (level == PIXELSHIFT_CPU_SCALAR) {
            pixelshift_resample_run(&stream, expected, (ptrdiff_t)dst_row, src, (ptrdiff_t)src_row);
            memset(memory, 0x5a, bytes);
            pixelshift_resample_stream_init(&stream, &plan, (pixelshift_cpu_level)level, memory);
        }
        memset(result, 0xee, result_bytes);
        stream_in_pieces(&stream, result, src, src_row, dst_row);
        if (memcmp(result, expected, result_bytes) != 0) {
            fprintf(stderr, "level %d differs: filter %d, %dx%d to %dx%d, %d channels, premultiply %d\n", level, filter,
                    x.axis.in, y.axis.in, x.axis.out, y.axis.out, channels, plan.premultiply);
            failed = 1;
        }
        free(memory);
    }
    free(src);
    free(expected);
    free(result);
    free(x.memory);
    free(y.memory);
    return failed;
}

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    state = strtoull(arguments[1], NULL, 10);
    int failed = 0;
    for (long i = strtol(arguments[2], NULL, 10); i > 0; i--) {
        failed |= one_case();
    }
    return failed;
}
