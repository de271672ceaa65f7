#include "pixelshift/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* -1 until the first question; racing threads store the same answer. */
static atomic_int current_level = -1;

pixelshift_cpu_level pixelshift_cpu_detect(void) {
#if PIXELSHIFT_HAVE_AVX2
    __builtin_cpu_init();
    /* "avx2" also asks the operating system (XGETBV) whether it saves ymm registers. */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return PIXELSHIFT_CPU_AVX2;
    }
#elif PIXELSHIFT_HAVE_NEON
    return PIXELSHIFT_CPU_NEON;
#endif
    return PIXELSHIFT_CPU_SCALAR;
}

pixelshift_cpu_level pixelshift_cpu_current(void) {
    int level = atomic_load_explicit(&current_level, memory_order_relaxed);
    if (level < 0) {
        const char *wanted = getenv("PIXELSHIFT_CPU");
        int scalar_only = wanted != NULL && strcmp(wanted, "scalar") == 0;
        level = scalar_only ? PIXELSHIFT_CPU_SCALAR : (int)pixelshift_cpu_detect();
        atomic_store_explicit(&current_level, level, memory_order_relaxed);
    }
    return (pixelshift_cpu_level)level;
}
