#include "../jpeg/entropy_block.h"

int entropy_decode_block_avx2(entropy_reader *reader, int16_t *block, const entropy_table *dc, const entropy_table *ac,
                              const uint16_t *quantiser, int32_t *prediction) {
    return decode_block(reader, block, dc, ac, quantiser, prediction);
}
