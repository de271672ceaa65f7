"""Scaling that gives Pillow's bytes (docs/how-to/match-pillow.md)."""

import numpy as np

from pixelshift._native import _exact
from pixelshift.edits.types import Kernel
from pixelshift.imaging.picture import Pixels


def resize_exactly(
    pixels: Pixels, width: int, height: int, kernel: Kernel, box: tuple[float, float, float, float] | None
) -> Pixels:
    """As :func:`pixelshift.imaging.resize_like_pillow`."""
    if width < 1 or height < 1:
        raise ValueError(f"width and height are at least 1, not {width} and {height}")
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or not 1 <= pixels.shape[2] <= 4:
        raise ValueError(f"pixels are uint8 of shape (height, width, 1-4), not {pixels.dtype} of {pixels.shape}")
    result = np.empty((height, width, pixels.shape[2]), np.uint8)
    _exact.resize(result.data, np.ascontiguousarray(pixels).data, kernel=kernel.value, box=box)
    return result
