/* The scalar loop of native/jpeg/entropy_block.h, with BMI2. */
#include "../jpeg/entropy_block.h"

int entropy_decode_block_avx2(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction) {
    return decode_block(reader, block, rules, prediction);
}
