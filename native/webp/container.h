/* The extended WebP container (RFC 9649, 2.7): metadata around what libwebp writes. */
#ifndef PIXELSHIFT_WEBP_CONTAINER_H
#define PIXELSHIFT_WEBP_CONTAINER_H

#include "../engine/output.h"

/*
 * Writes what stands before the pixels: nothing without metadata. `chunks` are whole RIFF chunks ICCP, EXIF or "XMP ",
 * each at most once, padded to even sizes. `*begin` is where libwebp's file is to follow.
 */
pixelshift_engine_status webp_begin(engine_output *output, const uint8_t *chunks, size_t size, size_t *begin);
/* Makes libwebp's file behind `begin` a part of ours, and appends the job's metadata that stands behind pixels. */
pixelshift_engine_status webp_end(engine_output *output, size_t begin, const pixelshift_engine_job *job);

#endif
