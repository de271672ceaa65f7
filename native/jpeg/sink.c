#include "stream.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1 << 16 };

static int grow(jpeg_memory *memory) {
    size_t used = memory->capacity;
    size_t capacity = used == 0 ? FIRST_CAPACITY : 2 * used;
    uint8_t *body = realloc(memory->body, capacity);
    if (body == NULL) {
        return 0;
    }
    memory->body = body;
    memory->capacity = capacity;
    memory->manager.next_output_byte = body + used;
    memory->manager.free_in_buffer = capacity - used;
    return 1;
}

static void give_up(j_compress_ptr encoder, pixelshift_jpeg_status status) {
    jpeg_trap *trap = (jpeg_trap *)encoder->err;
    trap->status = status;
    longjmp(trap->escape, 1);
}

static void begin_output(j_compress_ptr encoder) {
    if (!grow((jpeg_memory *)encoder->dest)) {
        give_up(encoder, PIXELSHIFT_JPEG_NO_MEMORY);
    }
}

static boolean extend_output(j_compress_ptr encoder) {
    jpeg_memory *memory = (jpeg_memory *)encoder->dest;
    if (memory->capacity > memory->limit) {
        give_up(encoder, PIXELSHIFT_JPEG_TOO_LARGE);
    }
    if (!grow(memory)) {
        give_up(encoder, PIXELSHIFT_JPEG_NO_MEMORY);
    }
    return TRUE;
}

static void end_output(j_compress_ptr encoder) {
    (void)encoder;
}

static void write_markers(jpeg_sink *sink, const uint8_t *markers, size_t size) {
    /* Each segment: FF, code, length (big endian, counts itself), payload. Checked by the adapter. */
    size_t at = 0;
    while (at + 4 <= size) {
        unsigned length = (unsigned)markers[at + 2] << 8 | markers[at + 3];
        jpeg_write_marker(&sink->encoder, markers[at + 1], markers + at + 4, length - 2);
        at += 2 + length;
    }
}

static void choose_sampling(jpeg_sink *sink, int full_chroma) {
    struct jpeg_compress_struct *encoder = &sink->encoder;
    int luma = sink->planes == 3 && !full_chroma ? 2 : 1;
    encoder->comp_info[0].h_samp_factor = encoder->comp_info[0].v_samp_factor = luma;
    for (int i = 0; i < sink->planes; i++) {
        int factor = i == 0 ? 1 : luma;
        jpeg_sink_plane *plane = &sink->plane[i];
        plane->width = ((int)encoder->image_width + factor - 1) / factor;
        plane->height = ((int)encoder->image_height + factor - 1) / factor;
        plane->band_rows = encoder->comp_info[i].v_samp_factor * DCTSIZE;
        size_t mcu = (size_t)luma * DCTSIZE;
        plane->stride = (encoder->image_width + mcu - 1) / mcu * mcu / (size_t)factor;
    }
}

pixelshift_jpeg_status jpeg_sink_open(jpeg_sink *sink, const pixelshift_jpeg_job *job, int planes) {
    memset(sink, 0, sizeof *sink);
    sink->planes = planes;
    sink->memory.limit = job->output_limit;
    sink->memory.manager.init_destination = begin_output;
    sink->memory.manager.empty_output_buffer = extend_output;
    sink->memory.manager.term_destination = end_output;
    sink->encoder.err = jpeg_trap_set(&sink->trap);
    if (setjmp(sink->trap.escape)) {
        return sink->trap.status;
    }
    struct jpeg_compress_struct *encoder = &sink->encoder;
    jpeg_create_compress(encoder);
    sink->opened = 1;
    encoder->dest = &sink->memory.manager;
    encoder->image_width = (JDIMENSION)job->width;
    encoder->image_height = (JDIMENSION)job->height;
    encoder->input_components = planes;
    encoder->in_color_space = planes == 3 ? JCS_YCbCr : JCS_GRAYSCALE;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, job->quality, TRUE);
    encoder->optimize_coding = job->optimise_coding ? TRUE : FALSE;
    encoder->dct_method = JDCT_ISLOW;
    encoder->raw_data_in = TRUE;
    choose_sampling(sink, job->full_chroma);
    if (job->progressive) {
        jpeg_simple_progression(encoder);
    }
    jpeg_start_compress(encoder, TRUE);
    write_markers(sink, job->markers, job->markers_size);
    return PIXELSHIFT_JPEG_OK;
}

pixelshift_jpeg_status jpeg_sink_write(jpeg_sink *sink, JSAMPARRAY rows[JPEG_PLANES]) {
    struct jpeg_compress_struct *encoder = &sink->encoder;
    if (setjmp(sink->trap.escape)) {
        return sink->trap.status;
    }
    jpeg_write_raw_data(encoder, rows, (JDIMENSION)(encoder->max_v_samp_factor * DCTSIZE));
    return PIXELSHIFT_JPEG_OK;
}

pixelshift_jpeg_status jpeg_sink_finish(jpeg_sink *sink, uint8_t **output, size_t *output_size) {
    if (setjmp(sink->trap.escape)) {
        return sink->trap.status;
    }
    jpeg_finish_compress(&sink->encoder);
    size_t size = sink->memory.capacity - sink->memory.manager.free_in_buffer;
    if (size > sink->memory.limit) {
        return PIXELSHIFT_JPEG_TOO_LARGE;
    }
    *output = sink->memory.body;
    *output_size = size;
    sink->memory.body = NULL;
    return PIXELSHIFT_JPEG_OK;
}

void jpeg_sink_close(jpeg_sink *sink) {
    if (sink->opened) {
        jpeg_destroy_compress(&sink->encoder);
    }
    free(sink->memory.body);
}
