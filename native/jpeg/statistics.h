/* How often a picture's Huffman symbols occur, and the shortest code for them: what "optimised coding" means. */
#ifndef PIXELSHIFT_JPEG_STATISTICS_H
#define PIXELSHIFT_JPEG_STATISTICS_H

#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

enum { JPEG_SYMBOLS = 256 };

/* Of one pair of tables. */
typedef struct {
    uint32_t dc[JPEG_SYMBOLS], ac[JPEG_SYMBOLS];
} jpeg_statistics;

/* Counts a block of quantised coefficients, rows first; bit i of `some`: block[i] is not 0. `difference`: of its DC. */
void jpeg_count_block(jpeg_statistics *statistics, const JCOEF *block, uint64_t some, int difference);
/* Counts blocks that only repeat the DC before them. */
void jpeg_count_padding(jpeg_statistics *statistics, int blocks);

/* The code of ITU-T T.81, Annex K.2, with its way of breaking ties, which is libjpeg's, too. */
void jpeg_optimal_table(JHUFF_TBL *table, const uint32_t counts[JPEG_SYMBOLS]);

#endif
