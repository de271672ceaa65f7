/* Kernels of the NEON level, for the table in native/dispatch. */
#ifndef PIXELSHIFT_NEON_IDCT_H
#define PIXELSHIFT_NEON_IDCT_H

#include <stddef.h>
#include <stdint.h>

int pixelshift_idct_to_8_neon(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser);
int pixelshift_idct_to_4_neon(uint8_t *dst, ptrdiff_t dst_stride, const int16_t *block, const int16_t *quantiser);

#endif
