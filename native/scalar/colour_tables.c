#include "pixelshift/colour.h"

#include <math.h>

enum { LAST = PIXELSHIFT_COLOUR_LEVELS - 1 };

static double linear_light(double v) {
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static int32_t encoded_level(double light) {
    double v = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return (int32_t)floor(LAST * v + 0.5);
}

void pixelshift_colour_tables_init(pixelshift_colour_tables *tables) {
    int32_t level = encoded_level(0);
    for (int i = 0; i <= LAST; i++) {
        int32_t next = i < LAST ? encoded_level((i + 1.0) / LAST) : level;
        tables->linear[i] = (float)linear_light((double)i / LAST);
        tables->encoded[i] = (next - level) | (2 * level + 1) << 16;
        level = next;
    }
}
