/* The bytes of a result: a buffer that grows up to a limit. */
#ifndef PIXELSHIFT_ENGINE_OUTPUT_H
#define PIXELSHIFT_ENGINE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "pixelshift/engine.h"

/* Bytes behind what was reserved that may be written to, and count for nothing. */
enum { ENGINE_OUTPUT_SLACK = 8 };

typedef struct {
    uint8_t *body;
    size_t size, capacity;
    size_t limit; /* of `size` */
} engine_output;

/* Room for `more` bytes behind `size`: OK, TOO_LARGE or NO_MEMORY. May move `body`. */
pixelshift_engine_status engine_output_reserve(engine_output *output, size_t more);
/* Appends bytes; answers as reserve does. */
pixelshift_engine_status engine_output_append(engine_output *output, const void *bytes, size_t count);
void engine_output_close(engine_output *output);

#endif
