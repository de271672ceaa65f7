/* The scalar loops of native/jpeg/entropy_block.h, with BMI2. */
#include "../jpeg/entropy_block.h"

static int decode_all_avx2(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction) {
    return decode_all(reader, block, rules, prediction);
}

static int decode_some_avx2(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction) {
    return decode_some(reader, block, rules, prediction);
}

static int decode_none_avx2(entropy_reader *reader, int16_t *block, const entropy_rules *rules, int32_t *prediction) {
    (void)block;
    return decode_none(reader, rules, prediction);
}

const entropy_decoder entropy_decoder_avx2 = {decode_all_avx2, decode_some_avx2, decode_none_avx2};
