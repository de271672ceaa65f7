#include "../scalar/warp.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 8, BITS = PIXELSHIFT_WARP_WEIGHT_BITS };

/* Eight positions along one axis. */
typedef struct {
    __m256i low, high; /* of 64 bits, four each */
} positions;

static inline positions start(int64_t first, int64_t step) {
    positions result = {
        _mm256_setr_epi64x(first, first + step, first + 2 * step, first + 3 * step),
        _mm256_setr_epi64x(first + 4 * step, first + 5 * step, first + 6 * step, first + 7 * step),
    };
    return result;
}

static inline positions advance(positions at, __m256i by) {
    positions result = {_mm256_add_epi64(at.low, by), _mm256_add_epi64(at.high, by)};
    return result;
}

/* The even (low) or odd (high) 32-bit halves of eight 64-bit values, in order. */
static inline __m256i halves(positions at, int high) {
    __m256 low = _mm256_castsi256_ps(at.low), upper = _mm256_castsi256_ps(at.high);
    __m256 picked = high ? _mm256_shuffle_ps(low, upper, 0xdd) : _mm256_shuffle_ps(low, upper, 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(picked), 0xd8);
}

/* Whether 0 <= value < limit. */
static inline __m256i within(__m256i value, int32_t limit) {
    __m256i low = _mm256_cmpgt_epi32(value, _mm256_set1_epi32(-1));
    return _mm256_and_si256(low, _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), value));
}

/* Eight pixels as 32-bit values. RGB is read as four bytes that end inside the picture. */
static inline __m256i taps(const pixelshift_warp_source *source, __m256i x, __m256i y, __m256i inside) {
    const __m256i black = _mm256_set1_epi32((int)0xff000000);
    __m256i index = _mm256_add_epi32(_mm256_mullo_epi32(y, _mm256_set1_epi32(source->width)), x);
    if (source->channels == 4) {
        return _mm256_mask_i32gather_epi32(black, (const int *)source->pixels, index, inside, 4);
    }
    const int32_t last = source->width * source->height * 3 - 4;
    __m256i offset = _mm256_mullo_epi32(index, _mm256_set1_epi32(3));
    __m256i from = _mm256_min_epi32(offset, _mm256_set1_epi32(last));
    __m256i shift = _mm256_slli_epi32(_mm256_sub_epi32(offset, from), 3);
    __m256i bytes = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), (const int *)source->pixels, from, inside, 1);
    return _mm256_and_si256(_mm256_srlv_epi32(bytes, shift), inside);
}

typedef struct {
    __m256i tap[4], weight[4];
} neighbourhood;

static inline neighbourhood gather(const pixelshift_warp_source *source, positions at_x, positions at_y) {
    const __m256i one = _mm256_set1_epi32(1), unit = _mm256_set1_epi32(1 << BITS);
    __m256i x = halves(at_x, 1), y = halves(at_y, 1);
    __m256i right = _mm256_add_epi32(x, one), below = _mm256_add_epi32(y, one);
    __m256i in_x = within(x, source->width), in_right = within(right, source->width);
    __m256i in_y = within(y, source->height), in_below = within(below, source->height);
    __m256i across = _mm256_srli_epi32(halves(at_x, 0), 32 - BITS);
    __m256i down = _mm256_srli_epi32(halves(at_y, 0), 32 - BITS);
    __m256i up = _mm256_sub_epi32(unit, down);
    __m256i last = _mm256_srli_epi32(_mm256_mullo_epi32(across, down), BITS);
    __m256i beside = _mm256_srli_epi32(_mm256_mullo_epi32(up, across), BITS);
    neighbourhood result = {
        {
            taps(source, x, y, _mm256_and_si256(in_x, in_y)),
            taps(source, right, y, _mm256_and_si256(in_right, in_y)),
            taps(source, x, below, _mm256_and_si256(in_x, in_below)),
            taps(source, right, below, _mm256_and_si256(in_right, in_below)),
        },
        {_mm256_sub_epi32(up, beside), beside, _mm256_sub_epi32(down, last), last},
    };
    return result;
}

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i channel(__m256i pixels, int c) {
    return _mm256_and_si256(_mm256_srli_epi32(pixels, 8 * c), _mm256_set1_epi32(255));
}

/* Written out, so that every shift is a constant. */
INLINE __m256i weighted(const __m256i weight[4], const neighbourhood *around, int c) {
    __m256i left = _mm256_add_epi32(_mm256_mullo_epi32(weight[0], channel(around->tap[0], c)),
                                    _mm256_mullo_epi32(weight[2], channel(around->tap[2], c)));
    __m256i right = _mm256_add_epi32(_mm256_mullo_epi32(weight[1], channel(around->tap[1], c)),
                                     _mm256_mullo_epi32(weight[3], channel(around->tap[3], c)));
    return _mm256_add_epi32(left, right);
}

INLINE __m256i opaque_level(const neighbourhood *around, int c) {
    __m256i sum = _mm256_add_epi32(weighted(around->weight, around, c), _mm256_set1_epi32(1 << (BITS - 1)));
    return _mm256_slli_epi32(_mm256_srli_epi32(sum, BITS), 8 * c);
}

INLINE __m256i blend_opaque(const neighbourhood *around) {
    __m256i result = _mm256_or_si256(opaque_level(around, 0), opaque_level(around, 1));
    return _mm256_or_si256(result, opaque_level(around, 2));
}

INLINE __m256i covered_level(const __m256i cover[4], const neighbourhood *around, __m256i all, int c) {
    __m256i empty = _mm256_cmpeq_epi32(all, _mm256_setzero_si256());
    __m256 level = _mm256_div_ps(_mm256_cvtepi32_ps(weighted(cover, around, c)), _mm256_cvtepi32_ps(all));
    return _mm256_slli_epi32(_mm256_andnot_si256(empty, _mm256_cvttps_epi32(level)), 8 * c);
}

INLINE __m256i blend_alpha(const neighbourhood *around) {
    const __m256i cover[4] = {
        _mm256_mullo_epi32(around->weight[0], channel(around->tap[0], 3)),
        _mm256_mullo_epi32(around->weight[1], channel(around->tap[1], 3)),
        _mm256_mullo_epi32(around->weight[2], channel(around->tap[2], 3)),
        _mm256_mullo_epi32(around->weight[3], channel(around->tap[3], 3)),
    };
    __m256i all = _mm256_add_epi32(_mm256_add_epi32(cover[0], cover[1]), _mm256_add_epi32(cover[2], cover[3]));
    __m256i result = _mm256_slli_epi32(_mm256_srli_epi32(all, BITS), 24);
    result = _mm256_or_si256(result, covered_level(cover, around, all, 0));
    result = _mm256_or_si256(result, covered_level(cover, around, all, 1));
    return _mm256_or_si256(result, covered_level(cover, around, all, 2));
}

/* Eight pixels; of RGB 24 bytes. */
static inline void store(uint8_t *dst, __m256i pixels, int32_t channels) {
    if (channels == 4) {
        _mm256_storeu_si256((__m256i *)dst, pixels);
        return;
    }
    const __m256i closer = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8,
                                            9, 10, 12, 13, 14, -1, -1, -1, -1);
    __m256i packed = _mm256_shuffle_epi8(pixels, closer);
    __m128i low = _mm256_castsi256_si128(packed), high = _mm256_extracti128_si256(packed, 1);
    _mm_storeu_si128((__m128i *)dst, _mm_or_si128(low, _mm_slli_si128(high, 12)));
    _mm_storel_epi64((__m128i *)(dst + 16), _mm_srli_si128(high, 4));
}

void pixelshift_warp_bilinear_avx2(uint8_t *dst, const pixelshift_warp_source *source, const pixelshift_warp_line *line,
                                   size_t pixels) {
    const int32_t channels = source->channels;
    const __m256i by_x = _mm256_set1_epi64x(BLOCK * line->step_x), by_y = _mm256_set1_epi64x(BLOCK * line->step_y);
    positions x = start(line->x, line->step_x), y = start(line->y, line->step_y);
    for (size_t i = 0; i < pixels; i += BLOCK, dst += BLOCK * channels, x = advance(x, by_x), y = advance(y, by_y)) {
        neighbourhood around = gather(source, x, y);
        __m256i result = channels == 4 ? blend_alpha(&around) : blend_opaque(&around);
        if (i + BLOCK <= pixels) {
            store(dst, result, channels);
        } else {
            uint8_t rest[4 * BLOCK];
            store(rest, result, channels);
            memcpy(dst, rest, (pixels - i) * (size_t)channels);
        }
    }
}
