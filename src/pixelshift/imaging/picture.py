"""The pixels that edits work on."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pixelshift.imaging.geometry import Size, Turn
from pixelshift.imaging.metadata import Metadata
from pixelshift.value import field, mutable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
"""(height, width, channels) of sRGB, 0-255: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha not premultiplied."""


@mutable
class Picture:
    """One or more frames of one size, and what travels with them."""

    frames: list[Pixels]
    metadata: Metadata = field(default_factory=Metadata)
    delays_ms: tuple[int, ...] = ()
    loop: int | None = None
    """How often the animation plays, 0 for ever; ``None`` where nobody said."""
    nominal: Size | None = None
    """The size that the geometry goes by, where a decoder delivered another one (contract 5.3)."""
    extent: tuple[float, float] | None = None
    """How much of the array, in its own pixels, holds the nominal picture."""

    cmyk: bool = False
    """Asked to be written as CMYK, where the format can."""

    def stands_for(self, nominal: tuple[int, int], extent: tuple[float, float]) -> None:
        self.nominal, self.extent = Size(*nominal), extent

    @property
    def size(self) -> Size:
        """Of one frame, as the geometry sees it."""
        height, width = self.frames[0].shape[:2]
        return self.nominal or Size(width, height)

    @property
    def channels(self) -> int:
        return int(self.frames[0].shape[2])

    @property
    def has_alpha(self) -> bool:
        return self.channels in {2, 4}

    def map(self, change: "Callable[[Pixels], Pixels]") -> None:
        """Replace every frame; the arrays then have the size that they say."""
        self.frames = [change(frame) for frame in self.frames]

    def settle(self) -> None:
        """Drop what a decoder delivered beyond the nominal size, for steps that look at single pixels."""
        if self.nominal is not None:
            width, height = self.nominal
            self.frames = [frame[:height, :width] for frame in self.frames]
            self.nominal = self.extent = None

    def opaque(self) -> Pixels:
        """The first frame for a format without alpha: over black, as upstream does."""
        return over_black(self.frames[0])


def turned(pixels: Pixels, turn: Turn) -> Pixels:
    """A view: quarters clockwise, then top-bottom, then left-right."""
    pixels = np.rot90(pixels, -turn.quarters)
    pixels = pixels[::-1] if turn.flip else pixels
    return pixels[:, ::-1] if turn.flop else pixels


def over_black(pixels: Pixels) -> Pixels:
    """``round(colour x alpha)`` without the alpha channel."""
    if pixels.shape[2] not in {2, 4}:
        return pixels
    product = pixels[..., :-1].astype(np.uint16) * pixels[..., -1:]
    return ((product + 127) // 255).astype(np.uint8)


def with_alpha(pixels: Pixels) -> Pixels:
    """The picture with an alpha channel, opaque where it had none."""
    if pixels.shape[2] in {2, 4}:
        return pixels
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return np.concatenate([pixels, alpha], axis=2)


def as_rgb(pixels: Pixels) -> Pixels:
    """Grey to three equal channels; alpha kept."""
    channels = pixels.shape[2]
    if channels >= 3:
        return pixels
    colour = np.repeat(pixels[..., :1], 3, axis=2)
    return np.concatenate([colour, pixels[..., 1:]], axis=2) if channels == 2 else colour
