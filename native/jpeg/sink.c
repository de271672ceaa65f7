/*
 * JPEG out: everything becomes YCbCr, 4:2:0 or 4:4:4. Samples become coefficients and the coefficients' symbols are
 * counted here, ahead of libjpeg, which writes the file from them: the bytes are those that it would make of the
 * samples.
 */
#include "../engine/sink.h"

#include "codec.h"
#include "pixelshift/fdct.h"
#include "statistics.h"

#include <stdlib.h>

enum { ROOM_BYTES = 1 << 14, TABLES = 2 };

typedef struct {
    int blocks_wide, blocks_high; /* of the picture */
    int across, down;             /* blocks in an MCU */
    int table;                    /* which quantiser and Huffman tables */
    int last_dc;
} jpeg_sink_component;

typedef struct {
    engine_sink sink;
    struct jpeg_compress_struct encoder;
    struct jpeg_destination_mgr destination;
    struct jpeg_progress_mgr progress;
    jpeg_trap trap;
    double deadline;
    int optimise;
    int mcu_rows; /* done */
    pixelshift_fdct fdct;
    pixelshift_fdct_quantiser quantiser[TABLES];
    jpeg_statistics statistics[TABLES];
    jpeg_sink_component component[ENGINE_PLANES];
    jvirt_barray_ptr blocks[ENGINE_PLANES]; /* libjpeg keeps the array's address */
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

/* Once per row of MCUs that libjpeg writes. */
static void stop_if_late(j_common_ptr encoder) {
    jpeg_sink *self = (jpeg_sink *)encoder->client_data;
    if (engine_deadline_passed(self->deadline)) {
        self->trap.status = PIXELSHIFT_ENGINE_TIMEOUT;
        longjmp(self->trap.escape, 1);
    }
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

/*
 * Memory for all coefficients: 3 bytes a pixel in 4:2:0, 6 in 4:4:4. An optimal code and progressive files need it;
 * other files pay it for our own transform, since libjpeg takes coefficients as whole pictures only.
 */
static void open_components(jpeg_sink *self) {
    struct jpeg_compress_struct *encoder = &self->encoder;
    for (int i = 0; i < TABLES; i++) {
        pixelshift_fdct_quantiser_init(&self->quantiser[i], encoder->quant_tbl_ptrs[i]->quantval);
    }
    for (int i = 0; i < ENGINE_PLANES; i++) {
        jpeg_sink_component *component = &self->component[i];
        const jpeg_component_info *info = &encoder->comp_info[i];
        const engine_rows_plane *plane = &self->sink.takes.plane[i];
        component->across = info->h_samp_factor;
        component->down = info->v_samp_factor;
        component->table = info->quant_tbl_no;
        component->blocks_wide = (plane->width + DCTSIZE - 1) / DCTSIZE;
        component->blocks_high = (plane->height + DCTSIZE - 1) / DCTSIZE;
        JDIMENSION wide =
            (JDIMENSION)((component->blocks_wide + component->across - 1) / component->across * component->across);
        JDIMENSION high =
            (JDIMENSION)((component->blocks_high + component->down - 1) / component->down * component->down);
        self->blocks[i] = encoder->mem->request_virt_barray((j_common_ptr)encoder, JPOOL_IMAGE, FALSE, wide, high,
                                                            (JDIMENSION)component->down);
    }
    jpeg_write_coefficients(encoder, self->blocks);
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
    encoder->client_data = self;
    encoder->dest = &self->destination;
    self->deadline = job->deadline;
    self->progress.progress_monitor = stop_if_late;
    encoder->progress = &self->progress;
    encoder->image_width = (JDIMENSION)job->width;
    encoder->image_height = (JDIMENSION)job->height;
    encoder->input_components = 3;
    encoder->in_color_space = JCS_YCbCr;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, job->jpeg.quality, TRUE);
    choose_sampling(self, job->jpeg.full_chroma);
    if (job->jpeg.progressive) {
        jpeg_simple_progression(encoder); /* libjpeg counts its symbols, which are others in each scan */
    }
    self->optimise = job->jpeg.optimise_coding && !job->jpeg.progressive;
    self->fdct = pixelshift_fdct_kernel(job->level);
    open_components(self);
    write_markers(self, job->metadata, job->metadata_size);
    return PIXELSHIFT_ENGINE_OK;
}

/* Transforms the blocks of one component in one MCU, row y of those that are in the picture. */
static void write_mcu(jpeg_sink *self, jpeg_sink_component *component, int mcu, int rows, JBLOCKARRAY to,
                      uint8_t *const *samples) {
    jpeg_statistics *statistics = &self->statistics[component->table];
    int first = mcu * component->across, left = component->blocks_wide - first;
    int columns = left < component->across ? left : component->across;
    for (int y = 0; y < rows; y++) {
        const uint8_t *const *from = (const uint8_t *const *)samples + y * DCTSIZE;
        for (int x = first; x < first + columns; x++) {
            JCOEF *block = to[y][x];
            uint64_t some = self->fdct(block, from, (size_t)x * DCTSIZE, &self->quantiser[component->table]);
            if (self->optimise) {
                jpeg_count_block(statistics, block, some, block[0] - component->last_dc);
            }
            component->last_dc = block[0];
        }
    }
    jpeg_count_padding(statistics, component->across * component->down - columns * rows);
}

static pixelshift_engine_status write(engine_sink *sink, const engine_band *band) {
    jpeg_sink *self = (jpeg_sink *)sink;
    struct jpeg_compress_struct *encoder = &self->encoder;
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    for (int p = 0; p < sink->takes.planes; p++) {
        jpeg_sink_component *component = &self->component[p];
        int top = self->mcu_rows * component->down, left = component->blocks_high - top;
        JBLOCKARRAY to = encoder->mem->access_virt_barray((j_common_ptr)encoder, self->blocks[p], (JDIMENSION)top,
                                                          (JDIMENSION)component->down, TRUE);
        for (int mcu = 0; mcu * component->across < component->blocks_wide; mcu++) {
            write_mcu(self, component, mcu, left < component->down ? left : component->down, to, band->row[p]);
        }
    }
    self->mcu_rows++;
    return PIXELSHIFT_ENGINE_OK;
}

static pixelshift_engine_status finish(engine_sink *sink) {
    jpeg_sink *self = (jpeg_sink *)sink;
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    for (int i = 0; self->optimise && i < TABLES; i++) {
        jpeg_optimal_table(self->encoder.dc_huff_tbl_ptrs[i], self->statistics[i].dc);
        jpeg_optimal_table(self->encoder.ac_huff_tbl_ptrs[i], self->statistics[i].ac);
    }
    jpeg_finish_compress(&self->encoder);
    return PIXELSHIFT_ENGINE_OK;
}

static void close(engine_sink *sink) {
    jpeg_sink *self = (jpeg_sink *)sink;
    jpeg_destroy_compress(&self->encoder); /* also one that was never or not wholly created: zeros hold nothing */
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
