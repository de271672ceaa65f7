#include "rank.h"

static uint8_t smaller(uint8_t x, uint8_t y) {
    return x < y ? x : y;
}

static uint8_t larger(uint8_t x, uint8_t y) {
    return x > y ? x : y;
}

static uint8_t middle(uint8_t x, uint8_t y, uint8_t z) {
    return larger(smaller(x, y), smaller(larger(x, y), z));
}

typedef struct {
    uint8_t low, middle, high;
} sorted;

static sorted sort_column(uint8_t x, uint8_t y, uint8_t z) {
    sorted result = {smaller(smaller(x, y), z), middle(x, y, z), larger(larger(x, y), z)};
    return result;
}

void pixelshift_rank_median3_scalar(uint8_t *dst, const uint8_t *above, const uint8_t *here, const uint8_t *below,
                                    size_t samples, size_t step) {
    for (size_t i = 0; i < samples; i++) {
        sorted p = sort_column(*(above + i - step), *(here + i - step), *(below + i - step));
        sorted q = sort_column(above[i], here[i], below[i]);
        sorted r = sort_column(above[i + step], here[i + step], below[i + step]);
        dst[i] = middle(larger(larger(p.low, q.low), r.low), middle(p.middle, q.middle, r.middle),
                        smaller(smaller(p.high, q.high), r.high));
    }
}

void pixelshift_rank_slide_scalar(uint16_t *window, const uint16_t *enter, const uint16_t *leave) {
    for (int i = 0; i < PIXELSHIFT_RANK_TIERS; i++) {
        window[i] = (uint16_t)(window[i] + enter[i] - leave[i]);
    }
}

uint8_t pixelshift_rank_value_at_scalar(const uint16_t *window, uint32_t rank) {
    uint32_t seen = 0;
    int tier = 0;
    while (seen + window[PIXELSHIFT_RANK_BINS + tier] <= rank) {
        seen += window[PIXELSHIFT_RANK_BINS + tier++];
    }
    int value = 16 * tier;
    while (seen + window[value] <= rank) {
        seen += window[value++];
    }
    return (uint8_t)value;
}

uint64_t pixelshift_rank_limited_scalar(uint64_t *below, const uint16_t *window, uint32_t target, uint32_t limit) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < PIXELSHIFT_RANK_BINS; i++) {
        all += window[i] < limit ? window[i] : limit;
        if (i == target) {
            *below = all;
        }
    }
    return all;
}

void pixelshift_rank_slide_wide_scalar(uint32_t *window, const uint16_t *enter, const uint16_t *leave) {
    for (int i = 0; i < PIXELSHIFT_RANK_BINS; i++) {
        window[i] += (uint32_t)enter[i] - (uint32_t)leave[i];
    }
}

uint64_t pixelshift_rank_limited_wide_scalar(uint64_t *below, const uint32_t *window, uint32_t target, uint32_t limit) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < PIXELSHIFT_RANK_BINS; i++) {
        all += window[i] < limit ? window[i] : limit;
        if (i == target) {
            *below = all;
        }
    }
    return all;
}
