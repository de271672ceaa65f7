"""What happens at a picture's rim: finding a uniform border, adding one, keeping an ellipse."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelshift.edits.types import Colour, Extend, RoundCrop, Trim
from pixelshift.imaging.bands import Checkpoint, bands, go_on
from pixelshift.imaging.geometry import Box, Size
from pixelshift.imaging.picture import Pixels, with_alpha
from pixelshift.value import frozen

_Mask = NDArray[np.bool_]


def content_box(pixels: Pixels, edit: Trim, checkpoint: Checkpoint = go_on) -> Box | None:
    """The box around everything that differs from the border, or ``None`` where nothing does (contract 5.6).

    As libvips' ``find_trim``: a 3x3 median takes out single pixels, unless ``line_art``; colours under clear pixels
    count as border; alpha is searched by itself, and the union of both boxes is taken.
    """
    height, width = pixels.shape[:2]
    border = _border(pixels, edit.background)
    rows, columns = np.zeros(height, np.bool_), np.zeros(width, np.bool_)
    for first, last in bands(height, _SEARCH_WORK * pixels[0].size, checkpoint):
        # A row more on either side for the median.
        above, below = max(first - 1, 0), min(last + 1, height)
        found = _content(pixels[above:below], border, edit)[first - above : last - above]
        rows[first:last] = found.any(axis=1)
        columns |= found.any(axis=0)
    return _with_margin(_bounds(rows, columns), edit.margin, Size(width, height))


_SEARCH_WORK = 30
_Border = tuple[NDArray[np.uint16], int]


def _content(pixels: Pixels, border: _Border, edit: Trim) -> _Mask:
    colour = pixels[..., : 3 if pixels.shape[2] >= 3 else 1]
    alpha = pixels[..., -1] if pixels.shape[2] in {2, 4} else None
    if alpha is not None:
        weight = alpha[..., None].astype(np.uint16)
        colour = ((colour * weight + border[0] * (255 - weight) + 127) // 255).astype(np.uint8)
    found = np.zeros(pixels.shape[:2], np.bool_)
    for channel, value in enumerate(border[0]):
        found |= _differs(colour[..., channel], int(value), edit)
    if alpha is not None:
        found |= _differs(alpha, border[1], edit)
    return found


def _border(pixels: Pixels, background: Colour | None) -> _Border:
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


def _bounds(rows: _Mask, columns: _Mask) -> Box | None:
    """The box of the rows and columns that hold something."""
    down, across = np.flatnonzero(rows), np.flatnonzero(columns)
    if not len(down):
        return None
    left, top = int(across[0]), int(down[0])
    return Box(left, top, int(across[-1]) + 1 - left, int(down[-1]) + 1 - top)


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


@frozen
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
_ROUND_WORK = 30


def coverage(ellipse: Ellipse, width: int, rows: tuple[int, int]) -> NDArray[np.uint8]:
    """How much of each pixel of these rows the ellipse covers, 0-255: exact along rows, eight lines to a row."""
    mask = np.zeros((rows[1] - rows[0], width), np.uint8)
    lines = (np.arange(rows[0], rows[1])[:, None] + (np.arange(_SUBROWS) + 0.5) / _SUBROWS - ellipse.y) / ellipse.ry
    reach = ellipse.rx * np.sqrt(np.clip(1 - lines * lines, 0, None))
    starts, ends = np.clip(ellipse.x - reach, 0, width), np.clip(ellipse.x + reach, 0, width)
    # Between the last start and the first end the row is covered; at both rims pixels are covered in part.
    outer = np.stack([np.floor(starts.min(axis=1)), np.ceil(ends.max(axis=1))], axis=1).astype(int)
    inner = np.stack([np.ceil(starts.max(axis=1)), np.floor(ends.min(axis=1))], axis=1).astype(int)
    for row, (first, last) in enumerate(outer):
        full, rim = inner[row]
        parts = [(first, full), (rim, last)] if full < rim else [(first, last)]
        mask[row, full:rim] = 255
        for low, high in parts:
            edges = np.clip(np.arange(low, high + 1), starts[row, :, None], ends[row, :, None])
            mask[row, low:high] = np.diff(edges, axis=1).mean(axis=0) * 255 + 0.5
    return mask


def rounded(pixels: Pixels, edit: RoundCrop, checkpoint: Checkpoint = go_on) -> Pixels:
    """Clear outside the ellipse; colours there become black, as upstream's mask leaves them."""
    height, width = pixels.shape[:2]
    ellipse = ellipse_of(edit, Size(width, height))
    out = with_alpha(pixels).copy()
    for first, last in bands(height, _ROUND_WORK * out[0].size, checkpoint):
        mask, band = coverage(ellipse, width, (first, last)), out[first:last]
        band[..., -1] = (band[..., -1].astype(np.uint16) * mask + 127) // 255
        band[mask == 0] = 0
    return out
