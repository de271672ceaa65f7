"""What happens at a picture's rim: finding a uniform border, adding one, keeping an ellipse."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelshift.edits.types import Colour, Extend, RoundCrop, Trim
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.picture import Pixels, with_alpha

_Mask = NDArray[np.bool_]


def content_box(pixels: Pixels, edit: Trim) -> Box | None:
    """The box around everything that differs from the border, or ``None`` where nothing does (contract 5.6).

    As libvips' ``find_trim``: a 3x3 median takes out single pixels, unless ``line_art``; colours under clear pixels
    count as border; alpha is searched by itself, and the union of both boxes is taken.
    """
    colour = pixels[..., : 3 if pixels.shape[2] >= 3 else 1]
    alpha = pixels[..., -1] if pixels.shape[2] in {2, 4} else None
    border, border_alpha = _border(pixels, edit.background)
    if alpha is not None:
        weight = alpha[..., None].astype(np.uint16)
        colour = ((colour * weight + border * (255 - weight) + 127) // 255).astype(np.uint8)
    found = np.zeros(pixels.shape[:2], np.bool_)
    for channel, value in enumerate(border):
        found |= _differs(colour[..., channel], int(value), edit)
    if alpha is not None:
        found |= _differs(alpha, border_alpha, edit)
    return _with_margin(_bounds(found), edit.margin, Size(pixels.shape[1], pixels.shape[0]))


def _border(pixels: Pixels, background: Colour | None) -> tuple[NDArray[np.uint16], int]:
    corner = pixels[0, 0].astype(np.uint16)
    bands = 3 if len(corner) >= 3 else 1
    if background is None:
        return corner[:bands], int(corner[-1])
    given = np.array([background.r, background.g, background.b], np.uint16)
    return given[:bands], int(background.alpha * 255 + 0.5)


def _differs(band: NDArray[np.uint8], border: int, edit: Trim) -> _Mask:
    """Where the median of the neighbourhood lies more than the threshold above or below the border.

    A median of nine lies beyond a bound exactly where at least five of the nine do.
    """
    values = band.astype(np.int16)
    above, below = values > border + edit.threshold, values < border - edit.threshold
    return above | below if edit.line_art else _majority(above) | _majority(below)


def _majority(mask: _Mask) -> _Mask:
    if not mask.any():
        return mask
    padded = np.pad(mask, 1, mode="edge").astype(np.uint8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    counts: NDArray[np.uint8] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return counts >= 5


def _bounds(found: _Mask) -> Box | None:
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def _with_margin(box: Box | None, margin: int, size: Size) -> Box | None:
    if box is None or not margin:
        return box
    left, top = max(0, box.left - margin), max(0, box.top - margin)
    right = min(size.width, box.left + box.width + margin)
    return Box(left, top, right - left, min(size.height, box.top + box.height + margin) - top)


def placed(pixels: Pixels, out: Size, left: int, top: int, background: Colour) -> Pixels:
    """The picture on a larger canvas; a background that is not opaque gives it an alpha channel."""
    if background.alpha < 1:
        pixels = with_alpha(pixels)
    height, width, channels = pixels.shape
    canvas = np.empty((out.height, out.width, channels), np.uint8)
    canvas[:] = _pixel(background, channels)
    canvas[top : top + height, left : left + width] = pixels
    return canvas


def _pixel(colour: Colour, channels: int) -> NDArray[np.uint8]:
    alpha = int(colour.alpha * 255 + 0.5)
    grey = int(0.2126 * colour.r + 0.7152 * colour.g + 0.0722 * colour.b + 0.5)
    bands = (grey,) if channels <= 2 else (colour.r, colour.g, colour.b)
    return np.array((*bands, alpha)[:channels], np.uint8)


_PADDING: Mapping[str, Literal["edge", "wrap", "symmetric"]] = {"copy": "edge", "repeat": "wrap", "mirror": "symmetric"}


def extended(pixels: Pixels, edit: Extend) -> Pixels:
    """The picture with borders of a colour, of its edge pixels, or of itself repeated or mirrored."""
    height, width = pixels.shape[:2]
    if edit.extend_with == "background":
        out = Size(width + edit.left + edit.right, height + edit.top + edit.bottom)
        return placed(pixels, out, edit.left, edit.top, edit.background)
    sides = ((edit.top, edit.bottom), (edit.left, edit.right), (0, 0))
    return np.pad(pixels, sides, mode=_PADDING[edit.extend_with])


@dataclass(frozen=True, slots=True)
class Ellipse:
    x: float
    y: float
    rx: float
    ry: float


def ellipse_of(edit: RoundCrop, size: Size) -> Ellipse:
    """Half the shorter side around the middle, unless given (contract 3.6)."""
    half = min(size) / 2
    return Ellipse(
        size.width / 2 if edit.left is None else edit.left,
        size.height / 2 if edit.top is None else edit.top,
        half if edit.rx is None else edit.rx,
        half if edit.ry is None else edit.ry,
    )


_SUBROWS = 8


def coverage(ellipse: Ellipse, size: Size) -> NDArray[np.uint8]:
    """How much of each pixel the ellipse covers, 0-255: exact along rows, eight lines to a row."""
    edges = np.arange(size.width + 1, dtype=np.float32)
    mask = np.empty((size.height, size.width), np.uint8)
    for row in range(size.height):
        lines = (row + (np.arange(_SUBROWS) + 0.5) / _SUBROWS - ellipse.y) / ellipse.ry
        reach = ellipse.rx * np.sqrt(np.clip(1 - lines * lines, 0, None))
        start, end = (ellipse.x - reach)[:, None], (ellipse.x + reach)[:, None]
        inside = np.clip(edges, start, end)
        mask[row] = np.diff(inside, axis=1).mean(axis=0) * 255 + 0.5
    return mask


def rounded(pixels: Pixels, edit: RoundCrop) -> Pixels:
    """Clear outside the ellipse; colours there become black, as upstream's mask leaves them."""
    size = Size(pixels.shape[1], pixels.shape[0])
    mask = coverage(ellipse_of(edit, size), size)
    out = with_alpha(pixels).copy()
    out[..., -1] = (out[..., -1].astype(np.uint16) * mask + 127) // 255
    out[mask == 0] = 0
    return out
