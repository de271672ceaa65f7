"""Builds the C kernels as static libraries, one per instruction set with its own flags, and the Cython adapters on top.

Everything but ``native/avx2`` is compiled for the platform's baseline, so that the package imports on any CPU of the
platform; ``native/dispatch`` chooses at load time. ``native/avx2`` is built on x86-64 alone, ``native/neon`` on 64-bit
ARM, whose baseline has it. Environment flags: ``PIXELSHIFT_SANITIZE=1`` builds everything
with ASan and UBSan.
"""

import os
import platform
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

X86_64 = platform.machine() in {"x86_64", "AMD64"}
ARM64 = platform.machine() in {"aarch64", "arm64"}
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer"] if os.environ.get("PIXELSHIFT_SANITIZE") else []
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes"]
# -ffp-contract=off: a fused multiply-add would make results depend on the CPU.
BASE_CFLAGS = ["-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", *WARNINGS, *SANITIZE]
# gcc moves the multiplications of an unrolled sum to its front and runs out of registers: up to a quarter slower.
KEEP_ORDER = ["-fno-tree-ter", "-fno-tree-reassoc"]
HEADERS = [str(header) for header in Path("native").rglob("*.h")]

# Library name -> (folder, flags). Order matters to the linker: users before what they use.
FOLDERS = {
    "pixelshift_engine": ("native/engine", []),
    "pixelshift_jpeg": ("native/jpeg", []),
    "pixelshift_png": ("native/png", []),
    "pixelshift_webp": ("native/webp", []),
    "pixelshift_changepoint": ("native/changepoint", []),
    "pixelshift_dispatch": ("native/dispatch", []),
    "pixelshift_avx2": ("native/avx2", ["-mavx2", "-mbmi2", *KEEP_ORDER]),
    "pixelshift_neon": ("native/neon", []),
    "pixelshift_scalar": ("native/scalar", []),
}
# The linker's maps say which object each instruction came from; a test reads them.
MAPS = Path("build/maps")
# Extension -> shared libraries of the system that it needs.
SYSTEM_LIBRARIES = {"_engine": ["jpeg", "isal", "webp"], "_png": ["isal"]}

if not X86_64:
    del FOLDERS["pixelshift_avx2"]
if not ARM64:
    del FOLDERS["pixelshift_neon"]


def static_library(name: str, folder: str, flags: list[str]) -> tuple[str, dict[str, object]] | None:
    sources = sorted(str(source) for source in Path(folder).glob("*.c"))
    if not sources:
        return None
    macros = [("PIXELSHIFT_HAVE_AVX2", str(int(X86_64))), ("PIXELSHIFT_HAVE_NEON", str(int(ARM64)))]
    options = {
        "sources": sources,
        "include_dirs": ["native/include"],
        "macros": macros,
        "cflags": [*BASE_CFLAGS, *flags],
        "obj_deps": {"": HEADERS},
    }
    return name, options


LIBRARIES = [library for name, (folder, flags) in FOLDERS.items() if (library := static_library(name, folder, flags))]


def extension(source: Path) -> Extension:
    return Extension(
        f"pixelshift._native.{source.stem}",
        [str(source)],
        include_dirs=["native/include"],
        libraries=[name for name, _ in LIBRARIES] + SYSTEM_LIBRARIES.get(source.stem, []) + ["m"],
        extra_compile_args=["-O2", "-fvisibility=hidden", *SANITIZE],
        extra_link_args=[*SANITIZE, f"-Wl,-Map,{MAPS / source.stem}.map"],
        depends=HEADERS,
    )


MAPS.mkdir(parents=True, exist_ok=True)
setup(
    libraries=LIBRARIES,
    ext_modules=cythonize(
        [extension(source) for source in sorted(Path("src/pixelshift/_native").glob("_*.pyx"))],
        include_path=["src"],
        compiler_directives={
            "language_level": 3,
            "freethreading_compatible": True,
            "boundscheck": False,
            "wraparound": False,
            "embedsignature": True,
        },
    ),
)
