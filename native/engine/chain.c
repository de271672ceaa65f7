#include "chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One direction of a plane's geometry, in pixels of the plane. */
typedef struct {
    int first, in, out; /* what is looked at: `in` pixels from `first` on */
    double low, high;   /* what becomes the output, counted from `first`; it may reach beyond, where edges go on */
} span;

/*
 * Output samples are centred as the file's own are: sample i of a plane that is k times coarser covers luma samples
 * [k i, k i + k). A coarse output plane of an odd picture therefore reaches past the box, at its far end, or where the
 * result is mirrored at its near one.
 */
static span plane_span(double area_low, double area_high, double low, double high, int picture, int plane_out,
                       double step, int mirrored) {
    int factor = (picture + plane_out - 1) / plane_out;
    double reach = (high - low) / picture * (factor * plane_out - picture);
    span result = {.first = (int)floor(area_low / step), .out = plane_out};
    result.in = (int)ceil(area_high / step) - result.first;
    result.low = fmax((mirrored ? low - reach : low) / step - result.first, -1.0 * result.in);
    result.high = fmin((mirrored ? high : high + reach) / step - result.first, 2.0 * result.in);
    return result;
}

/* Begins the axis at the first pixel that any output reads and ends it at the last. */
static void narrow(pixelshift_resample_axis *axis, int *from) {
    int32_t skipped = axis->first;
    for (int32_t i = 0; i < axis->out; i++) {
        axis->start[i] -= skipped;
    }
    axis->first = 0;
    axis->last -= skipped;
    axis->in = axis->last;
    *from += skipped;
}

static pixelshift_engine_status open_axis(engine_chain *chain, int index, pixelshift_resample_axis *axis, int *from,
                                          const span *of, pixelshift_resample_filter filter) {
    pixelshift_resample_spec spec = {
        .in = of->in,
        .out = of->out,
        .low = of->low,
        .high = of->high,
        .filter = filter,
        .repeat_edges = 1,
    };
    size_t bytes = pixelshift_resample_axis_bytes(&spec);
    if (bytes == 0) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED; /* longer than the resampler takes */
    }
    chain->axis_memory[index] = engine_memory(bytes);
    if (chain->axis_memory[index] == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_resample_axis_init(axis, &spec, chain->axis_memory[index]);
    *from = of->first;
    narrow(axis, from);
    return PIXELSHIFT_ENGINE_OK;
}

static int same_shape(const engine_chain *a, const engine_chain *b) {
    const engine_plane *p = a->source, *q = b->source;
    return p->width == q->width && p->height == q->height && p->step_x == q->step_x && p->step_y == q->step_y &&
           a->to.width == b->to.width && a->to.height == b->to.height;
}

static pixelshift_engine_status open_axes(engine_chain *chain, const engine_rows_plane *picture,
                                          const pixelshift_engine_job *job, const engine_chain *like) {
    if (like != NULL && same_shape(chain, like)) {
        chain->x = like->x;
        chain->y = like->y;
        chain->from_x = like->from_x;
        chain->from_y = like->from_y;
        return PIXELSHIFT_ENGINE_OK;
    }
    const engine_plane *source = chain->source;
    const pixelshift_engine_box *area = &job->area, *box = &job->box;
    const pixelshift_engine_turn *turn = &job->turn;
    span x = plane_span(area->left, area->right, box->left, box->right, picture->width, chain->to.width, source->step_x,
                        turn->transpose ? turn->flip : turn->flop);
    span y = plane_span(area->top, area->bottom, box->top, box->bottom, picture->height, chain->to.height,
                        source->step_y, turn->transpose ? turn->flop : turn->flip);
    pixelshift_engine_status status = open_axis(chain, 0, &chain->x, &chain->from_x, &x, job->filter);
    return status == PIXELSHIFT_ENGINE_OK ? open_axis(chain, 1, &chain->y, &chain->from_y, &y, job->filter) : status;
}

/* Tells the source what is looked at. */
static void tell_source(const engine_chain *chain) {
    engine_plane *source = chain->source;
    source->left = chain->from_x;
    source->top = chain->from_y;
    source->right = chain->from_x + chain->x.in;
    source->bottom = chain->from_y + chain->y.in;
}

pixelshift_engine_status engine_chain_open(engine_chain *chain, engine_plane *source, const engine_rows_plane *to,
                                           const engine_rows_plane *picture, int premultiply,
                                           const pixelshift_engine_job *job, const engine_chain *like) {
    memset(chain, 0, sizeof *chain);
    chain->source = source;
    chain->to = *to;
    chain->stride = ((size_t)to->padded * (size_t)to->channels + 63) & ~(size_t)63;
    pixelshift_engine_status status = open_axes(chain, picture, job, like);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    tell_source(chain);
    if (!engine_plane_allocate(source)) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_resample_plan plan;
    pixelshift_resample_plan_init(&plan, &chain->x, &chain->y, source->channels, premultiply);
    chain->stream_memory = engine_memory(pixelshift_resample_stream_bytes(&plan, job->level));
    if (chain->stream_memory == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_resample_stream_init(&chain->stream, &plan, job->level, chain->stream_memory);
    return PIXELSHIFT_ENGINE_OK;
}

static uint8_t *queue_row(const engine_chain *chain, int index) {
    return chain->queue + (size_t)(chain->first + index) * chain->stride;
}

static int make_room(engine_chain *chain) {
    if (chain->first + chain->count < chain->capacity) {
        return 1;
    }
    if (chain->first > 0) {
        memmove(chain->queue, queue_row(chain, 0), (size_t)chain->count * chain->stride);
        chain->first = 0;
    }
    if (chain->count < chain->capacity) {
        return 1;
    }
    int capacity = chain->capacity == 0 ? 2 * ENGINE_BAND_ROWS : 2 * chain->capacity;
    uint8_t *queue = realloc(chain->queue, (size_t)capacity * chain->stride);
    if (queue == NULL) {
        return 0;
    }
    chain->queue = queue;
    chain->capacity = capacity;
    return 1;
}

/* Takes every row that the resampler can finish now. */
static pixelshift_engine_status take_finished(engine_chain *chain) {
    const engine_rows_plane *to = &chain->to;
    for (;;) {
        if (!make_room(chain)) {
            return PIXELSHIFT_ENGINE_NO_MEMORY;
        }
        uint8_t *row = queue_row(chain, chain->count);
        if (pixelshift_resample_take_rows(&chain->stream, row, (ptrdiff_t)chain->stride, 1) == 0) {
            return PIXELSHIFT_ENGINE_OK;
        }
        engine_repeat_pixel(row, to->width, to->padded - to->width, to->channels);
        chain->count++;
        chain->finished++;
    }
}

/* Gives the resampler what it can use now; returns how many rows it took. */
static int push_held(engine_chain *chain) {
    engine_plane *source = chain->source;
    int32_t from;
    int32_t to = pixelshift_resample_wanted_rows(&chain->stream, &from) + chain->from_y;
    from += chain->from_y;
    engine_plane_drop(source, from < to ? from - source->held_from : source->held);
    int whole = source->held - source->held % PIXELSHIFT_RESAMPLE_STRIP;
    int usable = source->held_from + source->held >= to ? to - source->held_from : whole;
    if (usable <= 0 || source->held_from != from) {
        return 0;
    }
    const uint8_t *rows = engine_plane_row(source, 0) + (size_t)chain->from_x * (size_t)source->channels;
    int used = pixelshift_resample_push_rows(&chain->stream, rows, (ptrdiff_t)source->stride, usable);
    engine_plane_drop(source, used);
    return used;
}

pixelshift_engine_status engine_chain_advance(engine_chain *chain) {
    for (;;) {
        int used = push_held(chain);
        int finished = chain->finished;
        pixelshift_engine_status status = take_finished(chain);
        if (status != PIXELSHIFT_ENGINE_OK || (used == 0 && chain->finished == finished)) {
            return status;
        }
    }
}

int engine_chain_ready(const engine_chain *chain) {
    return chain->count >= chain->to.band_rows || chain->finished == chain->to.height;
}

void engine_chain_take(engine_chain *chain, uint8_t **rows) {
    int band = chain->to.band_rows;
    int held = chain->count < band ? chain->count : band;
    for (int i = 0; i < band; i++) {
        rows[i] = queue_row(chain, i < held ? i : held - 1);
    }
    chain->first += held;
    chain->count -= held;
}

void engine_chain_close(engine_chain *chain) {
    free(chain->axis_memory[0]);
    free(chain->axis_memory[1]);
    free(chain->stream_memory);
    free(chain->queue);
}
