/* libjpeg's objects with their errors turned into one status. */
#ifndef PIXELSHIFT_JPEG_CODEC_H
#define PIXELSHIFT_JPEG_CODEC_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "pixelshift/engine.h"

typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    pixelshift_engine_status status;
} jpeg_trap;

/* Prepares a trap; `libjpeg_object->err` must be set to the result. */
struct jpeg_error_mgr *jpeg_trap_set(jpeg_trap *trap);

#endif
