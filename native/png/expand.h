/* Unfiltered rows of any colour type and depth to whole bytes per sample. */
#ifndef PIXELSHIFT_PNG_EXPAND_H
#define PIXELSHIFT_PNG_EXPAND_H

#include "chunks.h"

/* Samples per pixel in the file, and per pixel of the result. */
int png_samples(const png_header *header);
int png_channels(const png_header *header);
/* True where rows are the result already. */
int png_is_plain(const png_header *header);
void png_expand(uint8_t *dst, const uint8_t *src, const png_header *header);

#endif
