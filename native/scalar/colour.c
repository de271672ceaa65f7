#include "colour.h"

#include "lane.h"

#include "colour_formulas.h"

static lane_triple linear_light(const uint8_t *pixel, const pixelshift_colour_tables *tables) {
    lane_triple linear = {tables->linear[pixel[0]], tables->linear[pixel[1]], tables->linear[pixel[2]]};
    return linear;
}

/* Level of linear light, rounded: the fraction has 15 bits. */
static uint8_t encode(lane linear, const int32_t *encoded) {
    lane_int parts = parts_of(linear), entry = encoded[parts >> 16];
    return (uint8_t)(((entry & 0xFFFF) * ((parts & 0xFFFF) >> 1) + (entry >> 16) * 16384) >> 15);
}

static void store(uint8_t *dst, lane_triple linear, const pixelshift_colour_tables *tables) {
    dst[0] = encode(linear.x, tables->encoded);
    dst[1] = encode(linear.y, tables->encoded);
    dst[2] = encode(linear.z, tables->encoded);
}

void pixelshift_colour_adjust_scalar(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                                     const pixelshift_colour_adjustment *adjustment, size_t pixels, size_t channels) {
    for (size_t i = 0; i < pixels; i++, dst += channels, src += channels) {
        store(dst, from_lab(adjust_lab(to_lab(linear_light(src, tables)), adjustment)), tables);
        if (channels == 4) {
            dst[3] = src[3];
        }
    }
}

void pixelshift_colour_split_scalar(pixelshift_colour_planes dst, const uint8_t *src,
                                    const pixelshift_colour_tables *tables, size_t pixels, size_t channels) {
    for (size_t i = 0; i < pixels; i++, src += channels) {
        lane_triple lab = to_lab(linear_light(src, tables));
        dst.light[i] = (uint16_t)lane_cut(clip(lane_mul(lab.x, lane_set(327.67f)), 0.0f, 32767.0f));
        dst.a[i] = (int16_t)lane_cut(clip(lane_mul(lab.y, lane_set(256.0f)), -32768.0f, 32767.0f));
        dst.b[i] = (int16_t)lane_cut(clip(lane_mul(lab.z, lane_set(256.0f)), -32768.0f, 32767.0f));
    }
}

static lane_triple lab_of(lane light, int16_t a, int16_t b) {
    lane_triple lab = {
        lane_mul(light, lane_set(1.0f / 327.67f)),
        lane_mul(lane_float(a), lane_set(1.0f / 256.0f)),
        lane_mul(lane_float(b), lane_set(1.0f / 256.0f)),
    };
    return lab;
}

void pixelshift_colour_join_scalar(uint8_t *dst, pixelshift_colour_planes src, const pixelshift_colour_tables *tables,
                                   size_t pixels, size_t channels) {
    for (size_t i = 0; i < pixels; i++, dst += channels) {
        store(dst, from_lab(lab_of(lane_float(src.light[i]), src.a[i], src.b[i])), tables);
    }
}

void pixelshift_colour_sharpen_scalar(uint8_t *dst, pixelshift_colour_planes src, const uint16_t *smooth,
                                      const pixelshift_colour_tables *tables,
                                      const pixelshift_colour_sharpening *sharpening, size_t pixels, size_t channels) {
    const lane_sharpening by = sharpening_in_parts(sharpening);
    for (size_t i = 0; i < pixels; i++, dst += channels) {
        lane light = sharpened(lane_float(src.light[i]), lane_float(smooth[i]), &by);
        store(dst, from_lab(lab_of(light, src.a[i], src.b[i])), tables);
    }
}

void pixelshift_colour_lightness_scalar(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                                        size_t pixels, size_t channels) {
    for (size_t i = 0; i < pixels; i++, src += channels) {
        dst[i] = (uint8_t)lane_cut(clip(to_lab(linear_light(src, tables)).x, 0.0f, 100.0f));
    }
}

void pixelshift_colour_luminance_scalar(uint8_t *dst, const uint8_t *src, const pixelshift_colour_tables *tables,
                                        size_t pixels, size_t channels) {
    for (size_t i = 0; i < pixels; i++, src += channels) {
        dst[i] = encode(dot(linear_light(src, tables), 0.2126f, 0.7152f, 0.0722f), tables->encoded);
    }
}
