/* Our own decoder for the files that cameras write: one interleaved baseline scan. libjpeg has read the header. */
#ifndef PIXELSHIFT_JPEG_BASELINE_H
#define PIXELSHIFT_JPEG_BASELINE_H

#include "entropy.h"
#include "pixelshift/cpu.h"
#include "pixelshift/engine.h"
#include "pixelshift/idct.h"

enum { JPEG_BASELINE_COMPONENTS = ENTROPY_COMPONENTS };

typedef struct {
    int blocks_across, blocks_down; /* in one MCU */
    int size;                       /* samples a side that a block becomes: 8, 4, 3, 2 or 1 */
    /* What is looked at, in blocks of one row of MCUs and in samples of the plane. */
    int first_block, last_block; /* the latter is one past */
    int top, bottom;
    int row; /* sample row where the next row of MCUs begins */
    entropy_rules rules;
    pixelshift_idct idct;        /* of a block; NULL where whole rows of blocks are transformed at once */
    pixelshift_idct corner;      /* the same for a block of low frequencies */
    int16_t quantiser[DCTSIZE2]; /* for idct */
    pixelshift_idct_row idct_row;
    /* For idct_row: of each row of blocks its coefficients, one after the other, and one spare. */
    int16_t *coefficients;
    size_t stride; /* blocks in a row */
    size_t planes; /* coefficients wanted of a block, and the spare one */
} jpeg_baseline_component;

typedef struct {
    int components, mcus_across;
    int restart_interval; /* in MCUs, 0 for none */
    int until_restart;
    int restarts;
    jpeg_baseline_component component[JPEG_BASELINE_COMPONENTS];
    int32_t prediction[JPEG_BASELINE_COMPONENTS];
    entropy_mcu mcu;
    const entropy_decoder *entropy;
    entropy_dc_table dc[2];
    entropy_ac_table ac[2];
    entropy_reader reader;
} jpeg_baseline;

/* True when this decoder takes the file; the scan's data begin at libjpeg's source position. */
int jpeg_baseline_fits(const struct jpeg_decompress_struct *decoder);
/* True for a size that a block can be decoded to. */
int jpeg_baseline_has_size(int size);
/* Blocks of component c become sizes[c] samples a side. NULL with the reason: NO_MEMORY, or DAMAGED for a wrong table.
 */
jpeg_baseline *jpeg_baseline_new(const struct jpeg_decompress_struct *decoder,
                                 const int sizes[JPEG_BASELINE_COMPONENTS], pixelshift_cpu_level level,
                                 pixelshift_engine_status *status);
/* Of component `index` only these samples are looked at. */
void jpeg_baseline_look_at(jpeg_baseline *baseline, int index, int left, int top, int right, int bottom);
/* Decodes one row of MCUs; `rows[c]` is where component c's band begins. Returns 0 on any doubt. */
int jpeg_baseline_read(jpeg_baseline *baseline, uint8_t *const rows[JPEG_BASELINE_COMPONENTS],
                       const ptrdiff_t strides[JPEG_BASELINE_COMPONENTS]);
void jpeg_baseline_free(jpeg_baseline *baseline);

#endif
