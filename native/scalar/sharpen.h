#ifndef PIXELSHIFT_SCALAR_SHARPEN_H
#define PIXELSHIFT_SCALAR_SHARPEN_H

#include <stddef.h>
#include <stdint.h>

void pixelshift_sharpen_row_scalar(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                   size_t pixels, size_t channels, uint16_t bias);
/* Samples [from, to) of the row only. */
void pixelshift_sharpen_part_scalar(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                    size_t pixels, size_t channels, uint16_t bias, size_t from, size_t to);

#endif
