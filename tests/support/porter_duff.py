"""Compositing in double precision, one formula per mode: what the kernels must come within a rounding of.

Colours are premultiplied, as libvips has them; x, a are colour and alpha of the new picture, y, b of the one below.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]
Formula = Callable[[Plane, Plane, Plane, Plane], tuple[Plane, Plane]]


def _pdf(function: Callable[[Plane, Plane], Plane]) -> Formula:
    def formula(x: Plane, a: Plane, y: Plane, b: Plane) -> tuple[Plane, Plane]:
        return (1 - b) * x + (1 - a) * y + a * b * function(x, y), a + b * (1 - a)

    return formula


def _multiply_or_screen(x: Plane, y: Plane, side: Plane) -> Plane:
    return np.where(side <= 0.5, 2 * x * y, 1 - 2 * (1 - x) * (1 - y))


def _dodge(x: Plane, y: Plane) -> Plane:
    return np.where(x < 1, np.minimum(1, y / np.where(x < 1, 1 - x, 1)), 1)


def _burn(x: Plane, y: Plane) -> Plane:
    return np.where(x > 0, 1 - np.minimum(1, (1 - y) / np.where(x > 0, x, 1)), 0)


def _soft_light(x: Plane, y: Plane) -> Plane:
    light = np.where(y <= 0.25, ((16 * y - 12) * y + 4) * y, np.sqrt(y))
    return np.where(x <= 0.5, y - (1 - 2 * x) * y * (1 - y), y + (2 * x - 1) * (light - y))


FORMULAS: dict[str, Formula] = {
    "clear": lambda x, a, y, b: (0 * x, 0 * a),
    "source": lambda x, a, y, b: (x, a),
    "over": lambda x, a, y, b: (x + (1 - a) * y, a + b * (1 - a)),
    "in": lambda x, a, y, b: (x * b, a * b),
    "out": lambda x, a, y, b: (x * (1 - b), a * (1 - b)),
    "atop": lambda x, a, y, b: (x + (1 - a) * y, b),
    "dest": lambda x, a, y, b: (y, b),
    "dest-over": lambda x, a, y, b: (y + (1 - b) * x, a + b * (1 - a)),
    "dest-in": lambda x, a, y, b: (y * a, a * b),
    "dest-out": lambda x, a, y, b: (y * (1 - a), b * (1 - a)),
    "dest-atop": lambda x, a, y, b: (y + (1 - b) * x, a),
    "xor": lambda x, a, y, b: ((1 - b) * x + (1 - a) * y, a + b - 2 * a * b),
    "add": lambda x, a, y, b: (x + y, np.minimum(1, a + b)),
    "saturate": lambda x, a, y, b: (np.minimum(a, 1 - b) * x + y, np.minimum(1, a + b)),
    "multiply": _pdf(lambda x, y: x * y),
    "screen": _pdf(lambda x, y: x + y - x * y),
    "overlay": _pdf(lambda x, y: _multiply_or_screen(x, y, y)),
    "darken": _pdf(np.minimum),
    "lighten": _pdf(np.maximum),
    "colour-dodge": _pdf(_dodge),
    "colour-burn": _pdf(_burn),
    "hard-light": _pdf(lambda x, y: _multiply_or_screen(x, y, x)),
    "soft-light": _pdf(_soft_light),
    "difference": _pdf(lambda x, y: np.abs(x - y)),
    "exclusion": _pdf(lambda x, y: x + y - 2 * x * y),
}


def blend(base: NDArray[np.uint8], overlay: NDArray[np.uint8], mode: str) -> Plane:
    """Unrounded levels 0-255 of two RGBA pictures of one size."""
    below, above = base / 255.0, overlay / 255.0
    a, b = above[..., 3:], below[..., 3:]
    colour, alpha = FORMULAS[mode](above[..., :3] * a, a, below[..., :3] * b, b)
    straight = np.where(alpha > 0, colour / np.where(alpha > 0, alpha, 1), 0)
    return np.clip(np.concatenate([straight, alpha], axis=-1) * 255, 0, 255)
