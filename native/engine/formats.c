/* Every format that the engine reads or writes: one line each. */
#include "sink.h"
#include "source.h"

extern const engine_source_kind engine_source_jpeg, engine_source_libjpeg, engine_source_png;
extern const engine_sink_kind engine_sink_jpeg, engine_sink_png, engine_sink_webp;

static const struct {
    const engine_source_kind *source;    /* NULL: is not read here */
    const engine_source_kind *reference; /* the same by the codec library */
    const engine_sink_kind *sink;        /* NULL: is not written here */
} FORMATS[PIXELSHIFT_ENGINE_FORMATS] = {
    [PIXELSHIFT_ENGINE_JPEG] = {&engine_source_jpeg, &engine_source_libjpeg, &engine_sink_jpeg},
    [PIXELSHIFT_ENGINE_PNG] = {&engine_source_png, &engine_source_png, &engine_sink_png},
    [PIXELSHIFT_ENGINE_WEBP] = {NULL, NULL, &engine_sink_webp},
};

const engine_source_kind *engine_source_of(pixelshift_engine_format format, int reference) {
    return reference ? FORMATS[format].reference : FORMATS[format].source;
}

const engine_sink_kind *engine_sink_of(pixelshift_engine_format format) {
    return FORMATS[format].sink;
}
