#include "stream.h"

#include "pixelshift/resample.h"

#include <stdlib.h>
#include <string.h>

/* A progressive file of 64 scans is generous; hostile ones have thousands. */
enum { SCAN_LIMIT = 128 };

static void stop_if_hopeless(j_common_ptr object) {
    j_decompress_ptr decoder = (j_decompress_ptr)object;
    jpeg_source *source = (jpeg_source *)object->client_data;
    if (decoder->input_scan_number > SCAN_LIMIT) {
        source->trap.status = PIXELSHIFT_JPEG_DAMAGED;
    } else if (jpeg_deadline_passed(source->deadline)) {
        source->trap.status = PIXELSHIFT_JPEG_TIMEOUT;
    } else {
        return;
    }
    longjmp(source->trap.escape, 1);
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

static void measure_plane(jpeg_source *source, int index) {
    const struct jpeg_decompress_struct *decoder = &source->decoder;
    const jpeg_component_info *component = &decoder->comp_info[index];
    jpeg_source_plane *plane = &source->plane[index];
    int size = component->DCT_scaled_size;
    plane->width = (int)component->downsampled_width;
    plane->height = (int)component->downsampled_height;
    plane->step_x = (double)(decoder->max_h_samp_factor * DCTSIZE) / (component->h_samp_factor * size);
    plane->step_y = (double)(decoder->max_v_samp_factor * DCTSIZE) / (component->v_samp_factor * size);
    int mcu = decoder->max_h_samp_factor * DCTSIZE;
    plane->mcu_width = ((int)decoder->image_width + mcu - 1) / mcu * component->h_samp_factor * size;
    plane->band_rows = component->v_samp_factor * size;
}

int jpeg_source_plane_allocate(jpeg_source_plane *plane, int pad_x) {
    int wide = plane->width + pad_x > plane->mcu_width ? plane->width + pad_x : plane->mcu_width;
    /* An odd number of cache lines keeps the rows of a band from falling into one cache set. */
    plane->stride = (((size_t)wide + 63) / 64 | 1) * 64;
    plane->pad_x = pad_x;
    plane->capacity = PIXELSHIFT_RESAMPLE_STRIP + plane->band_rows;
    plane->rows = aligned_alloc(64, plane->stride * (size_t)(plane->capacity + 1));
    plane->last = plane->rows == NULL ? NULL : jpeg_source_plane_row(plane, plane->capacity);
    return plane->rows != NULL;
}

uint8_t *jpeg_source_plane_row(const jpeg_source_plane *plane, int index) {
    return plane->rows + (size_t)index * plane->stride;
}

void jpeg_source_plane_drop(jpeg_source_plane *plane, int count) {
    count = count < plane->held ? count : plane->held;
    if (count <= 0) {
        return;
    }
    plane->held -= count;
    plane->held_from += count;
    memmove(plane->rows, jpeg_source_plane_row(plane, count), (size_t)plane->held * plane->stride);
}

static pixelshift_jpeg_status start(jpeg_source *source, const pixelshift_jpeg_job *job, int own_decoder) {
    struct jpeg_decompress_struct *decoder = &source->decoder;
    decoder->scale_num = (unsigned)job->scale;
    decoder->scale_denom = DCTSIZE;
    decoder->dct_method = JDCT_ISLOW;
    decoder->out_color_space = decoder->jpeg_color_space;
    decoder->raw_data_out = TRUE;
    if (own_decoder && jpeg_baseline_fits(decoder)) {
        jpeg_calc_output_dimensions(decoder);
        source->baseline = jpeg_baseline_new(decoder, job->level);
        return source->baseline != NULL ? PIXELSHIFT_JPEG_OK : PIXELSHIFT_JPEG_DAMAGED;
    }
    jpeg_start_decompress(decoder);
    return PIXELSHIFT_JPEG_OK;
}

pixelshift_jpeg_status jpeg_source_open(jpeg_source *source, const pixelshift_jpeg_job *job, int own_decoder) {
    memset(source, 0, sizeof *source);
    source->deadline = job->deadline;
    source->decoder.err = jpeg_trap_set(&source->trap);
    if (setjmp(source->trap.escape)) {
        return source->trap.status;
    }
    jpeg_create_decompress(&source->decoder);
    source->opened = 1;
    source->decoder.client_data = source;
    source->progress.progress_monitor = stop_if_hopeless;
    source->decoder.progress = &source->progress;
    jpeg_mem_src(&source->decoder, job->data, (unsigned long)job->size);
    if (jpeg_read_header(&source->decoder, TRUE) != JPEG_HEADER_OK) {
        return PIXELSHIFT_JPEG_DAMAGED;
    }
    if (!supported(&source->decoder)) {
        return PIXELSHIFT_JPEG_UNSUPPORTED;
    }
    pixelshift_jpeg_status status = start(source, job, own_decoder);
    source->planes = source->decoder.num_components;
    for (int i = 0; status == PIXELSHIFT_JPEG_OK && i < source->planes; i++) {
        measure_plane(source, i);
    }
    return status;
}

/* Counts the true rows of the band just decoded and continues them to the right. */
static void accept_band(jpeg_source_plane *plane) {
    int left = plane->height - plane->rows_read;
    int fresh = left < plane->band_rows ? left : plane->band_rows;
    for (int i = 0; i < fresh; i++) {
        uint8_t *row = jpeg_source_plane_row(plane, plane->held + i);
        memset(row + plane->width, row[plane->width - 1], (size_t)plane->pad_x);
    }
    plane->held += fresh;
    plane->rows_read += fresh;
    if (fresh > 0 && plane->rows_read == plane->height) {
        memcpy(plane->last, jpeg_source_plane_row(plane, plane->held - 1), plane->stride);
    }
}

static int read_own(jpeg_source *source) {
    uint8_t *rows[JPEG_PLANES];
    ptrdiff_t strides[JPEG_PLANES];
    for (int i = 0; i < source->planes; i++) {
        rows[i] = jpeg_source_plane_row(&source->plane[i], source->plane[i].held);
        strides[i] = (ptrdiff_t)source->plane[i].stride;
    }
    return jpeg_baseline_read(source->baseline, rows, strides);
}

static void read_libjpeg(jpeg_source *source) {
    struct jpeg_decompress_struct *decoder = &source->decoder;
    JSAMPROW rows[JPEG_PLANES][MAX_SAMP_FACTOR * DCTSIZE];
    JSAMPARRAY bands[JPEG_PLANES] = {rows[0], rows[1], rows[2]};
    for (int i = 0; i < source->planes; i++) {
        jpeg_source_plane *plane = &source->plane[i];
        for (int row = 0; row < plane->band_rows; row++) {
            rows[i][row] = jpeg_source_plane_row(plane, plane->held + row);
        }
    }
    jpeg_read_raw_data(decoder, bands, (JDIMENSION)(decoder->max_v_samp_factor * decoder->min_DCT_scaled_size));
}

pixelshift_jpeg_status jpeg_source_read(jpeg_source *source) {
    if (setjmp(source->trap.escape)) {
        return source->trap.status;
    }
    if (jpeg_deadline_passed(source->deadline)) {
        return PIXELSHIFT_JPEG_TIMEOUT;
    }
    if (source->baseline == NULL) {
        read_libjpeg(source);
    } else if (!read_own(source)) {
        return PIXELSHIFT_JPEG_DAMAGED;
    }
    for (int i = 0; i < source->planes; i++) {
        accept_band(&source->plane[i]);
    }
    return PIXELSHIFT_JPEG_OK;
}

int jpeg_source_finished(const jpeg_source *source) {
    return source->plane[0].rows_read >= source->plane[0].height;
}

int jpeg_source_warnings(const jpeg_source *source) {
    return (int)source->trap.manager.num_warnings;
}

void jpeg_source_close(jpeg_source *source) {
    for (int i = 0; i < JPEG_PLANES; i++) {
        free(source->plane[i].rows);
    }
    free(source->baseline);
    if (source->opened) {
        jpeg_destroy_decompress(&source->decoder);
    }
}
