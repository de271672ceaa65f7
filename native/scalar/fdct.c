#include "fdct.h"

/* Constants are round(x * 2^13). The first pass, along rows, leaves 2 fraction bits, the second none. */
enum { CONSTANT_BITS = 13, PASS_BITS = 2 };

void pixelshift_fdct_quantiser_init(pixelshift_fdct_quantiser *to, const uint16_t quantiser[64]) {
    for (int i = 0; i < 64; i++) {
        uint32_t divisor = 8u * quantiser[i];
        int bits = 3; /* the least with divisor <= 2^bits */
        while (divisor > 1u << bits) {
            bits++;
        }
        /* The multiplier is too large by less than divisor / 2^(15 + bits): below 2^15 it cannot reach the next one. */
        to->divisor[i] = (uint16_t)divisor;
        to->half[i] = (uint16_t)(divisor / 2);
        to->multiplier[i] = (uint16_t)(((1u << (15 + bits)) + divisor - 1) / divisor);
        to->rest[i] = (uint16_t)(1u << (17 - bits));
    }
}

static int16_t rounded(int32_t value, int bits) {
    return (int16_t)((value + (1 << (bits - 1))) >> bits);
}

/* Eight inputs to eight outputs, `step` apart, in place. */
static void transform(int16_t *data, int step, int bits) {
    int32_t sum[4], difference[4];
    for (int i = 0; i < 4; i++) {
        sum[i] = data[i * step] + data[(7 - i) * step];
        difference[i] = data[i * step] - data[(7 - i) * step];
    }
    int32_t even0 = sum[0] + sum[3], even1 = sum[1] + sum[2], even2 = sum[1] - sum[2], even3 = sum[0] - sum[3];
    data[0] = rounded((even0 + even1) * 8192, bits);
    data[4 * step] = rounded((even0 - even1) * 8192, bits);
    data[2 * step] = rounded(even2 * 4433 + even3 * (4433 + 6270), bits);
    data[6 * step] = rounded(even2 * (4433 - 15137) + even3 * 4433, bits);
    int32_t d0 = difference[0], d1 = difference[1], d2 = difference[2], d3 = difference[3];
    int32_t z3 = (d3 + d1) * -16069, z4 = (d2 + d0) * -3196, z5 = (d0 + d1 + d2 + d3) * 9633;
    int32_t z1 = (d3 + d0) * -7373, z2 = (d2 + d1) * -20995;
    data[7 * step] = rounded(d3 * 2446 + z1 + z3 + z5, bits);
    data[5 * step] = rounded(d2 * 16819 + z2 + z4 + z5, bits);
    data[3 * step] = rounded(d1 * 25172 + z2 + z3 + z5, bits);
    data[step] = rounded(d0 * 12299 + z1 + z4 + z5, bits);
}

uint64_t pixelshift_fdct_scalar(int16_t *block, const uint8_t *const rows[8], size_t x,
                                const pixelshift_fdct_quantiser *quantiser) {
    for (int y = 0; y < 8; y++) {
        for (int i = 0; i < 8; i++) {
            block[8 * y + i] = (int16_t)(rows[y][x + (size_t)i] - 128);
        }
        transform(block + 8 * y, 1, CONSTANT_BITS - PASS_BITS);
    }
    uint64_t some = 0;
    for (int i = 0; i < 8; i++) {
        transform(block + i, 8, CONSTANT_BITS + PASS_BITS);
    }
    for (int i = 0; i < 64; i++) {
        int32_t value = block[i], size = value < 0 ? -value : value;
        size = (size + quantiser->half[i]) / quantiser->divisor[i];
        block[i] = (int16_t)(value < 0 ? -size : size);
        some |= (uint64_t)(size != 0) << i;
    }
    return some;
}
