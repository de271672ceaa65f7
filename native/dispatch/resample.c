/* The stream of rows around the kernels, and the table of kernels per level. */
#include "pixelshift/resample.h"

#include <string.h>

#include "../avx2/resample.h"
#include "../scalar/resample.h"

static const pixelshift_resample_kernels_table SCALAR = {
    pixelshift_resample_scratch_bytes_scalar,
    pixelshift_resample_push_scalar,
    pixelshift_resample_take_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_resample_kernels_table AVX2 = {
    pixelshift_resample_scratch_bytes_avx2,
    pixelshift_resample_push_avx2,
    pixelshift_resample_take_avx2,
};
#endif

const pixelshift_resample_kernels_table *pixelshift_resample_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level >= PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}

static size_t aligned(size_t bytes) {
    return (bytes + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(size_t)(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1);
}

/* Rows that one output spans, with its first rounded down to even, and one strip to come. */
static int32_t ring_rows(const pixelshift_resample_plan *plan) {
    int32_t rows = 2 * PIXELSHIFT_RESAMPLE_STRIP;
    while (rows < plan->y->longest + 2 + PIXELSHIFT_RESAMPLE_STRIP) {
        rows *= 2;
    }
    return rows;
}

/*
 * In int16: whole vectors of 32 samples, and an odd number of cache lines, since rows a multiple of 4096 bytes apart
 * would push each other out of the first-level cache.
 */
static int32_t ring_stride(const pixelshift_resample_plan *plan) {
    return ((plan->x->out * plan->channels + 31) & ~31) + 16;
}

static size_t ring_bytes(const pixelshift_resample_plan *plan) {
    return aligned((size_t)ring_rows(plan) * (size_t)ring_stride(plan) * sizeof(int16_t));
}

size_t pixelshift_resample_stream_bytes(const pixelshift_resample_plan *plan, pixelshift_cpu_level level) {
    return ring_bytes(plan) + aligned(pixelshift_resample_kernels(level)->scratch_bytes(plan));
}

void pixelshift_resample_stream_init(pixelshift_resample_stream *stream, const pixelshift_resample_plan *plan,
                                     pixelshift_cpu_level level, void *memory) {
    stream->plan = *plan;
    stream->ring_rows = ring_rows(plan);
    stream->ring_stride = ring_stride(plan);
    stream->pushed = plan->y->first;
    stream->next = 0;
    stream->ring = memory;
    stream->scratch = (uint8_t *)memory + ring_bytes(plan);
    stream->kernels = pixelshift_resample_kernels(level);
}

/* One past the last source row of the result row to take next, or of the whole picture when all are taken. */
static int32_t rows_until_next(const pixelshift_resample_stream *stream) {
    const pixelshift_resample_axis *y = stream->plan.y;
    return stream->next < y->out ? y->start[stream->next] + y->count[stream->next] : y->last;
}

int32_t pixelshift_resample_wanted_rows(const pixelshift_resample_stream *stream, int32_t *from) {
    *from = stream->pushed;
    return stream->plan.y->last;
}

/* Rows may be overwritten in the ring once no output still to come reads them. Starts never decrease. */
static int32_t room(const pixelshift_resample_stream *stream) {
    const pixelshift_resample_axis *y = stream->plan.y;
    if (stream->next >= y->out) {
        return y->last - stream->pushed;
    }
    int32_t oldest = y->start[stream->next] & ~1;
    oldest = oldest < stream->pushed ? oldest : stream->pushed;
    return oldest + stream->ring_rows - stream->pushed;
}

int32_t pixelshift_resample_push_rows(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                      int32_t count) {
    const pixelshift_resample_kernels_table *kernels = stream->kernels;
    int32_t wanted = stream->plan.y->last - stream->pushed;
    int32_t used = 0;
    count = count < wanted ? count : wanted;
    while (used < count) {
        int32_t rows = count - used < PIXELSHIFT_RESAMPLE_STRIP ? count - used : PIXELSHIFT_RESAMPLE_STRIP;
        if (room(stream) < PIXELSHIFT_RESAMPLE_STRIP) { /* kernels may write a whole strip */
            break;
        }
        kernels->push(stream, src + used * src_stride, src_stride, rows);
        stream->pushed += rows;
        used += rows;
    }
    return used;
}

int32_t pixelshift_resample_take_rows(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride,
                                      int32_t limit) {
    const pixelshift_resample_kernels_table *kernels = stream->kernels;
    int32_t taken = 0;
    while (taken < limit && stream->next < stream->plan.y->out && rows_until_next(stream) <= stream->pushed) {
        kernels->take(stream, dst + taken * dst_stride);
        stream->next++;
        taken++;
    }
    return taken;
}

void pixelshift_resample_run(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src,
                             ptrdiff_t src_stride) {
    int32_t row = 0;
    int32_t height = stream->plan.y->out;
    while (row < height) {
        int32_t from;
        int32_t to = pixelshift_resample_wanted_rows(stream, &from);
        pixelshift_resample_push_rows(stream, src + from * src_stride, src_stride, to - from);
        row += pixelshift_resample_take_rows(stream, dst + row * dst_stride, dst_stride, height - row);
    }
}
