#include "chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One direction of a plane's geometry, in samples of the plane. */
typedef struct {
    int in, out, pad;
    double low, high;
} span;

/*
 * Output samples are centred as the file's own are: sample i of a plane that is k times coarser covers luma samples
 * [k i, k i + k). A coarse output plane of an odd picture therefore reaches past the box, and the source is continued
 * there by its last sample, as an encoder would do with the finished picture.
 */
static span plane_span(double low, double high, int picture, int plane_out, int in, double step) {
    int factor = (picture + plane_out - 1) / plane_out;
    double unit = (high - low) / picture;
    span result = {.in = in, .out = plane_out, .low = low / step};
    result.high = (low + unit * factor * plane_out) / step;
    double beyond = result.high - in;
    result.pad = beyond > 0 ? (int)ceil(beyond) : 0;
    return result;
}

static void *aligned_memory(size_t bytes) {
    size_t whole = (bytes + PIXELSHIFT_RESAMPLE_ALIGNMENT - 1) & ~(size_t)(PIXELSHIFT_RESAMPLE_ALIGNMENT - 1);
    return bytes == 0 ? NULL : aligned_alloc(PIXELSHIFT_RESAMPLE_ALIGNMENT, whole);
}

static int open_axis(jpeg_chain *chain, int index, pixelshift_resample_axis *axis, const span *of,
                     pixelshift_resample_filter filter) {
    pixelshift_resample_spec spec = {
        .in = of->in + of->pad,
        .out = of->out,
        .low = of->low,
        .high = of->high,
        .filter = filter,
    };
    chain->axis_memory[index] = aligned_memory(pixelshift_resample_axis_bytes(&spec));
    if (chain->axis_memory[index] == NULL) {
        return 0;
    }
    pixelshift_resample_axis_init(axis, &spec, chain->axis_memory[index]);
    return 1;
}

static int same_shape(const jpeg_chain *a, const jpeg_chain *b) {
    const jpeg_source_plane *p = a->source, *q = b->source;
    return p->width == q->width && p->height == q->height && p->step_x == q->step_x && p->step_y == q->step_y &&
           a->sink->width == b->sink->width && a->sink->height == b->sink->height;
}

static int open_axes(jpeg_chain *chain, const pixelshift_jpeg_job *job, const jpeg_chain *like) {
    const jpeg_source_plane *source = chain->source;
    const jpeg_sink_plane *sink = chain->sink;
    if (like != NULL && same_shape(chain, like)) {
        chain->x = like->x;
        chain->y = like->y;
        chain->pad_x = like->pad_x;
        chain->pad_y = like->pad_y;
        return 1;
    }
    span x = plane_span(job->box.left, job->box.right, job->width, sink->width, source->width, source->step_x);
    span y = plane_span(job->box.top, job->box.bottom, job->height, sink->height, source->height, source->step_y);
    chain->pad_x = x.pad;
    chain->pad_y = y.pad;
    return open_axis(chain, 0, &chain->x, &x, job->filter) && open_axis(chain, 1, &chain->y, &y, job->filter);
}

pixelshift_jpeg_status jpeg_chain_open(jpeg_chain *chain, jpeg_source_plane *source, jpeg_sink_plane *sink,
                                       const pixelshift_jpeg_job *job, const jpeg_chain *like) {
    memset(chain, 0, sizeof *chain);
    chain->source = source;
    chain->sink = sink;
    if (!open_axes(chain, job, like) || !jpeg_source_plane_allocate(source, chain->pad_x)) {
        return PIXELSHIFT_JPEG_NO_MEMORY;
    }
    pixelshift_resample_plan plan;
    pixelshift_resample_plan_init(&plan, &chain->x, &chain->y, 1, 0);
    chain->stream_memory = aligned_memory(pixelshift_resample_stream_bytes(&plan, job->level));
    if (chain->stream_memory == NULL) {
        return PIXELSHIFT_JPEG_NO_MEMORY;
    }
    pixelshift_resample_stream_init(&chain->stream, &plan, job->level, chain->stream_memory);
    return PIXELSHIFT_JPEG_OK;
}

static uint8_t *queue_row(const jpeg_chain *chain, int index) {
    return chain->queue + (size_t)(chain->first + index) * chain->sink->stride;
}

static int make_room(jpeg_chain *chain) {
    if (chain->first + chain->count < chain->capacity) {
        return 1;
    }
    if (chain->first > 0) {
        memmove(chain->queue, queue_row(chain, 0), (size_t)chain->count * chain->sink->stride);
        chain->first = 0;
    }
    if (chain->count < chain->capacity) {
        return 1;
    }
    int capacity = chain->capacity == 0 ? 2 * chain->sink->band_rows : 2 * chain->capacity;
    uint8_t *queue = realloc(chain->queue, (size_t)capacity * chain->sink->stride);
    if (queue == NULL) {
        return 0;
    }
    chain->queue = queue;
    chain->capacity = capacity;
    return 1;
}

/* Takes every row that the resampler can finish now. */
static pixelshift_jpeg_status take_finished(jpeg_chain *chain) {
    const jpeg_sink_plane *sink = chain->sink;
    for (;;) {
        if (!make_room(chain)) {
            return PIXELSHIFT_JPEG_NO_MEMORY;
        }
        uint8_t *row = queue_row(chain, chain->count);
        if (pixelshift_resample_take_rows(&chain->stream, row, (ptrdiff_t)sink->stride, 1) == 0) {
            return PIXELSHIFT_JPEG_OK;
        }
        memset(row + sink->width, row[sink->width - 1], sink->stride - (size_t)sink->width);
        chain->count++;
        chain->finished++;
    }
}

/* Continues the picture below its last row. */
static void pad_below(jpeg_chain *chain) {
    jpeg_source_plane *source = chain->source;
    while (source->held < source->capacity && source->held_from + source->held < source->height + chain->pad_y) {
        memcpy(jpeg_source_plane_row(source, source->held), source->last, source->stride);
        source->held++;
    }
}

pixelshift_jpeg_status jpeg_chain_advance(jpeg_chain *chain) {
    jpeg_source_plane *source = chain->source;
    for (;;) {
        if (source->rows_read == source->height) {
            pad_below(chain);
        }
        int32_t from;
        int32_t to = pixelshift_resample_wanted_rows(&chain->stream, &from);
        jpeg_source_plane_drop(source, from < to ? from - source->held_from : source->held);
        int whole = source->held - source->held % PIXELSHIFT_RESAMPLE_STRIP;
        int usable = source->held_from + source->held >= to ? to - source->held_from : whole;
        int used = 0;
        if (usable > 0 && source->held_from == from) {
            used = pixelshift_resample_push_rows(&chain->stream, jpeg_source_plane_row(source, 0),
                                                 (ptrdiff_t)source->stride, usable);
            jpeg_source_plane_drop(source, used);
        }
        int finished = chain->finished;
        pixelshift_jpeg_status status = take_finished(chain);
        if (status != PIXELSHIFT_JPEG_OK || (used == 0 && chain->finished == finished)) {
            return status;
        }
    }
}

int jpeg_chain_ready(const jpeg_chain *chain) {
    return chain->count >= chain->sink->band_rows || chain->finished == chain->sink->height;
}

void jpeg_chain_take(jpeg_chain *chain, JSAMPROW *rows) {
    int band = chain->sink->band_rows;
    int held = chain->count < band ? chain->count : band;
    for (int i = 0; i < band; i++) {
        rows[i] = queue_row(chain, i < held ? i : held - 1);
    }
    chain->first += held;
    chain->count -= held;
}

void jpeg_chain_close(jpeg_chain *chain) {
    free(chain->axis_memory[0]);
    free(chain->axis_memory[1]);
    free(chain->stream_memory);
    free(chain->queue);
}
