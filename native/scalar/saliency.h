/* Kernels that native/dispatch puts into its tables. */
#ifndef PIXELSHIFT_SCALAR_SALIENCY_H
#define PIXELSHIFT_SCALAR_SALIENCY_H

#include "pixelshift/saliency.h"

/*
 * Skin keeps a narrow band of chroma whatever its brightness (Chai and Ngan 1999: Cb 77-127, Cr 133-173). The mark
 * falls off linearly from the middle of that band instead of ending at its edge.
 */
enum {
    SALIENCY_SKIN_CB = -26,
    SALIENCY_SKIN_CR = 25,
    SALIENCY_SKIN_PEAK = 72,
    SALIENCY_SKIN_DARK = 40,  /* luma below which chroma says nothing */
    SALIENCY_COLOUR_FROM = 96 /* max - min of RGB from which a colour counts as strong */
};

void pixelshift_saliency_luma_scalar(uint8_t *dst, const uint8_t *rgb, size_t pixels);
void pixelshift_saliency_mark_scalar(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma,
                                     const uint8_t *above, size_t pixels);
/* The same from pixel `first` on, for what a twin leaves over. */
void pixelshift_saliency_mark_from(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma,
                                   const uint8_t *above, size_t first, size_t pixels);
uint64_t pixelshift_saliency_sum_scalar(const uint8_t *values, size_t count);

void pixelshift_saliency_luma_avx2(uint8_t *dst, const uint8_t *rgb, size_t pixels);
void pixelshift_saliency_mark_avx2(pixelshift_saliency_marks dst, const uint8_t *rgb, const uint8_t *luma,
                                   const uint8_t *above, size_t pixels);
uint64_t pixelshift_saliency_sum_avx2(const uint8_t *values, size_t count);

#endif
