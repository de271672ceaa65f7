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
    plane->block_width = (int)component->width_in_blocks * size;
    plane->band_rows = component->v_samp_factor * size;
}

int jpeg_source_plane_allocate(jpeg_source_plane *plane, int pad_x) {
    int wide = plane->width + pad_x > plane->block_width ? plane->width + pad_x : plane->block_width;
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

pixelshift_jpeg_status jpeg_source_open(jpeg_source *source, const uint8_t *data, size_t size, int scale,
                                        double deadline) {
    memset(source, 0, sizeof *source);
    source->deadline = deadline;
    source->decoder.err = jpeg_trap_set(&source->trap);
    if (setjmp(source->trap.escape)) {
        return source->trap.status;
    }
    jpeg_create_decompress(&source->decoder);
    source->opened = 1;
    source->decoder.client_data = source;
    source->progress.progress_monitor = stop_if_hopeless;
    source->decoder.progress = &source->progress;
    jpeg_mem_src(&source->decoder, data, (unsigned long)size);
    if (jpeg_read_header(&source->decoder, TRUE) != JPEG_HEADER_OK) {
        return PIXELSHIFT_JPEG_DAMAGED;
    }
    if (!supported(&source->decoder)) {
        return PIXELSHIFT_JPEG_UNSUPPORTED;
    }
    source->decoder.scale_num = (unsigned)scale;
    source->decoder.scale_denom = DCTSIZE;
    source->decoder.dct_method = JDCT_ISLOW;
    source->decoder.out_color_space = source->decoder.jpeg_color_space;
    source->decoder.raw_data_out = TRUE;
    jpeg_start_decompress(&source->decoder);
    source->planes = source->decoder.num_components;
    for (int i = 0; i < source->planes; i++) {
        measure_plane(source, i);
    }
    return PIXELSHIFT_JPEG_OK;
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

pixelshift_jpeg_status jpeg_source_read(jpeg_source *source) {
    struct jpeg_decompress_struct *decoder = &source->decoder;
    JSAMPROW rows[JPEG_PLANES][MAX_SAMP_FACTOR * DCTSIZE];
    JSAMPARRAY bands[JPEG_PLANES] = {rows[0], rows[1], rows[2]};
    for (int i = 0; i < source->planes; i++) {
        jpeg_source_plane *plane = &source->plane[i];
        for (int row = 0; row < plane->band_rows; row++) {
            rows[i][row] = jpeg_source_plane_row(plane, plane->held + row);
        }
    }
    if (setjmp(source->trap.escape)) {
        return source->trap.status;
    }
    if (jpeg_deadline_passed(source->deadline)) {
        return PIXELSHIFT_JPEG_TIMEOUT;
    }
    jpeg_read_raw_data(decoder, bands, (JDIMENSION)(decoder->max_v_samp_factor * decoder->min_DCT_scaled_size));
    for (int i = 0; i < source->planes; i++) {
        accept_band(&source->plane[i]);
    }
    return PIXELSHIFT_JPEG_OK;
}

int jpeg_source_finished(const jpeg_source *source) {
    return source->decoder.output_scanline >= source->decoder.output_height;
}

int jpeg_source_warnings(const jpeg_source *source) {
    return (int)source->trap.manager.num_warnings;
}

void jpeg_source_close(jpeg_source *source) {
    for (int i = 0; i < JPEG_PLANES; i++) {
        free(source->plane[i].rows);
    }
    if (source->opened) {
        jpeg_destroy_decompress(&source->decoder);
    }
}
