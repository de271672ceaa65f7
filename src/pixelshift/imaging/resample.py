"""Scaling of arrays by the native kernels."""

import numpy as np

from pixelshift.edits.types import Kernel
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.picture import Pixels


def scale(pixels: Pixels, area: tuple[float, float, float, float], size: Size, window: Box, kernel: Kernel) -> Pixels:
    """The ``window`` of what ``area`` (left, top, right, bottom) of ``pixels`` becomes at ``size``.

    Only the window is computed. Without any change of scale it is a plain cut.
    """
    from pixelshift._native import _resample

    left, top, right, bottom = area
    across, down = (right - left) / size.width, (bottom - top) / size.height
    if across == 1.0 and down == 1.0 and left == int(left) and top == int(top):
        x, y = int(left) + window.left, int(top) + window.top
        return pixels[y : y + window.height, x : x + window.width]
    out = np.empty((window.height, window.width, pixels.shape[2]), np.uint8)
    box = (
        left + window.left * across,
        top + window.top * down,
        min(left + (window.left + window.width) * across, float(pixels.shape[1])),
        min(top + (window.top + window.height) * down, float(pixels.shape[0])),
    )
    _resample.resize(out.data, np.ascontiguousarray(pixels).data, kernel=kernel.value, box=box, premultiply=True)
    return out
