#include "sharpen.h"

enum { CENTRE = 33, DIVISOR = 24 };

void pixelshift_sharpen_part_scalar(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                    size_t pixels, size_t channels, uint16_t bias, size_t from, size_t to) {
    size_t last = (pixels - 1) * channels;
    for (size_t i = from; i < to; i++) {
        size_t left = i < channels ? i : i - channels, right = i < last ? i + channels : i;
        int sum = above[left] + above[i] + above[right] + row[left] + row[i] + row[right] + below[left] + below[i] +
                  below[right];
        int value = (CENTRE * row[i] - sum + bias) / DIVISOR; /* a negative one is clipped, however it is cut */
        dst[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

void pixelshift_sharpen_row_scalar(uint8_t *dst, const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                   size_t pixels, size_t channels, uint16_t bias) {
    pixelshift_sharpen_part_scalar(dst, above, row, below, pixels, channels, bias, 0, pixels * channels);
}
