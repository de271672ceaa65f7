/* Any transform, of any numbers: every level makes the same of a picture, within its memory. */
#include "guard.h"

#include "pixelshift/warp.h"

enum { MOST_SIDE = 200, HUGE_SIDE = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader input = {data, size};
    uint8_t form = take_byte(&input);
    int any = form & 1;
    int32_t channels = 3 + (form >> 1 & 1), most = form >> 2 & 1 ? HUGE_SIDE : MOST_SIDE;
    pixelshift_warp_source source = {.width = take_side(&input, most), .channels = channels};
    source.height = take_side(&input, source.width > MOST_SIDE ? 4 : MOST_SIDE);
    int32_t columns = take_side(&input, most), rows = take_side(&input, columns > MOST_SIDE ? 4 : MOST_SIDE);
    pixelshift_warp_map map = {0};
    double *number[] = {&map.x, &map.y, &map.x_across, &map.y_across, &map.x_down, &map.y_down};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        *number[i] = take_double(&input, any);
        if (!(*number[i] - *number[i] == 0)) { /* the adapter refuses what is not finite */
            return 0;
        }
    }
    size_t source_size = (size_t)source.width * (size_t)source.height * (size_t)channels;
    size_t result_size = (size_t)columns * (size_t)rows * (size_t)channels;
    guarded pixels = guarded_new(source_size), one = guarded_new(result_size), two = guarded_new(result_size);
    fill(&input, pixels.bytes, source_size);
    source.pixels = pixels.bytes;
    size_t first = form >> 3 & 1 ? (size_t)rows / 3 : 0, last = form >> 4 & 1 ? first : (size_t)rows;
    pixelshift_warp_bilinear(one.bytes, (size_t)columns, &source, &map, first, last, PIXELSHIFT_CPU_SCALAR);
    pixelshift_warp_bilinear(two.bytes, (size_t)columns, &source, &map, first, last, pixelshift_cpu_detect());
    require(memcmp(one.bytes, two.bytes, result_size) == 0, "levels agree");
    guarded_free(&pixels);
    guarded_free(&one);
    guarded_free(&two);
    return 0;
}
