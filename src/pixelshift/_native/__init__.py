"""Cython adapters over the C kernels: they validate, release the GIL and call C. No maths here.

Import the adapter that you need (``from pixelshift._native import _cpu``); this package itself loads none but the
one that names the CPU level, so that a team which only wants change points never loads an image kernel.
"""

import os
from typing import Literal

from pixelshift._native import _cpu

Level = Literal["scalar", "avx2", "neon"]
#: Every level there is. A CPU has ``scalar`` and at most one of the others.
LEVELS: tuple[Level, ...] = ("scalar", "avx2", "neon")

_wanted = os.environ.get("PIXELSHIFT_CPU", "")
if _wanted not in {"", *LEVELS}:
    raise ImportError(f"PIXELSHIFT_CPU={_wanted!r} is not a level: use one of {', '.join(LEVELS)}, or unset it")

#: The level in force, chosen by the CPU at load and lowered by ``PIXELSHIFT_CPU``.
CPU_LEVEL: Level = _cpu.current()


def available_levels() -> tuple[Level, ...]:
    """Every level that this process may run, lowest first; tests compare them bit for bit."""
    return ("scalar",) if CPU_LEVEL == "scalar" else ("scalar", CPU_LEVEL)
