/*
 * JPEG in: 8-bit Huffman files of one (grey) or three (YCbCr) components, with any sampling factors that divide.
 * libjpeg reads the header; the samples come from our own decoder, or from libjpeg where that one does not fit.
 */
#include "../engine/source.h"

#include "baseline.h"
#include "codec.h"

#include <stdlib.h>

/* A progressive file of 64 scans is generous; hostile ones have thousands. */
enum { SCAN_LIMIT = 128 };

typedef struct {
    engine_source source;
    struct jpeg_decompress_struct decoder;
    struct jpeg_progress_mgr progress;
    jpeg_trap trap;
    jpeg_baseline *baseline; /* our own decoder, or NULL: libjpeg decodes */
    int mcu_rows;            /* that ours reads at a time, as many as libjpeg, so that both see the same damage */
    double deadline;
} jpeg_source;

static void stop_if_hopeless(j_common_ptr object) {
    j_decompress_ptr decoder = (j_decompress_ptr)object;
    jpeg_source *self = (jpeg_source *)object->client_data;
    if (decoder->input_scan_number > SCAN_LIMIT) {
        self->trap.status = PIXELSHIFT_ENGINE_DAMAGED;
    } else if (engine_deadline_passed(self->deadline)) {
        self->trap.status = PIXELSHIFT_ENGINE_TIMEOUT;
    } else {
        return;
    }
    longjmp(self->trap.escape, 1);
}

static int supported(const struct jpeg_decompress_struct *decoder) {
    if (decoder->data_precision != 8 || decoder->arith_code) {
        return 0;
    }
    if (decoder->num_components == 1) {
        return decoder->jpeg_color_space == JCS_GRAYSCALE;
    }
    if (decoder->num_components != 3 || decoder->jpeg_color_space != JCS_YCbCr) {
        return 0;
    }
    for (int i = 1; i < 3; i++) {
        /* Luma is the finest plane and every other divides it: all that encoders write in practice. */
        const jpeg_component_info *luma = &decoder->comp_info[0], *chroma = &decoder->comp_info[i];
        if (luma->h_samp_factor % chroma->h_samp_factor || luma->v_samp_factor % chroma->v_samp_factor) {
            return 0;
        }
    }
    return 1;
}

/* `size`: samples a side of one of the component's blocks. */
static void measure_plane(jpeg_source *self, int index, int size) {
    const struct jpeg_decompress_struct *decoder = &self->decoder;
    const jpeg_component_info *component = &decoder->comp_info[index];
    engine_plane *plane = &self->source.plane[index];
    int mcu_width = decoder->max_h_samp_factor * DCTSIZE, mcu_height = decoder->max_v_samp_factor * DCTSIZE;
    int across = component->h_samp_factor * size, down = component->v_samp_factor * size;
    plane->width = (int)(((long)decoder->image_width * across + mcu_width - 1) / mcu_width);
    plane->height = (int)(((long)decoder->image_height * down + mcu_height - 1) / mcu_height);
    plane->channels = 1;
    plane->step_x = (double)mcu_width / across;
    plane->step_y = (double)mcu_height / down;
    plane->written = ((int)decoder->image_width + mcu_width - 1) / mcu_width * across;
    plane->band_rows = down;
}

static pixelshift_engine_status read_header(jpeg_source *self, const pixelshift_engine_job *job) {
    struct jpeg_decompress_struct *decoder = &self->decoder;
    self->deadline = job->deadline;
    jpeg_create_decompress(decoder);
    decoder->client_data = self;
    self->progress.progress_monitor = stop_if_hopeless;
    decoder->progress = &self->progress;
    jpeg_mem_src(decoder, job->data, (unsigned long)job->size);
    if (jpeg_read_header(decoder, TRUE) != JPEG_HEADER_OK) {
        return PIXELSHIFT_ENGINE_DAMAGED;
    }
    if (!supported(decoder)) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    decoder->scale_num = (unsigned)job->scale;
    decoder->scale_denom = DCTSIZE;
    decoder->dct_method = JDCT_ISLOW;
    decoder->out_color_space = decoder->jpeg_color_space;
    decoder->raw_data_out = TRUE;
    return PIXELSHIFT_ENGINE_OK;
}

static void describe(jpeg_source *self, const int sizes[ENGINE_PLANES]) {
    engine_source *source = &self->source;
    source->width = (int)self->decoder.image_width;
    source->height = (int)self->decoder.image_height;
    source->planes = self->decoder.num_components;
    source->colour = source->planes == 1 ? ENGINE_GREY : ENGINE_YCBCR;
    for (int i = 0; i < source->planes; i++) {
        measure_plane(self, i, sizes[i]);
    }
}

/* What libjpeg has settled on. */
static void sizes_of(const jpeg_source *self, int sizes[ENGINE_PLANES]) {
    for (int i = 0; i < self->decoder.num_components; i++) {
        sizes[i] = self->decoder.comp_info[i].DCT_scaled_size;
    }
}

/* The blocks of a sole component come one after the other, whatever factors it names (T.81, A.2.2). */
static void ignore_sole_factors(jpeg_source *self) {
    struct jpeg_decompress_struct *decoder = &self->decoder;
    self->mcu_rows = 1;
    if (decoder->num_components == 1) {
        self->mcu_rows = decoder->max_v_samp_factor;
        decoder->comp_info[0].h_samp_factor = decoder->comp_info[0].v_samp_factor = 1;
        decoder->max_h_samp_factor = decoder->max_v_samp_factor = 1;
    }
}

static pixelshift_engine_status open_own(engine_source *source, const pixelshift_engine_job *job) {
    jpeg_source *self = (jpeg_source *)source;
    int sizes[ENGINE_PLANES];
    self->decoder.err = jpeg_trap_set(&self->trap);
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    pixelshift_engine_status status = read_header(self, job);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    ignore_sole_factors(self);
    if (!jpeg_baseline_fits(&self->decoder)) {
        return PIXELSHIFT_ENGINE_UNSUPPORTED;
    }
    jpeg_calc_output_dimensions(&self->decoder);
    sizes_of(self, sizes);
    for (int i = 1; job->chroma_scale > 0 && i < self->decoder.num_components; i++) {
        sizes[i] = job->chroma_scale;
    }
    for (int i = 0; i < self->decoder.num_components; i++) {
        if (!jpeg_baseline_has_size(sizes[i])) {
            return PIXELSHIFT_ENGINE_UNSUPPORTED;
        }
    }
    self->baseline = jpeg_baseline_new(&self->decoder, sizes, job->level, &status);
    describe(self, sizes);
    self->source.plane[0].band_rows *= self->mcu_rows; /* of one plane where it is more than 1 */
    return status;
}

static pixelshift_engine_status open_libjpeg(engine_source *source, const pixelshift_engine_job *job) {
    jpeg_source *self = (jpeg_source *)source;
    self->decoder.err = jpeg_trap_set(&self->trap);
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    pixelshift_engine_status status = read_header(self, job);
    if (status != PIXELSHIFT_ENGINE_OK) {
        return status;
    }
    jpeg_start_decompress(&self->decoder);
    int sizes[ENGINE_PLANES];
    sizes_of(self, sizes);
    describe(self, sizes);
    return PIXELSHIFT_ENGINE_OK;
}

static void look_at(jpeg_source *self) {
    for (int i = 0; i < self->source.planes; i++) {
        const engine_plane *plane = &self->source.plane[i];
        jpeg_baseline_look_at(self->baseline, i, plane->left, plane->top, plane->right, plane->bottom);
    }
}

/* Row `n` of MCUs of a band. */
static int read_mcus(jpeg_source *self, int n) {
    uint8_t *rows[ENGINE_PLANES];
    ptrdiff_t strides[ENGINE_PLANES];
    for (int i = 0; i < self->source.planes; i++) {
        const engine_plane *plane = &self->source.plane[i];
        rows[i] = engine_plane_target(plane, n * (plane->band_rows / self->mcu_rows));
        strides[i] = (ptrdiff_t)plane->stride;
    }
    return jpeg_baseline_read(self->baseline, rows, strides);
}

static pixelshift_engine_status read_own(engine_source *source) {
    jpeg_source *self = (jpeg_source *)source;
    const engine_plane *luma = &source->plane[0];
    if (luma->rows_read == 0) {
        look_at(self);
    }
    int left = luma->height - luma->rows_read;
    for (int n = 0; n < self->mcu_rows && n * (luma->band_rows / self->mcu_rows) < left; n++) {
        if (!read_mcus(self, n)) {
            return PIXELSHIFT_ENGINE_DAMAGED;
        }
    }
    return PIXELSHIFT_ENGINE_OK;
}

static pixelshift_engine_status read_libjpeg(engine_source *source) {
    jpeg_source *self = (jpeg_source *)source;
    JSAMPROW rows[ENGINE_PLANES][MAX_SAMP_FACTOR * DCTSIZE];
    JSAMPARRAY bands[ENGINE_PLANES] = {rows[0], rows[1], rows[2]};
    if (setjmp(self->trap.escape)) {
        return self->trap.status;
    }
    for (int i = 0; i < source->planes; i++) {
        for (int row = 0; row < source->plane[i].band_rows; row++) {
            rows[i][row] = engine_plane_target(&source->plane[i], row);
        }
    }
    int wanted = self->decoder.max_v_samp_factor * self->decoder.min_DCT_scaled_size;
    jpeg_read_raw_data(&self->decoder, bands, (JDIMENSION)wanted);
    return PIXELSHIFT_ENGINE_OK;
}

static int warnings(const engine_source *source) {
    return (int)((const jpeg_source *)source)->trap.manager.num_warnings;
}

static void close(engine_source *source) {
    jpeg_source *self = (jpeg_source *)source;
    jpeg_baseline_free(self->baseline);
    jpeg_destroy_decompress(&self->decoder); /* also one that was never or not wholly created: zeros hold nothing */
    free(self);
}

static engine_source *create(const engine_source_kind *kind) {
    jpeg_source *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->source.kind = kind;
    return &self->source;
}

static engine_source *create_own(void);
static engine_source *create_libjpeg(void);

const engine_source_kind engine_source_libjpeg = {
    .create = create_libjpeg,
    .open = open_libjpeg,
    .read = read_libjpeg,
    .warnings = warnings,
    .close = close,
};

const engine_source_kind engine_source_jpeg = {
    .create = create_own,
    .open = open_own,
    .read = read_own,
    .warnings = warnings,
    .close = close,
    .fallback = &engine_source_libjpeg,
};

static engine_source *create_own(void) {
    return create(&engine_source_jpeg);
}

static engine_source *create_libjpeg(void) {
    return create(&engine_source_libjpeg);
}
