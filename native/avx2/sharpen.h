#ifndef PIXELSHIFT_AVX2_SHARPEN_H
#define PIXELSHIFT_AVX2_SHARPEN_H

#include <stddef.h>
#include <stdint.h>

void pixelshift_sharpen_row_avx2(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                 size_t pixels, size_t channels, uint16_t bias);

#endif
