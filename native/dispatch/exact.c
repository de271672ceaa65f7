/* The walk of Pillow's two passes strip by strip, its premultiplied forms, and the table of kernels per level. */
#include "pixelshift/exact.h"

#include <string.h>

#include "../avx2/exact.h"
#include "../scalar/exact.h"

static const pixelshift_exact_kernels_table SCALAR = {
    pixelshift_exact_scratch_bytes_scalar,
    pixelshift_exact_across_scalar,
    pixelshift_exact_down_scalar,
};

#if PIXELSHIFT_HAVE_AVX2
static const pixelshift_exact_kernels_table AVX2 = {
    pixelshift_exact_scratch_bytes_avx2,
    pixelshift_exact_across_avx2,
    pixelshift_exact_down_avx2,
};
#endif

const pixelshift_exact_kernels_table *pixelshift_exact_kernels(pixelshift_cpu_level level) {
#if PIXELSHIFT_HAVE_AVX2
    if (level >= PIXELSHIFT_CPU_AVX2) {
        return &AVX2;
    }
#endif
    (void)level;
    return &SCALAR;
}

#define STRIP PIXELSHIFT_RESAMPLE_STRIP

static size_t aligned(size_t bytes) {
    return (bytes + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(size_t)(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1);
}

/* As Pillow 13 decides, by the sizes of the whole pictures whatever the box. */
static int vertical_first(const pixelshift_exact_plan *plan) {
    int32_t rows_lost = plan->y->high.in - plan->y->high.out;
    return rows_lost > 0 && rows_lost > 2 * (plan->x->high.in - plan->x->high.out);
}

typedef struct {
    int32_t slots;    /* rows of the ring, a power of two */
    size_t ring_row;  /* bytes: rows that wait to be filtered down */
    size_t strip_row; /* bytes: source rows, premultiplied; vertical first, filtered down */
    size_t ready_row; /* bytes: vertical first, rows of the result */
    uint8_t *ring;
    uint8_t *strip;
    uint8_t *ready;
    void *scratch;
    size_t bytes; /* in all */
} layout;

/* Whole vectors and an odd number of cache lines, so that rows do not push each other out. */
static size_t row_bytes(int32_t pixels, int32_t channels) {
    return (aligned((size_t)pixels * (size_t)channels + STRIP) | 64) + 64;
}

/* Without memory it tells the bytes, and no more. */
static layout lay_out(const pixelshift_exact_plan *plan, pixelshift_cpu_level level, uint8_t *memory) {
    size_t in_row = row_bytes(plan->x->high.in, plan->channels);
    size_t out_row = row_bytes(plan->x->high.out, plan->channels);
    int down_first = vertical_first(plan);
    layout at = {.slots = 2 * STRIP};
    while (at.slots < plan->y->high.longest + 2 + STRIP) {
        at.slots *= 2;
    }
    at.ring_row = down_first ? in_row : out_row;
    at.strip_row = down_first || plan->premultiply ? in_row : 0;
    at.ready_row = down_first ? out_row : 0;
    size_t before = (size_t)at.slots * at.ring_row + STRIP * (at.strip_row + at.ready_row);
    at.bytes = before + aligned(pixelshift_exact_kernels(level)->scratch_bytes(plan));
    if (memory != NULL) {
        at.ring = memory;
        at.strip = at.ring + (size_t)at.slots * at.ring_row;
        at.ready = at.strip + STRIP * at.strip_row;
        at.scratch = at.ready + STRIP * at.ready_row;
    }
    return at;
}

size_t pixelshift_exact_run_bytes(const pixelshift_exact_plan *plan, pixelshift_cpu_level level) {
    return lay_out(plan, level, NULL).bytes;
}

/* Pillow's rounding of a * b / 255. */
static uint8_t weighted(unsigned a, unsigned b) {
    unsigned product = a * b + 128;
    return (uint8_t)(((product >> 8) + product) >> 8);
}

static void premultiply_row(uint8_t *dst, const uint8_t *src, int32_t pixels, int32_t channels) {
    for (int32_t i = 0; i < pixels; i++, src += channels, dst += channels) {
        uint8_t alpha = src[channels - 1];
        for (int32_t c = 0; c < channels - 1; c++) {
            dst[c] = weighted(src[c], alpha);
        }
        dst[channels - 1] = alpha;
    }
}

/* Pillow leaves the colour of opaque and of invisible pixels alone. */
static void divide_row(uint8_t *row, int32_t pixels, int32_t channels) {
    for (int32_t i = 0; i < pixels; i++, row += channels) {
        unsigned alpha = row[channels - 1];
        for (int32_t c = 0; alpha != 0 && alpha != 255 && c < channels - 1; c++) {
            unsigned colour = 255u * row[c] / alpha;
            row[c] = (uint8_t)(colour > 255 ? 255 : colour);
        }
    }
}

static void prepare_row(uint8_t *dst, const uint8_t *src, const pixelshift_exact_plan *plan) {
    if (plan->premultiply) {
        premultiply_row(dst, src, plan->x->high.in, plan->channels);
    } else {
        memcpy(dst, src, (size_t)plan->x->high.in * (size_t)plan->channels);
    }
}

typedef struct {
    const pixelshift_exact_plan *plan;
    const pixelshift_exact_kernels_table *kernels;
    layout at;
    const uint8_t *src;
    ptrdiff_t src_stride;
    int32_t pushed; /* source rows before this one are in the ring, or have left it */
} walk;

static uint8_t *ring_slot(const walk *on, int32_t row) {
    int32_t slot = (row - on->plan->y->high.first) & (on->at.slots - 1);
    return on->at.ring + (size_t)slot * on->at.ring_row;
}

/* The next strip of source rows, filtered across, enters the ring. */
static void push_across(walk *on) {
    int32_t left = on->plan->y->high.last - on->pushed;
    int32_t rows = left < STRIP ? left : STRIP;
    const uint8_t *from = on->src + on->pushed * on->src_stride;
    ptrdiff_t stride = on->src_stride;
    if (on->plan->premultiply) {
        for (int32_t i = 0; i < rows; i++) {
            prepare_row(on->at.strip + (size_t)i * on->at.strip_row, from + i * stride, on->plan);
        }
        from = on->at.strip;
        stride = (ptrdiff_t)on->at.strip_row;
    }
    on->kernels->across(ring_slot(on, on->pushed), (ptrdiff_t)on->at.ring_row, from, stride, rows, on->plan,
                        on->at.scratch);
    on->pushed += rows;
}

static void horizontal_first_run(walk *on, uint8_t *dst, ptrdiff_t dst_stride) {
    const pixelshift_exact_plan *plan = on->plan;
    const pixelshift_resample_axis *y = &plan->y->high;
    int32_t samples = plan->x->high.out * plan->channels;
    for (int32_t row = 0; row < y->out; row++, dst += dst_stride) {
        while (on->pushed < y->start[row] + y->count[row]) {
            push_across(on);
        }
        on->kernels->down(dst, on->at.ring, (ptrdiff_t)on->at.ring_row, on->at.slots, row, samples, plan->y);
        if (plan->premultiply) {
            divide_row(dst, plan->x->high.out, plan->channels);
        }
    }
}

static void vertical_first_run(walk *on, uint8_t *dst, ptrdiff_t dst_stride) {
    const pixelshift_exact_plan *plan = on->plan;
    const pixelshift_resample_axis *y = &plan->y->high;
    int32_t samples = plan->x->high.in * plan->channels;
    size_t out_bytes = (size_t)plan->x->high.out * (size_t)plan->channels;
    for (int32_t row = 0; row < y->out; row += STRIP) {
        int32_t rows = y->out - row < STRIP ? y->out - row : STRIP;
        for (int32_t i = 0; i < rows; i++) {
            for (; on->pushed < y->start[row + i] + y->count[row + i]; on->pushed++) {
                prepare_row(ring_slot(on, on->pushed), on->src + on->pushed * on->src_stride, plan);
            }
            on->kernels->down(on->at.strip + (size_t)i * on->at.strip_row, on->at.ring, (ptrdiff_t)on->at.ring_row,
                              on->at.slots, row + i, samples, plan->y);
        }
        on->kernels->across(on->at.ready, (ptrdiff_t)on->at.ready_row, on->at.strip, (ptrdiff_t)on->at.strip_row, rows,
                            plan, on->at.scratch);
        for (int32_t i = 0; i < rows; i++, dst += dst_stride) {
            memcpy(dst, on->at.ready + (size_t)i * on->at.ready_row, out_bytes);
            if (plan->premultiply) {
                divide_row(dst, plan->x->high.out, plan->channels);
            }
        }
    }
}

void pixelshift_exact_run(const pixelshift_exact_plan *plan, pixelshift_cpu_level level, void *memory, uint8_t *dst,
                          ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride) {
    walk on = {
        .plan = plan,
        .kernels = pixelshift_exact_kernels(level),
        .at = lay_out(plan, level, memory),
        .src = src,
        .src_stride = src_stride,
        .pushed = plan->y->high.first,
    };
    if (vertical_first(plan)) {
        vertical_first_run(&on, dst, dst_stride);
    } else {
        horizontal_first_run(&on, dst, dst_stride);
    }
}
