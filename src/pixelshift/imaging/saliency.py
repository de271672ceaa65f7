"""Where to cut: windows of a given size around what draws the eye.

``attention`` and ``entropy`` are sharp's names. The methods are ours on the same signs (skin, strong colour, detail;
entropy of slices), so the window may differ from libvips' by design.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelshift._native import _blend, _saliency

Pixels = NDArray[np.uint8]
"""Shape (height, width, channels): 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha; alpha is not premultiplied."""

Scores = NDArray[np.float64]

CELLS = 64
"""Cells along each side of the score map: windows are placed to 1/64 of the side."""

WEIGHTS = (1.0, 0.7, 2.0)
"""Of detail, strong colour and skin."""

FULL_MARKS = (24.0, 48.0, 24.0)
"""Mean marks of a cell, above the picture's mean, from which each sign counts in full."""

STEPS = 8
"""Slices that :func:`entropy_box` takes off the axis with the most to lose."""


def attention_box(pixels: Pixels, width: int, height: int) -> tuple[int, int]:
    """Corner (left, top) of the window with the most eye-catching content, weighted towards the window's middle.

    A picture without features gives the middle. Raises :class:`ValueError` for a window larger than the picture.
    """
    rows, columns = _check(pixels, width, height)
    scores = _saliency_map(pixels)
    cell_height, cell_width = rows / scores.shape[0], columns / scores.shape[1]
    lefts, tops = _starts(columns - width, scores.shape[1]), _starts(rows - height, scores.shape[0])
    across = _weights(lefts / cell_width, width / cell_width, scores.shape[1])
    down = _weights(tops / cell_height, height / cell_height, scores.shape[0])
    gain = down @ scores @ across.T
    row, column = _best(gain, tops - (rows - height) / 2, lefts - (columns - width) / 2)
    return int(lefts[column]), int(tops[row])


def salient_region(pixels: Pixels) -> tuple[float, float, float, float]:
    """(left, top, width, height), fractions, of the part that holds four fifths of what draws the eye on each axis.

    A picture without features gives the whole.
    """
    scores = _saliency_map(pixels)
    if not scores.any():
        return 0.0, 0.0, 1.0, 1.0
    left, right = _middle_part(scores.sum(axis=0))
    top, bottom = _middle_part(scores.sum(axis=1))
    return left, top, right - left, bottom - top


def entropy_box(pixels: Pixels, width: int, height: int) -> tuple[int, int]:
    """Corner (left, top) of what is left after taking off, slice by slice, the side with the lower entropy of luma.

    Of two equal slices the one on the side where more has been left goes, so an even picture gives the middle. Raises
    :class:`ValueError` for a window larger than the picture.
    """
    rows, columns = _check(pixels, width, height)
    plane = np.empty((rows, columns), np.uint8)
    _saliency.luma(plane, _as_rgb(pixels))
    left, top, right, bottom = 0, 0, columns, rows
    step = max(math.ceil((columns - width) / STEPS), math.ceil((rows - height) / STEPS))
    while right - left > width or bottom - top > height:
        if cut := min(right - left - width, step):
            ahead, behind = (
                _entropy(plane[top:bottom, left : left + cut]),
                _entropy(plane[top:bottom, right - cut : right]),
            )
            if ahead < behind or (ahead == behind and left <= columns - right):
                left += cut
            else:
                right -= cut
        if cut := min(bottom - top - height, step):
            ahead, behind = (
                _entropy(plane[top : top + cut, left:right]),
                _entropy(plane[bottom - cut : bottom, left:right]),
            )
            if ahead < behind or (ahead == behind and top <= rows - bottom):
                top += cut
            else:
                bottom -= cut
    return left, top


def _check(pixels: Pixels, width: int, height: int) -> tuple[int, int]:
    rows, columns = pixels.shape[:2]
    if not 1 <= width <= columns or not 1 <= height <= rows:
        raise ValueError(f"a window of {width}x{height} does not fit into {columns}x{rows}")
    return rows, columns


def _as_rgb(pixels: Pixels) -> Pixels:
    """Three contiguous channels; what is transparent turns dark, as it draws no eye."""
    channels = pixels.shape[2]
    if channels == 4:
        weighted = np.empty_like(pixels, order="C")
        _blend.premultiply(weighted, np.ascontiguousarray(pixels))
        return np.ascontiguousarray(weighted[:, :, :3])
    if channels == 2:
        grey = pixels[:, :, :1].astype(np.uint16) * pixels[:, :, 1:] // 255
        return np.repeat(grey.astype(np.uint8), 3, axis=2)
    return np.ascontiguousarray(pixels) if channels == 3 else np.repeat(pixels, 3, axis=2)


def _saliency_map(pixels: Pixels) -> Scores:
    """How much each cell draws the eye; 0 everywhere for a picture without features.

    Each sign counts by what exceeds its own mean, and weighs more the fewer cells have it: the normalisation of Itti,
    Koch and Niebur (1998), which mutes an even texture and promotes a single object.
    """
    rows, columns = pixels.shape[:2]
    sums = np.empty((3, min(CELLS, rows), min(CELLS, columns)), np.int64)
    _saliency.mark_cells(sums, _as_rgb(pixels))
    heights = np.diff(rows * np.arange(sums.shape[1] + 1) // sums.shape[1])
    widths = np.diff(columns * np.arange(sums.shape[2] + 1) // sums.shape[2])
    total = np.zeros(sums.shape[1:])
    for sign, weight, full in zip(sums / (heights[:, None] * widths), WEIGHTS, FULL_MARKS, strict=True):
        excess = np.maximum(sign - sign.mean(), 0)
        peak = excess.max()
        if peak > 0:
            # A sign that is weak everywhere must not be blown up to the strength of a clear one.
            scaled = excess / peak
            total += weight * min(1, peak / full) * (1 - scaled.mean()) ** 2 * scaled
    return total


def _starts(slack: int, cells: int) -> NDArray[np.int64]:
    """Offsets to try: both ends, the middle, and about one per cell between."""
    steps = 2 * min(slack, cells)
    return np.unique(np.rint(np.linspace(0, slack, steps + 1)).astype(np.int64))


def _weights(starts: NDArray[Any], span: float, cells: int) -> Scores:
    """Per window from ``starts`` over ``span`` cells, what each cell counts: 1 in the middle, 1/4 at the edge.

    What is cut off must cost, and what is central must win.
    """
    centres = np.arange(cells) + 0.5
    distance = np.abs(centres - (starts[:, None] + span / 2)) / (span / 2)
    weights: Scores = np.where(distance <= 1, 1 - 0.75 * distance**2, 0)
    return weights


def _best(gain: Scores, from_middle_y: NDArray[Any], from_middle_x: NDArray[Any]) -> tuple[int, int]:
    """Row and column of the largest gain; of equal ones the nearest to the middle."""
    rows, columns = np.nonzero(gain >= gain.max() * (1 - 1e-9))
    nearest = int(np.argmin(from_middle_y[rows] ** 2 + from_middle_x[columns] ** 2))
    return int(rows[nearest]), int(columns[nearest])


def _middle_part(profile: NDArray[np.float64]) -> tuple[float, float]:
    """Fractions between which the middle four fifths of a profile lie, on borders of cells."""
    shares = np.concatenate([[0.0], np.cumsum(profile) / profile.sum()])
    first = int(np.searchsorted(shares, 0.1, side="right")) - 1
    last = int(np.searchsorted(shares, 0.9, side="left"))
    return first / len(profile), last / len(profile)


def _entropy(plane: NDArray[np.uint8]) -> float:
    """Shannon entropy of the values, bits."""
    counts = np.empty(256, np.int64)
    _saliency.histogram(counts, plane)
    present = counts[counts > 0] / plane.size
    return -math.fsum(share * math.log2(share) for share in present.tolist())
