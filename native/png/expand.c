#include "expand.h"

#include <string.h>

int png_samples(const png_header *header) {
    static const uint8_t SAMPLES[] = {1, 0, 3, 1, 2, 0, 4};
    return SAMPLES[header->colour];
}

int png_channels(const png_header *header) {
    if (header->colour == PNG_PALETTE) {
        return header->has_alpha_table ? 4 : 3;
    }
    return png_samples(header) + header->has_key;
}

int png_is_plain(const png_header *header) {
    return header->bits == 8 && header->colour != PNG_PALETTE && !header->has_key;
}

/* Sample `index` of a row of 1, 2, 4, 8 or 16 bits per sample. */
static inline uint32_t sample_at(const uint8_t *row, size_t index, int bits) {
    if (bits == 16) {
        return (uint32_t)row[2 * index] << 8 | row[2 * index + 1];
    }
    if (bits == 8) {
        return row[index];
    }
    size_t at = index * (size_t)bits;
    return (uint32_t)(row[at / 8] >> (8 - bits - (int)(at % 8))) & ((1u << bits) - 1);
}

/* To 0-255: the high byte of 16 bits, and fewer than 8 stretched by repeating them. */
static inline uint8_t to_byte(uint32_t sample, int bits) {
    return (uint8_t)(bits == 16 ? sample >> 8 : sample * (255u / ((1u << bits) - 1)));
}

static inline __attribute__((always_inline)) void expand_palette(uint8_t *dst, const uint8_t *src,
                                                                 const png_header *header, int channels, int bits) {
    for (uint32_t x = 0; x < header->width; x++) {
        /* Indices without an entry are black: the table's zeros. */
        memcpy(dst, header->palette[sample_at(src, x, bits)], (size_t)channels);
        dst += channels;
    }
}

static inline __attribute__((always_inline)) void expand_samples(uint8_t *dst, const uint8_t *src,
                                                                 const png_header *header, int samples, int bits) {
    size_t at = 0;
    for (uint32_t x = 0; x < header->width; x++) {
        int is_key = header->has_key;
        for (int i = 0; i < samples; i++) {
            uint32_t sample = sample_at(src, at++, bits);
            is_key &= i < 3 && sample == header->key[i < 3 ? i : 0];
            *dst++ = to_byte(sample, bits);
        }
        if (header->has_key) {
            *dst++ = is_key ? 0 : 255;
        }
    }
}

void png_expand(uint8_t *dst, const uint8_t *src, const png_header *header) {
    int bits = header->bits;
    if (header->colour != PNG_PALETTE) {
        expand_samples(dst, src, header, png_samples(header), bits);
    } else if (bits == 8 && header->has_alpha_table) {
        expand_palette(dst, src, header, 4, 8);
    } else if (bits == 8) {
        expand_palette(dst, src, header, 3, 8);
    } else {
        expand_palette(dst, src, header, png_channels(header), bits);
    }
}
