/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_WARP_H
#define PIXELSHIFT_SCALAR_WARP_H

#include "pixelshift/warp.h"

enum { PIXELSHIFT_WARP_WEIGHT_BITS = 12 };

void pixelshift_warp_bilinear_scalar(uint8_t *dst, const pixelshift_warp_source *source,
                                     const pixelshift_warp_line *line, size_t pixels);
void pixelshift_warp_bilinear_avx2(uint8_t *dst, const pixelshift_warp_source *source, const pixelshift_warp_line *line,
                                   size_t pixels);

#endif
