#include "room.h"
#include "sink.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    engine_source *source;
    engine_sink *sink;
    engine_room *room; /* the last one */
} engine;

/* Written so that NaN is outside. */
static int within(const pixelshift_engine_box *box, double left, double top, double right, double bottom) {
    return box->left >= left && box->left < box->right && box->right <= right && box->top >= top &&
           box->top < box->bottom && box->bottom <= bottom;
}

static int is_whole(const pixelshift_engine_box *area) {
    return floor(area->left) == area->left && floor(area->top) == area->top && floor(area->right) == area->right &&
           floor(area->bottom) == area->bottom;
}

/* The edges of what is looked at go on beyond it, and so may the box: by the area's own size at most. */
static int within_reach(const pixelshift_engine_box *box, const pixelshift_engine_box *area) {
    double width = area->right - area->left, height = area->bottom - area->top;
    return within(box, area->left - width, area->top - height, area->right + width, area->bottom + height);
}

static pixelshift_engine_status open_source(engine *self, const pixelshift_engine_job *job,
                                            const engine_source_kind *kind) {
    self->source = kind->create();
    if (self->source == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    pixelshift_engine_status status = kind->open(self->source, job);
    const pixelshift_engine_box *area = &job->area;
    if (status == PIXELSHIFT_ENGINE_OK && !(within(area, 0, 0, self->source->width, self->source->height) &&
                                            is_whole(area) && within_reach(&job->box, area))) {
        status = PIXELSHIFT_ENGINE_OUTSIDE;
    }
    return status;
}

static pixelshift_engine_status open_sink(engine *self, const pixelshift_engine_job *job, engine_colour colour) {
    const engine_sink_kind *kind = engine_sink_of(job->sink);
    self->sink = kind->create();
    if (self->sink == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    self->sink->output.limit = job->output_limit;
    return kind->open(self->sink, job, colour);
}

/* Puts a room below the last one. */
static pixelshift_engine_status add(engine *self, engine_room *room) {
    if (room == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    self->room = room;
    return PIXELSHIFT_ENGINE_OK;
}

static int has_coarse_chroma(const engine_rows *rows) {
    return rows->planes == 3 && rows->plane[1].band_rows < rows->plane[0].band_rows;
}

/* What the first room makes: the sink's own rows where they will do, else the source's form at full size. */
static engine_rows first_rows(const engine *self, engine_colour colour, int full_size) {
    const engine_rows *takes = &self->sink->takes;
    if (colour == takes->colour && !(full_size && has_coarse_chroma(takes))) {
        return *takes;
    }
    engine_rows rows = {.colour = colour, .planes = colour == ENGINE_YCBCR ? ENGINE_PLANES : 1};
    for (int i = 0; i < rows.planes; i++) {
        rows.plane[i] = takes->plane[0];
        rows.plane[i].channels = colour == ENGINE_YCBCR ? 1 : (int)colour;
    }
    return rows;
}

static pixelshift_engine_status convert(engine *self, pixelshift_cpu_level level) {
    const engine_rows *takes = &self->sink->takes;
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    engine_colour colour = self->room->rows.colour;
    if (colour == ENGINE_YCBCR && takes->colour == ENGINE_RGB) {
        return add(self, engine_to_rgb(self->room, level));
    }
    engine_colour packed = takes->colour;
    if (takes->colour == ENGINE_YCBCR) {
        packed = colour == ENGINE_GREY || colour == ENGINE_GREY_ALPHA ? ENGINE_GREY : ENGINE_RGB;
    }
    if (colour != packed && colour != takes->colour) {
        int possible =
            packed == ENGINE_GREY ? colour == ENGINE_GREY_ALPHA : packed >= ENGINE_RGB && colour <= ENGINE_RGBA;
        status = possible ? add(self, engine_repack(self->room, packed, level)) : PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    if (status == PIXELSHIFT_ENGINE_OK && takes->colour == ENGINE_YCBCR && colour != ENGINE_YCBCR) {
        status = add(self, engine_to_ycbcr(self->room, level));
    }
    if (status == PIXELSHIFT_ENGINE_OK && has_coarse_chroma(takes) && !has_coarse_chroma(&self->room->rows)) {
        status = add(self, engine_halve_chroma(self->room, level));
    }
    return status;
}

/* L of CIELAB is that of RGB; a grey picture is grey again afterwards. */
static pixelshift_engine_status add_unsharp(engine *self, const pixelshift_engine_job *job) {
    engine_colour colour = self->room->rows.colour;
    int is_grey = colour == ENGINE_GREY || colour == ENGINE_GREY_ALPHA;
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    if (colour == ENGINE_YCBCR) {
        status = add(self, engine_to_rgb(self->room, job->level));
    } else if (is_grey) {
        status = add(self, engine_repack(self->room, colour + 2, job->level));
    }
    if (status == PIXELSHIFT_ENGINE_OK) {
        engine_room *room = engine_unsharp(self->room, &job->sharpen, job->level, &status);
        self->room = room == NULL ? self->room : room;
    }
    return status == PIXELSHIFT_ENGINE_OK && is_grey ? add(self, engine_to_grey(self->room, job->level)) : status;
}

static pixelshift_engine_status add_filters(engine *self, const pixelshift_engine_job *job) {
    switch (job->sharpen.kind) {
    case PIXELSHIFT_ENGINE_SHARPEN_NONE:
        return PIXELSHIFT_ENGINE_OK;
    case PIXELSHIFT_ENGINE_SHARPEN_MILD:
        return engine_has_alpha(self->room->rows.colour) ? PIXELSHIFT_ENGINE_UNSUPPORTED
                                                         : add(self, engine_sharpen(self->room, job->level));
    default:
        return add_unsharp(self, job);
    }
}

static int has_canvas(const pixelshift_engine_job *job) {
    return job->canvas.width > 0;
}

/* The rows that lie on the canvas of `rows`. */
static engine_rows rows_on(const pixelshift_engine_canvas *canvas, const engine_rows *rows) {
    engine_rows on = *rows;
    for (int p = 0; p < rows->planes; p++) {
        on.plane[p].width = on.plane[p].padded = canvas->width;
        on.plane[p].height = canvas->height;
    }
    return on;
}

/* From the source to rows of the output's size. */
static pixelshift_engine_status add_picture(engine *self, const pixelshift_engine_job *job) {
    int full_size = job->sharpen.kind != PIXELSHIFT_ENGINE_SHARPEN_NONE || has_canvas(job);
    engine_rows rows = first_rows(self, self->source->colour, full_size);
    if (has_canvas(job) && rows.colour != ENGINE_RGB && rows.colour != ENGINE_YCBCR) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    const pixelshift_engine_turn *turn = &job->turn;
    engine_rows on = has_canvas(job) ? rows_on(&job->canvas, &rows) : rows;
    int turns = turn->transpose || turn->flip || turn->flop;
    engine_rows before = turns ? engine_rows_before(turn, &on) : on;
    pixelshift_engine_status status;
    self->room = engine_resampler(self->source, &before, job, &status);
    if (status == PIXELSHIFT_ENGINE_OK && turns) {
        status = add(self, engine_turn(self->room, turn, &on));
    }
    if (status == PIXELSHIFT_ENGINE_OK && has_canvas(job)) {
        status = add(self, engine_canvas(self->room, &job->canvas, &rows, job->level));
    }
    return status;
}

static pixelshift_engine_status open_rooms(engine *self, const pixelshift_engine_job *job) {
    pixelshift_engine_status status = add_picture(self, job);
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = add_filters(self, job);
    }
    if (status == PIXELSHIFT_ENGINE_OK && job->overlay.pixels != NULL) {
        engine_colour colour = self->room->rows.colour;
        int possible = colour == ENGINE_RGB || colour == ENGINE_YCBCR;
        status =
            possible ? add(self, engine_overlay(self->room, &job->overlay, job->level)) : PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    return status == PIXELSHIFT_ENGINE_OK ? convert(self, job->level) : status;
}

static pixelshift_engine_status deliver(engine *self, const pixelshift_engine_job *job) {
    pixelshift_engine_status status = PIXELSHIFT_ENGINE_OK;
    for (int row = 0; status == PIXELSHIFT_ENGINE_OK && row < job->height;
         row += self->sink->takes.plane[0].band_rows) {
        engine_band band;
        status = self->room->next(self->room, &band);
        if (status == PIXELSHIFT_ENGINE_OK) {
            status = self->sink->kind->write(self->sink, &band);
        }
        /* The source looks at the clock, but rows may come from a picture that is held, or a canvas. */
        if (status == PIXELSHIFT_ENGINE_OK && engine_deadline_passed(job->deadline)) {
            status = PIXELSHIFT_ENGINE_TIMEOUT;
        }
    }
    return status;
}

static pixelshift_engine_status run(engine *self, const pixelshift_engine_job *job, const engine_source_kind *kind) {
    pixelshift_engine_status status = open_source(self, job, kind);
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = open_sink(self, job, self->source->colour);
    }
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = open_rooms(self, job);
    }
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = deliver(self, job);
    }
    if (status == PIXELSHIFT_ENGINE_OK && self->source->kind->warnings(self->source) > 0) {
        status = PIXELSHIFT_ENGINE_DAMAGED;
    }
    return status == PIXELSHIFT_ENGINE_OK ? self->sink->kind->finish(self->sink) : status;
}

static void close(engine *self) {
    while (self->room != NULL) {
        engine_room *above = self->room->above;
        self->room->close(self->room);
        self->room = above;
    }
    if (self->sink != NULL) {
        engine_output_close(&self->sink->output);
        self->sink->kind->close(self->sink);
    }
    if (self->source != NULL) {
        for (int i = 0; i < ENGINE_PLANES; i++) {
            engine_plane_close(&self->source->plane[i]);
        }
        self->source->kind->close(self->source);
    }
}

static void hand_over(engine *self, uint8_t **output, size_t *output_size) {
    *output = self->sink->output.body;
    *output_size = self->sink->output.size;
    self->sink->output.body = NULL;
}

static pixelshift_engine_status attempt(const pixelshift_engine_job *job, const engine_source_kind *kind,
                                        uint8_t **output, size_t *output_size) {
    engine self = {0};
    engine_keep_heap();
    pixelshift_engine_status status = run(&self, job, kind);
    if (status == PIXELSHIFT_ENGINE_OK) {
        hand_over(&self, output, output_size);
    }
    close(&self);
    return status;
}

/* What the next source may see otherwise: it, too, says what lies outside, unless the file is damaged before that. */
static int is_doubtful(pixelshift_engine_status status) {
    return status == PIXELSHIFT_ENGINE_DAMAGED || status == PIXELSHIFT_ENGINE_UNSUPPORTED ||
           status == PIXELSHIFT_ENGINE_OUTSIDE;
}

pixelshift_engine_status pixelshift_engine_run(const pixelshift_engine_job *job, uint8_t **output,
                                               size_t *output_size) {
    *output = NULL;
    *output_size = 0;
    const engine_source_kind *kind = engine_source_of(job->source, job->reference);
    if (kind == NULL || engine_sink_of(job->sink) == NULL) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    pixelshift_engine_status status;
    do {
        status = attempt(job, kind, output, output_size);
        kind = kind->fallback;
    } while (kind != NULL && is_doubtful(status));
    return status;
}

static pixelshift_engine_status encode(engine *self, const pixelshift_engine_job *job, const uint8_t *pixels,
                                       ptrdiff_t stride, engine_colour colour) {
    pixelshift_engine_status status = open_sink(self, job, colour);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    engine_rows rows = first_rows(self, colour, 0);
    status = add(self, engine_array(pixels, stride, &rows, job->deadline));
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = convert(self, job->level);
    }
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = deliver(self, job);
    }
    return status == PIXELSHIFT_ENGINE_OK ? self->sink->kind->finish(self->sink) : status;
}

pixelshift_engine_status pixelshift_engine_encode(const pixelshift_engine_job *job, const uint8_t *pixels,
                                                  ptrdiff_t stride, int channels, uint8_t **output,
                                                  size_t *output_size) {
    *output = NULL;
    *output_size = 0;
    if (engine_sink_of(job->sink) == NULL) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    engine self = {0};
    engine_keep_heap();
    pixelshift_engine_status status = encode(&self, job, pixels, stride, (engine_colour)channels);
    if (status == PIXELSHIFT_ENGINE_OK) {
        hand_over(&self, output, output_size);
    }
    close(&self);
    return status;
}

static pixelshift_engine_status filter(engine *self, const pixelshift_engine_job *job, uint8_t *result,
                                       const uint8_t *pixels, int channels) {
    engine_rows rows = engine_rows_of((engine_colour)channels, job->width, job->height, 1, ENGINE_BAND_ROWS);
    size_t stride = (size_t)job->width * (size_t)channels;
    pixelshift_engine_status status = add(self, engine_array(pixels, (ptrdiff_t)stride, &rows, job->deadline));
    if (status == PIXELSHIFT_ENGINE_OK) {
        status = add_filters(self, job);
    }
    for (int row = 0; status == PIXELSHIFT_ENGINE_OK && row < job->height; row += ENGINE_BAND_ROWS) {
        engine_band band;
        status = self->room->next(self->room, &band);
        for (int i = 0; status == PIXELSHIFT_ENGINE_OK && i < ENGINE_BAND_ROWS && row + i < job->height; i++) {
            memcpy(result + (size_t)(row + i) * stride, band.row[0][i], stride);
        }
    }
    return status;
}

pixelshift_engine_status pixelshift_engine_filter(const pixelshift_engine_job *job, uint8_t *result,
                                                  const uint8_t *pixels, int channels) {
    engine self = {0};
    engine_keep_heap();
    pixelshift_engine_status status = filter(&self, job, result, pixels, channels);
    close(&self);
    return status;
}

void pixelshift_engine_free(uint8_t *output) {
    free(output);
}
