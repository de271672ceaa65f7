/* Our own decoder for the files that cameras write: one interleaved baseline scan. libjpeg has read the header. */
#ifndef PIXELSHIFT_JPEG_BASELINE_H
#define PIXELSHIFT_JPEG_BASELINE_H

#include "entropy.h"
#include "pixelshift/cpu.h"
#include "pixelshift/idct.h"

typedef struct {
    int blocks_across, blocks_down; /* in one MCU */
    int size;                       /* samples that a block becomes: 8, 4, 2 or 1 */
    pixelshift_idct idct;
    int dc, ac; /* tables */
    uint16_t quantiser[ENTROPY_POSITIONS];
    int32_t prediction;
} jpeg_baseline_component;

typedef struct {
    int components, mcus_across;
    int rows_left;        /* of MCUs */
    int restart_interval; /* in MCUs, 0 for none */
    int until_restart;
    int restarts;
    jpeg_baseline_component component[3];
    entropy_decode decode;
    entropy_table dc[2], ac[2];
    entropy_reader reader;
} jpeg_baseline;

/* True when this decoder takes the file; the scan's data begin at libjpeg's source position. */
int jpeg_baseline_fits(const struct jpeg_decompress_struct *decoder);
/* NULL when memory fails or a table is wrong. libjpeg must have computed its output dimensions. */
jpeg_baseline *jpeg_baseline_new(const struct jpeg_decompress_struct *decoder, pixelshift_cpu_level level);
/* Decodes one row of MCUs; `rows[c]` is where component c's band begins. Returns 0 on any doubt. */
int jpeg_baseline_read(jpeg_baseline *baseline, uint8_t *const rows[3], const ptrdiff_t strides[3]);

#endif
