/*
 * Which instruction sets the kernels may use on this machine.
 *
 * Each family of kernels has a table of functions per level and one accessor,
 * `pixelshift_<family>_kernels(level)`, in native/dispatch/<family>.c. Callers pass
 * `pixelshift_cpu_current()`; tests pass every level up to it and compare.
 */
#ifndef PIXELSHIFT_CPU_H
#define PIXELSHIFT_CPU_H

typedef enum {
    PIXELSHIFT_CPU_SCALAR = 0,
    PIXELSHIFT_CPU_AVX2 = 1, /* x86-64 */
    PIXELSHIFT_CPU_NEON = 2, /* 64-bit ARM, all of which have it */
} pixelshift_cpu_level;

/* The level that the CPU and the operating system's register saving allow. */
pixelshift_cpu_level pixelshift_cpu_detect(void);

/*
 * The level in force: `pixelshift_cpu_detect()`, lowered by the environment variable
 * PIXELSHIFT_CPU (scalar, avx2 or neon), which is read once and can never raise it. An unknown
 * name is refused by the Python package at import; here it counts as absent.
 */
pixelshift_cpu_level pixelshift_cpu_current(void);

#endif
