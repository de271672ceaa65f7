"""Scaling of arrays by the native kernels, with upstream's rules for enlarging (contract 5.5)."""

from dataclasses import dataclass

import numpy as np

from pixelshift._native import _resample
from pixelshift.edits.types import Kernel
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.picture import Pixels

_ENLARGING = {Kernel.NEAREST: Kernel.NEAREST, Kernel.LINEAR: Kernel.LINEAR}
_MARGIN = 2
"""What a bicubic kernel reads beyond the edge."""

Area = tuple[float, float, float, float]
"""left, top, right, bottom in an array's own pixels; edges may be fractional."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """One direction: source pixels [low, high) become ``out`` pixels."""

    low: float
    high: float
    out: int
    kernel: Kernel
    margin: int = 0
    """Copies of the edge that the kernel needs on both sides; counted in ``low`` and ``high``."""

    @property
    def copies(self) -> bool:
        return self.high - self.low == self.out and self.low == int(self.low)


def scale(pixels: Pixels, area: Area, size: Size, window: Box, kernel: Kernel) -> Pixels:
    """The ``window`` of what ``area`` of ``pixels`` becomes at ``size``; only the window is computed.

    Reducing takes the named kernel. Enlarging takes nearest, linear or else Catmull-Rom, and like libvips samples at
    x / scale - 1/2, half a result pixel to the left of the centre. Edges are repeated. Alpha is premultiplied.
    """
    left, top, right, bottom = area
    height, width = pixels.shape[:2]
    across = _axis(left, (right - left) / size.width, (window.left, window.width), width, kernel)
    down = _axis(top, (bottom - top) / size.height, (window.top, window.height), height, kernel)
    if across.copies and down.copies:
        return pixels[int(down.low) : int(down.high), int(across.low) : int(across.high)]
    if across.kernel is down.kernel or across.copies or down.copies:
        return _resampled(pixels, across, down)
    # One direction reduces and the other enlarges: reduce first.
    if across.kernel is kernel:
        return _resampled(_resampled(pixels, across, _all(height)), _all(window.width), down)
    return _resampled(_resampled(pixels, _all(width), down), across, _all(window.height))


def _all(side: int) -> _Axis:
    return _Axis(0.0, float(side), side, Kernel.NEAREST)


def _axis(start: float, step: float, window: tuple[int, int], side: int, kernel: Kernel) -> _Axis:
    first, count = window
    if step >= 1:
        return _Axis(start + first * step, min(start + (first + count) * step, float(side)), count, kernel)
    low = start + first * step - step / 2 + _MARGIN
    if kernel is Kernel.NEAREST:
        low += step / (2 * side)  # samples lie on multiples of 1 / out: half of that keeps rounding off pixel borders
    return _Axis(low, low + count * step, count, _ENLARGING.get(kernel, Kernel.CUBIC), _MARGIN)


def _resampled(pixels: Pixels, across: _Axis, down: _Axis) -> Pixels:
    if across.margin or down.margin:
        pixels = np.pad(pixels, ((down.margin,) * 2, (across.margin,) * 2, (0, 0)), mode="edge")
    out = np.empty((down.out, across.out, pixels.shape[2]), np.uint8)
    kernel = down.kernel if across.copies else across.kernel
    box = (across.low, down.low, across.high, down.high)
    _resample.resize(out.data, np.ascontiguousarray(pixels).data, kernel=kernel.value, box=box, premultiply=True)
    return out
