"""Transfer curves of 8-bit values, as 256-entry tables."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=1)
def linear_light() -> NDArray[np.float32]:
    """Linear light 0-1 of each sRGB value (IEC 61966-2-1)."""
    values = [v / 255 for v in range(256)]
    decoded = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return np.array(decoded, np.float32)


@lru_cache(maxsize=1)
def encoded_steps() -> NDArray[np.float32]:
    """sRGB values, rounded, of linear light n/255, with one entry more to interpolate against.

    libvips encodes 8-bit results by a straight line between these points, and so do we; the curve itself would differ
    by up to two levels in the shadows.
    """
    linear = [v / 255 for v in range(256)]
    curve = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in linear]
    rounded = [math.floor(255 * v + 0.5) for v in curve]
    return np.array([*rounded, rounded[-1]], np.float32)


@lru_cache(maxsize=32)
def power(exponent: float) -> NDArray[np.uint8]:
    """``255 * (v / 255) ** (1 / exponent)``, fraction cut: the table of libvips' ``gamma``."""
    # 1e-9: a whole number that pow() misses by its last bit stays whole.
    return np.array([min(255, int(255 * (v / 255) ** (1 / exponent) + 1e-9)) for v in range(256)], np.uint8)
