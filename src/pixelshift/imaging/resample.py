"""Scaling of arrays by the native kernels, with libvips' rules of where to sample (contract 5.5)."""

import numpy as np

from pixelshift._native import _resample
from pixelshift.edits.types import Kernel
from pixelshift.imaging.geometry import Box, Shrink, Size, first_sample
from pixelshift.imaging.picture import Picture, Pixels
from pixelshift.value import frozen

_ENLARGING = {Kernel.NEAREST: Kernel.NEAREST, Kernel.LINEAR: Kernel.LINEAR}


@frozen
class Scaling:
    """What a picture is and becomes."""

    nominal: Size
    """What the geometry takes for the picture."""
    extent: tuple[float, float]
    """How much of the array that is, in the array's own pixels."""
    shrink: Shrink
    size: Size
    """All of the result."""

    @classmethod
    def of(cls, picture: Picture, shrink: Shrink, size: Size) -> "Scaling":
        height, width = picture.frames[0].shape[:2]
        return cls(picture.size, picture.extent or (float(width), float(height)), shrink, size)


@frozen
class _Axis:
    """One direction: [low, high) of the array's own pixels become ``out`` pixels; it may reach beyond the edges."""

    low: float
    high: float
    out: int
    kernel: Kernel

    @property
    def copies(self) -> bool:
        return self.high - self.low == self.out and self.low == int(self.low)


def scale(pixels: Pixels, scaling: Scaling, window: Box, kernel: Kernel) -> Pixels:
    """The ``window`` of what the picture becomes; only that is computed.

    Reducing takes the named kernel. Enlarging takes nearest, linear or else Catmull-Rom, and like libvips samples at
    x / scale - 1/2, half a result pixel to the left of the centre; where one direction enlarges, so is the other
    sampled, once it has been reduced. Edges are repeated. Alpha is premultiplied.
    """
    across = _Side(scaling.nominal.width, scaling.extent[0], scaling.shrink.horizontal, scaling.size.width)
    down = _Side(scaling.nominal.height, scaling.extent[1], scaling.shrink.vertical, scaling.size.height)
    spans = ((window.left, window.width), (window.top, window.height))
    if not across.enlarges and not down.enlarges:
        return _resampled(pixels, across.reduced(kernel, *spans[0]), down.reduced(kernel, *spans[1]))
    if across.enlarges != down.enlarges:
        whole = (across.all_reduced(kernel, pixels.shape[1]), down.all_reduced(kernel, pixels.shape[0]))
        pixels = _resampled(pixels, *whole)
        across, down = across.after_reducing(), down.after_reducing()
    return _resampled(pixels, across.enlarged(kernel, *spans[0]), down.enlarged(kernel, *spans[1]))


@frozen
class _Side:
    """One direction of a resize."""

    nominal: int
    extent: float
    shrink: float
    out: int

    @property
    def enlarges(self) -> bool:
        return self.shrink < 1

    @property
    def _unit(self) -> float:
        return self.extent / self.nominal

    def reduced(self, kernel: Kernel, first: int, count: int) -> _Axis:
        low = first_sample(self.nominal, self.shrink, self.out) + first * self.shrink
        return _Axis(low * self._unit, (low + count * self.shrink) * self._unit, count, kernel)

    def all_reduced(self, kernel: Kernel, held: int) -> _Axis:
        """The direction brought to its final size, or left as it is where it is to be enlarged."""
        return _Axis(0.0, float(held), held, kernel) if self.enlarges else self.reduced(kernel, 0, self.out)

    def after_reducing(self) -> "_Side":
        return self if self.enlarges else _Side(self.out, float(self.out), 1.0, self.out)

    def enlarged(self, kernel: Kernel, first: int, count: int) -> _Axis:
        if kernel is Kernel.NEAREST:
            # Samples lie on multiples of 1 / out: half of that keeps rounding off pixel borders.
            low = first * self.shrink - self.shrink / 2 + self.shrink / (2 * self.nominal)
        else:
            low = first * self.shrink - self.shrink / 2
        chosen = _ENLARGING.get(kernel, Kernel.CUBIC)
        return _Axis(low * self._unit, (low + count * self.shrink) * self._unit, count, chosen)


def _resampled(pixels: Pixels, across: _Axis, down: _Axis) -> Pixels:
    if across.copies and down.copies:
        return pixels[int(down.low) : int(down.high), int(across.low) : int(across.high)]
    out = np.empty((down.out, across.out, pixels.shape[2]), np.uint8)
    kernel = down.kernel if across.copies else across.kernel
    box = (across.low, down.low, across.high, down.high)
    _resample.resize(out.data, np.ascontiguousarray(pixels).data, kernel=kernel.value, box=box, repeat_edges=True)
    return out
