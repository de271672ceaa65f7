/* The scalar loops of native/jpeg/entropy_block.h, with BMI2. */
#include "../jpeg/entropy_block.h"

const entropy_decoder entropy_decoder_avx2 = {decode_all, decode_some, pass_mcus};
