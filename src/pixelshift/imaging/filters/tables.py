"""Transfer curves of 8-bit values, as 256-entry tables."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=32)
def power(exponent: float) -> NDArray[np.uint8]:
    """``255 * (v / 255) ** (1 / exponent)``, fraction cut: the table of libvips' ``gamma``."""
    # 1e-9: a whole number that pow() misses by its last bit stays whole.
    return np.array([min(255, int(255 * (v / 255) ** (1 / exponent) + 1e-9)) for v in range(256)], np.uint8)
