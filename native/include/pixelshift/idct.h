/*
 * Inverse DCT of 8x8 blocks to 8x8, 4x4, 3x3, 2x2 or 1 samples.
 *
 * The accurate integer transform after Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13-bit constants. To 8, 4
 * and 1, and to 3 by the coefficients of 3x3 alone, sample for sample what libjpeg's JDCT_ISLOW gives, so that a
 * decoder may change between the two; but to 3, samples beyond 511 to either side of grey are clipped here, and wrap
 * round in libjpeg. To 2 by the coefficients of 2x2 alone, where libjpeg averages squares of the full block: less
 * aliasing, and the other coefficients need not be known.
 */
#ifndef PIXELSHIFT_IDCT_H
#define PIXELSHIFT_IDCT_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/cpu.h"

/*
 * `block`: 64 coefficients, rows first, 32-byte aligned, as the file has them: within 11 bits and a sign. `quantiser`:
 * what to multiply them by, likewise laid out; below 2^15. Returns 0, having written nothing, where the
 * products' magnitudes sum up to more than PIXELSHIFT_IDCT_LIMIT. Within it no inverse DCT, ours or libjpeg's, leaves
 * 16 bits (4 * 1.387 * 5888 < 2^15) or libjpeg's clamping table. A photograph's blocks stay far below; what does not is
 * libjpeg's business, down to how it overflows.
 */
enum { PIXELSHIFT_IDCT_LIMIT = 5888 };
typedef int (*pixelshift_idct)(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser);

/*
 * To n samples a side, a row of `blocks` blocks side by side: coefficient (v, u), v and u below n, of block b stands at
 * coefficients[(n v + u) stride + b].
 */
typedef void (*pixelshift_idct_row)(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *coefficients, size_t stride,
                                    size_t blocks);

typedef struct {
    pixelshift_idct to_8;
    pixelshift_idct corner_to_8; /* where only the first 4 of the first 4 rows may be other than 0 */
    pixelshift_idct to_4;
    pixelshift_idct_row row_to_3;
    pixelshift_idct_row row_to_2;
    pixelshift_idct_row row_to_1;
} pixelshift_idct_kernels_table;

const pixelshift_idct_kernels_table *pixelshift_idct_kernels(pixelshift_cpu_level level);

#endif
