#include "output.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1 << 16 };

pixelshift_engine_status engine_output_reserve(engine_output *output, size_t more) {
    if (output->size > output->limit || more > output->limit - output->size) {
        return PIXELSHIFT_ENGINE_TOO_LARGE;
    }
    if (more <= output->capacity - output->size) {
        return PIXELSHIFT_ENGINE_OK;
    }
    size_t capacity = output->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * output->capacity;
    while (capacity < output->size + more) {
        capacity *= 2;
    }
    uint8_t *body = realloc(output->body, capacity + ENGINE_OUTPUT_SLACK);
    if (body == NULL) {
        return PIXELSHIFT_ENGINE_NO_MEMORY;
    }
    output->body = body;
    output->capacity = capacity;
    return PIXELSHIFT_ENGINE_OK;
}

pixelshift_engine_status engine_output_append(engine_output *output, const void *bytes, size_t count) {
    pixelshift_engine_status status = engine_output_reserve(output, count);
    if (status == PIXELSHIFT_ENGINE_OK && count > 0) {
        memcpy(output->body + output->size, bytes, count);
        output->size += count;
    }
    return status;
}

void engine_output_close(engine_output *output) {
    free(output->body);
}
