/* JPEG out: grey stays grey, everything else becomes YCbCr, 4:2:0 or 4:4:4. */
#include "../engine/sink.h"

#include "codec.h"

#include <stdlib.h>

enum { ROOM_BYTES = 1 << 14 };

typedef struct {
    engine_sink sink;
    struct jpeg_compress_struct encoder;
    struct jpeg_destination_mgr destination;
    jpeg_trap trap;
    int created;
} jpeg_sink;

/* Offers libjpeg what is free behind the bytes so far, all of which it has filled. */
static void offer(j_compress_ptr encoder) {
    jpeg_sink *self = (jpeg_sink *)encoder->client_data;
    engine_output *output = &self->sink.output;
    size_t left = output->limit - output->size;
    pixelshift_engine_status status =
        left == 0 ? PIXELSHIFT_ENGINE_TOO_LARGE : engine_output_reserve(output, left < ROOM_BYTES ? left : ROOM_BYTES);
    if (status != PIXELSHIFT_ENGINE_OK) {
        self->trap.status = status;
        longjmp(self->trap.escape, 1);
    }
    size_t room = output->capacity - output->size;
    self->destination.next_output_byte = output->body + output->size;
    self->destination.free_in_buffer = room < left ? room : left;
    output->size += self->destination.free_in_buffer;
}

static boolean extend(j_compress_ptr encoder) {
    offer(encoder);
    return TRUE;
}

/* Takes back what was offered and not used. */
static void settle(j_compress_ptr encoder) {
    jpeg_sink *self = (jpeg_sink *)encoder->client_data;
    self->sink.output.size -= self->destination.free_in_buffer;
}

/* Each segment: FF, code, length (big endian, counts itself), payload. Checked by the adapter. */
static void write_markers(jpeg_sink *self, const uint8_t *markers, size_t size) {
    size_t at = 0;
    while (at + 4 <= size) {
        unsigned length = (unsigned)markers[at + 2] << 8 | markers[at + 3];
        jpeg_write_marker(&self->encoder, markers[at + 1], markers + at + 4, length - 2);
        at += 2 + length;
    }
}

static void choose_sampling(jpeg_sink *self, int full_chroma) {
    struct jpeg_compress_struct *encoder = &self->encoder;
    int luma = full_chroma ? 1 : 2;
    int mcu = luma * DCTSIZE;
    encoder->comp_info[0].h_samp_factor = encoder->comp_info[0].v_samp_factor = luma;
    engine_rows *takes = &self->sink.takes;
    *takes = engine_rows_of(ENGINE_YCBCR, (int)encoder->image_width, (int)encoder->image_height, luma, mcu);
    for (int i = 0; i < takes->planes; i++) {
        takes->plane[i].padded = ((int)encoder->image_width + mcu - 1) / mcu * takes->plane[i].band_rows;
    }
}

static pixelshift_engine_status open(engine_sink *sink, const pixelshift_engine_job *job, engine_colour colour) {
    jpeg_sink *self = (jpeg_sink *)sink;
    struct jpeg_compress_struct *encoder = &self->encoder;
    (void)colour; /* grey gets chroma, too: results are sRGB, as their profile says */
    self->destination.init_destination = offer;
    self->destination.empty_output_buffer = extend;
    self->destination.term_destination = settle;
    encoder->err = jpeg_trap_set(&self->trap);
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    jpeg_create_compress(encoder);
    self->created = 1;
    encoder->client_data = self;
    encoder->dest = &self->destination;
    encoder->image_width = (JDIMENSION)job->width;
    encoder->image_height = (JDIMENSION)job->height;
    encoder->input_components = 3;
    encoder->in_color_space = JCS_YCbCr;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, job->jpeg.quality, TRUE);
    encoder->optimize_coding = job->jpeg.optimise_coding ? TRUE : FALSE;
    encoder->dct_method = JDCT_ISLOW;
    encoder->raw_data_in = TRUE;
    choose_sampling(self, job->jpeg.full_chroma);
    if (job->jpeg.progressive) {
        jpeg_simple_progression(encoder);
    }
    jpeg_start_compress(encoder, TRUE);
    write_markers(self, job->metadata, job->metadata_size);
    return PIXELSHIFT_ENGINE_OK;
}

static pixelshift_engine_status write(engine_sink *sink, const engine_band *band) {
    jpeg_sink *self = (jpeg_sink *)sink;
    JSAMPROW rows[ENGINE_PLANES][ENGINE_BAND_ROWS];
    JSAMPARRAY planes[ENGINE_PLANES] = {rows[0], rows[1], rows[2]};
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    for (int p = 0; p < sink->takes.planes; p++) {
        for (int i = 0; i < sink->takes.plane[p].band_rows; i++) {
            rows[p][i] = band->row[p][i];
        }
    }
    jpeg_write_raw_data(&self->encoder, planes, (JDIMENSION)(self->encoder.max_v_samp_factor * DCTSIZE));
    return PIXELSHIFT_ENGINE_OK;
}

static pixelshift_engine_status finish(engine_sink *sink) {
    jpeg_sink *self = (jpeg_sink *)sink;
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    jpeg_finish_compress(&self->encoder);
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_sink *sink) {
    jpeg_sink *self = (jpeg_sink *)sink;
    if (self->created) {
        jpeg_destroy_compress(&self->encoder);
    }
    free(self);
}

static engine_sink *create(void);

const engine_sink_kind engine_sink_jpeg = {create, open, write, finish, close};

static engine_sink *create(void) {
    jpeg_sink *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->sink.kind = &engine_sink_jpeg;
    return &self->sink;
}
