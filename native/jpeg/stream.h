/* The two ends of the JPEG chain: a source that hands out bands of planes, a sink that takes them. */
#ifndef PIXELSHIFT_JPEG_STREAM_H
#define PIXELSHIFT_JPEG_STREAM_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "baseline.h"
#include "pixelshift/jpeg.h"

enum { JPEG_PLANES = 3 };

/* libjpeg's error handling, turned into one status. */
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    pixelshift_jpeg_status status;
} jpeg_trap;

/* Prepares a trap; `libjpeg_object->err` must be set to the result. */
struct jpeg_error_mgr *jpeg_trap_set(jpeg_trap *trap);

/* True when a deadline in CLOCK_MONOTONIC seconds has passed; 0 never passes. */
int jpeg_deadline_passed(double deadline);

/* Rows of one plane, decoded and not yet used: `held` of them, the first of which is row `held_from`. */
typedef struct {
    int width, height;     /* true samples, without the padding to whole blocks */
    double step_x, step_y; /* stored pixels per sample */
    int mcu_width;         /* samples per row, up to whole MCUs: all that a decoder writes */
    int band_rows;         /* rows that the decoder delivers at a time */
    int pad_x;             /* samples to continue each row by */
    size_t stride;
    int capacity;
    uint8_t *rows; /* capacity + 1 rows; `last` is the one behind */
    uint8_t *last; /* a copy of the plane's last row, once it was read */
    int held, held_from, rows_read;
} jpeg_source_plane;

/* Memory for a strip and a band, each row with room for `pad_x` more samples. */
int jpeg_source_plane_allocate(jpeg_source_plane *plane, int pad_x);
uint8_t *jpeg_source_plane_row(const jpeg_source_plane *plane, int index);
/* Forgets the first rows; `count` may be more than there are, or negative for none. */
void jpeg_source_plane_drop(jpeg_source_plane *plane, int count);

typedef struct {
    struct jpeg_decompress_struct decoder;
    struct jpeg_progress_mgr progress;
    jpeg_trap trap;
    jpeg_baseline *baseline; /* our own decoder, or NULL: libjpeg decodes */
    double deadline;
    int planes; /* 1 or 3 */
    jpeg_source_plane plane[JPEG_PLANES];
    int opened;
} jpeg_source;

/*
 * Reads the header and prepares decoding; then every plane wants its memory. With `own_decoder` our own takes the files
 * it can. Close the source whatever the answer.
 */
pixelshift_jpeg_status jpeg_source_open(jpeg_source *source, const pixelshift_jpeg_job *job, int own_decoder);
/* Appends one band to every plane; each must have room for it. */
pixelshift_jpeg_status jpeg_source_read(jpeg_source *source);
int jpeg_source_finished(const jpeg_source *source);
/* Damage that libjpeg repaired on the way. */
int jpeg_source_warnings(const jpeg_source *source);
void jpeg_source_close(jpeg_source *source);

typedef struct {
    int width, height; /* samples of the plane */
    int band_rows;     /* rows that one write takes */
    size_t stride;     /* whole blocks */
} jpeg_sink_plane;

/* A growing buffer. libjpeg's own leaks or dangles when an encoder is abandoned half-way. */
typedef struct {
    struct jpeg_destination_mgr manager;
    uint8_t *body;
    size_t capacity;
    size_t limit;
} jpeg_memory;

typedef struct {
    struct jpeg_compress_struct encoder;
    jpeg_trap trap;
    jpeg_memory memory;
    int planes;
    jpeg_sink_plane plane[JPEG_PLANES];
    int opened;
} jpeg_sink;

pixelshift_jpeg_status jpeg_sink_open(jpeg_sink *sink, const pixelshift_jpeg_job *job, int planes);
/* One MCU row: `rows[i]` points to band_rows row pointers, each row padded to `stride` samples. */
pixelshift_jpeg_status jpeg_sink_write(jpeg_sink *sink, JSAMPARRAY rows[JPEG_PLANES]);
/* Ends the file; on success the body belongs to the caller. */
pixelshift_jpeg_status jpeg_sink_finish(jpeg_sink *sink, uint8_t **output, size_t *output_size);
void jpeg_sink_close(jpeg_sink *sink);

#endif
