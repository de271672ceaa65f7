#ifndef PIXELSHIFT_AVX2_FDCT_H
#define PIXELSHIFT_AVX2_FDCT_H

#include "pixelshift/fdct.h"

uint64_t pixelshift_fdct_avx2(int16_t *block, const uint8_t *const rows[8], size_t x,
                              const pixelshift_fdct_quantiser *quantiser);

#endif
