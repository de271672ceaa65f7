"""Laying one picture over another: sharp's ``composite``, and the watermark path."""

import math

import numpy as np
from numpy.typing import NDArray

from pixelshift._native import _blend
from pixelshift.edits.types import Position
from pixelshift.errors import InvalidRequestError

Pixels = NDArray[np.uint8]
"""Shape (height, width, channels): 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha; alpha is not premultiplied."""

_US_NAMES = {"color-dodge": "colour-dodge", "color-burn": "colour-burn"}

BLEND_MODES: tuple[str, ...] = (*_blend.MODES, *_US_NAMES)


def composite(  # noqa: PLR0913 - two pictures, and sharp's five options by their names
    base: Pixels,
    overlay: Pixels,
    *,
    left: int,
    top: int,
    blend: str = "over",
    tile: bool = False,
    premultiplied: bool = False,
) -> Pixels:
    """A new RGBA picture: ``overlay`` with its corner at (left, top), which may lie outside, blended onto ``base``.

    Arithmetic is libvips': on premultiplied colours, single precision, rounded to the nearest level. Nothing lies
    outside the overlay, so ``in``, ``out``, ``source``, ``dest-in``, ``dest-atop`` and ``clear`` empty the rest of the
    canvas. ``tile`` repeats the overlay in all directions from its corner. ``premultiplied`` says that the overlay's
    colours are weighted by its alpha already. Raises :class:`InvalidRequestError` for an unknown ``blend``.
    """
    mode = _US_NAMES.get(blend, blend)
    if mode not in _blend.MODES:
        raise InvalidRequestError(f"blend {blend!r} is unknown; use one of {', '.join(BLEND_MODES)}.")
    above = as_rgba(overlay)
    if premultiplied:
        weighted, above = above, np.empty_like(above)
        _blend.unpremultiply(above, weighted)
    result = as_rgba(base).copy()
    if tile:
        left, top = left % above.shape[1], top % above.shape[0]
    else:
        left, top = bounded(_size(base), _size(above), left, top)
    _blend.blend(result, above, left=left, top=top, mode=mode, tile=tile)
    return result


def watermark(base: Pixels, overlay: Pixels, *, left: int, top: int, opacity: int = 255) -> Pixels:
    """A new picture: ``overlay`` over ``base``, its alpha scaled by ``opacity`` / 255; RGB stays RGB.

    The fast path of :func:`composite`: exact integers wherever the base is opaque.
    """
    above = as_rgba(overlay)
    result = base.copy() if base.shape[2] >= 3 else as_rgba(base)
    left, top = bounded(_size(base), _size(above), left, top)
    _blend.blend(result, above, left=left, top=top, opacity=opacity)
    return result


def opacity_of(alpha: int) -> int:
    """The factor 0-255 for ``overlayWith.alpha``: per cent of transparency, cut to 0-100."""
    return math.floor(255 * (1 - min(max(alpha, 0), 100) / 100))


def tile_corner(
    base: tuple[int, int], overlay: tuple[int, int], *, offset: tuple[int, int] | None, gravity: Position
) -> tuple[int, int]:
    """Where ``tile`` puts the corner of one overlay, sizes being (width, height), as sharp does.

    sharp repeats the overlay until it covers the base, an odd number of times along an axis on which it is centred,
    and cuts the base's size out of that: at ``offset``, or by ``gravity``.
    """
    name = gravity.value
    axes = []
    for axis, (low, high) in enumerate((("west", "east"), ("north", "south"))):
        repeats = -(-base[axis] // overlay[axis])
        centred = low not in name and high not in name
        if centred:
            repeats |= 1
        spare = repeats * overlay[axis] - base[axis]
        if offset is not None:
            start = min(max(offset[axis], 0), spare)
        elif centred:
            start = (spare + 1) // 2
        else:
            start = spare if high in name else 0
        axes.append(-start)
    return axes[0], axes[1]


def bounded(base: tuple[int, int], overlay: tuple[int, int], left: int, top: int) -> tuple[int, int]:
    """Offsets of any size, brought to where a single overlay just leaves the canvas; sizes are (width, height)."""
    return min(max(left, -overlay[0]), base[0]), min(max(top, -overlay[1]), base[1])


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def as_rgba(pixels: Pixels) -> Pixels:
    """RGBA, contiguous; the array itself where it is that already."""
    channels = pixels.shape[2]
    if channels == 4:
        return np.ascontiguousarray(pixels)
    result = np.empty((*pixels.shape[:2], 4), np.uint8)
    colours = 3 if channels == 3 else 1
    result[:, :, :3] = pixels[:, :, :colours]
    result[:, :, 3] = pixels[:, :, 1] if channels == 2 else 255
    return result
