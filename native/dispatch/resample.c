/* The stream of rows around the kernels, and the table of kernels per level. */
#include "pixelshift/resample.h"

#include <string.h>

#include "../scalar/resample.h"

static const pixelshift_resample_kernels_table SCALAR = {
    pixelshift_resample_scratch_bytes_scalar, pixelshift_resample_sum_bytes_scalar, pixelshift_resample_push_scalar,
    pixelshift_resample_take_scalar,          pixelshift_resample_add_scalar,       pixelshift_resample_finish_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_resample_kernels_table AVX2 = {
    pixelshift_resample_scratch_bytes_avx2, pixelshift_resample_sum_bytes_avx2, pixelshift_resample_push_avx2,
    pixelshift_resample_take_avx2,          pixelshift_resample_add_avx2,       pixelshift_resample_finish_avx2,
};
#endif

#if PIXELSHIFT_HAVE_NEON
static const pixelshift_resample_kernels_table NEON = {
    pixelshift_resample_scratch_bytes_neon, pixelshift_resample_sum_bytes_neon, pixelshift_resample_push_neon,
    pixelshift_resample_take_neon,          pixelshift_resample_add_neon,       pixelshift_resample_finish_neon,
};
#endif

const pixelshift_resample_kernels_table *pixelshift_resample_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    return level >= PIXELSHIFT_CPU_AVX2 ? &AVX2 : &SCALAR;
#elif PIXELSHIFT_HAVE_NEON
    return level >= PIXELSHIFT_CPU_NEON ? &NEON : &SCALAR;
#else
    (void)level;
    return &SCALAR;
#endif
}

static size_t aligned(size_t bytes) {
    return (bytes + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(size_t)(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1);
}

/* Horizontal first: rows that one output spans, with its first rounded down to even, and one strip to come. */
static int32_t ring_rows(const pixelshift_resample_plan *plan) {
    int32_t rows = 2 * PIXELSHIFT_RESAMPLE_STRIP;
    while (rows < plan->y->longest + 2 + PIXELSHIFT_RESAMPLE_STRIP) {
        rows *= 2;
    }
    return rows;
}

/* Vertical first: the most outputs that have begun by the end of a strip while the oldest still sums in it. */
static int32_t sums_under_way(const pixelshift_resample_plan *plan) {
    const pixelshift_resample_axis *y = plan->y;
    int32_t most = 1;
    for (int32_t oldest = 0, begun = 0; oldest < y->out; oldest++) {
        int32_t last_strip = (y->start[oldest] + y->count[oldest] - 1 - y->first) / PIXELSHIFT_RESAMPLE_STRIP;
        while (begun < y->out && (y->start[begun] - y->first) / PIXELSHIFT_RESAMPLE_STRIP <= last_strip) {
            begun++;
        }
        most = begun - oldest > most ? begun - oldest : most;
    }
    return most;
}

/*
 * Vertical first: the most finished rows that wait, fewer than a strip before a push and what it finishes after it.
 * Beyond repeated edges any number of results may end with the last row.
 */
static int32_t rows_held(const pixelshift_resample_plan *plan) {
    const pixelshift_resample_axis *y = plan->y;
    int32_t most = 1;
    for (int32_t output = 0, from = 0; output < y->out; output++) {
        int32_t strip = (y->start[output] + y->count[output] - 1 - y->first) / PIXELSHIFT_RESAMPLE_STRIP;
        while ((y->start[from] + y->count[from] - 1 - y->first) / PIXELSHIFT_RESAMPLE_STRIP < strip) {
            from++;
        }
        most = output + 1 - from > most ? output + 1 - from : most;
    }
    return PIXELSHIFT_RESAMPLE_STRIP - 1 + most;
}

/*
 * In samples: whole vectors of 32 and an odd number of cache lines of int16 pairs, since rows a multiple of 4096 bytes
 * apart would push each other out of the first-level cache.
 */
static int32_t padded(int32_t samples) {
    return ((samples + 31) & ~31) + 16;
}

/* No place where only the bytes are asked for. */
static void *place(uint8_t *memory, size_t at) {
    return memory == NULL ? NULL : memory + at;
}

/* Sizes and places; `memory` may be NULL to learn the bytes in all. */
static size_t lay_out(pixelshift_resample_stream *stream, const pixelshift_resample_plan *plan,
                      const pixelshift_resample_kernels_table *kernels, uint8_t *memory) {
    int32_t samples_in = plan->x->in * plan->channels;
    int32_t samples_out = plan->x->out * plan->channels;
    size_t bytes = aligned(kernels->scratch_bytes(plan));
    stream->scratch = memory;
    stream->rows = place(memory, bytes);
    stream->sums = NULL;
    stream->ready = NULL;
    if (!plan->vertical_first) {
        stream->slots = ring_rows(plan);
        stream->stride = padded(samples_out);
        return bytes + aligned((size_t)stream->slots * (size_t)stream->stride * sizeof(int16_t));
    }
    stream->stride = padded(samples_in);
    bytes += aligned((size_t)rows_held(plan) * (size_t)stream->stride * sizeof(int16_t));
    stream->slots = sums_under_way(plan);
    stream->sum_stride = padded(samples_in);
    stream->sums = place(memory, bytes);
    bytes += aligned((size_t)stream->slots * (size_t)stream->sum_stride * kernels->sum_bytes(plan));
    stream->ready_stride = padded(samples_out);
    stream->ready = place(memory, bytes);
    return bytes + aligned((size_t)PIXELSHIFT_RESAMPLE_STRIP * (size_t)stream->ready_stride);
}

size_t pixelshift_resample_stream_bytes(const pixelshift_resample_plan *plan, pixelshift_cpu_level level) {
    pixelshift_resample_stream stream;
    return lay_out(&stream, plan, pixelshift_resample_kernels(level), NULL);
}

void pixelshift_resample_stream_init(pixelshift_resample_stream *stream, const pixelshift_resample_plan *plan,
                                     pixelshift_cpu_level level, void *memory) {
    memset(stream, 0, sizeof *stream);
    stream->plan = *plan;
    stream->kernels = pixelshift_resample_kernels(level);
    stream->pushed = plan->y->first;
    lay_out(stream, plan, stream->kernels, memory);
}

int32_t pixelshift_resample_wanted_rows(const pixelshift_resample_stream *stream, int32_t *from) {
    *from = stream->pushed;
    return stream->plan.y->last;
}

/* Whether a whole strip fits, which kernels may write even for fewer rows. Starts never decrease. */
static int has_room(const pixelshift_resample_stream *stream) {
    const pixelshift_resample_axis *y = stream->plan.y;
    if (stream->plan.vertical_first) {
        return stream->held < PIXELSHIFT_RESAMPLE_STRIP;
    }
    int32_t oldest = stream->next < y->out ? y->start[stream->next] & ~1 : stream->pushed;
    oldest = oldest < stream->pushed ? oldest : stream->pushed;
    return oldest + stream->slots - stream->pushed >= PIXELSHIFT_RESAMPLE_STRIP;
}

int32_t pixelshift_resample_push_rows(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                      int32_t count) {
    int32_t wanted = stream->plan.y->last - stream->pushed;
    int32_t used = 0;
    count = count < wanted ? count : wanted;
    while (used < count && has_room(stream)) {
        int32_t rows = count - used < PIXELSHIFT_RESAMPLE_STRIP ? count - used : PIXELSHIFT_RESAMPLE_STRIP;
        if (stream->plan.vertical_first) {
            stream->kernels->add(stream, src + used * src_stride, src_stride, rows);
        } else {
            stream->kernels->push(stream, src + used * src_stride, src_stride, rows);
        }
        stream->pushed += rows;
        used += rows;
    }
    return used;
}

static int32_t take_from_ring(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride, int32_t limit) {
    const pixelshift_resample_axis *y = stream->plan.y;
    int32_t taken = 0;
    while (taken < limit && stream->next < y->out &&
           y->start[stream->next] + y->count[stream->next] <= stream->pushed) {
        stream->kernels->take(stream, dst + taken * dst_stride);
        stream->next++;
        taken++;
    }
    return taken;
}

/* Filters the rows held, once there is a strip of them or no more will come. */
static int make_ready(pixelshift_resample_stream *stream) {
    int complete = stream->pushed >= stream->plan.y->last;
    if (stream->held == 0 || (stream->held < PIXELSHIFT_RESAMPLE_STRIP && !complete)) {
        return 0;
    }
    int32_t count = stream->held < PIXELSHIFT_RESAMPLE_STRIP ? stream->held : PIXELSHIFT_RESAMPLE_STRIP;
    stream->kernels->finish(stream, count);
    stream->held -= count;
    memmove(stream->rows, stream->rows + (ptrdiff_t)count * stream->stride,
            (size_t)stream->held * (size_t)stream->stride * sizeof(int16_t));
    stream->ready_from = 0;
    stream->ready_to = count;
    return 1;
}

static int32_t take_ready(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride, int32_t limit) {
    size_t row_bytes = (size_t)stream->plan.x->out * (size_t)stream->plan.channels;
    int32_t taken = 0;
    while (taken < limit && (stream->ready_from < stream->ready_to || make_ready(stream))) {
        memcpy(dst + taken * dst_stride, stream->ready + (ptrdiff_t)stream->ready_from++ * stream->ready_stride,
               row_bytes);
        stream->next++;
        taken++;
    }
    return taken;
}

int32_t pixelshift_resample_take_rows(pixelshift_resample_stream *stream, uint8_t *dst, ptrdiff_t dst_stride,
                                      int32_t limit) {
    return stream->plan.vertical_first ? take_ready(stream, dst, dst_stride, limit)
                                       : take_from_ring(stream, dst, dst_stride, limit);
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
