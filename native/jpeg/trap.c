#include "codec.h"

#include <jerror.h>

static void escape(j_common_ptr object) {
    jpeg_trap *trap = (jpeg_trap *)object->err;
    if (trap->status == PIXELSHIFT_ENGINE_OK) {
        int no_memory = object->err->msg_code == JERR_OUT_OF_MEMORY;
        trap->status = no_memory ? PIXELSHIFT_ENGINE_NO_MEMORY : PIXELSHIFT_ENGINE_DAMAGED;
    }
    longjmp(trap->escape, 1);
}

/* Warnings are counted, traces and all printing dropped. */
static void count(j_common_ptr object, int level) {
    if (level < 0) {
        object->err->num_warnings++;
    }
}

static void stay_silent(j_common_ptr object) {
    (void)object;
}

struct jpeg_error_mgr *jpeg_trap_set(jpeg_trap *trap) {
    struct jpeg_error_mgr *manager = jpeg_std_error(&trap->manager);
    manager->error_exit = escape;
    manager->emit_message = count;
    manager->output_message = stay_silent;
    trap->status = PIXELSHIFT_ENGINE_OK;
    return manager;
}
