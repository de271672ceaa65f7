"""Edits that look at a pixel's neighbours. Pixels beyond the edge are copies of the edge, except in :func:`clahe`."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelshift._native import _rank
from pixelshift.edits.types import Blur, Clahe, Convolve, Median, Sharpen
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.filters import lab
from pixelshift.imaging.filters.bands import Checkpoint, bands, go_on
from pixelshift.imaging.filters.channels import Pixels, as_rgb, join_alpha, on_colour, split_alpha

MILD_BLUR = Convolve(3, 3, (1.0,) * 9, 9.0)
MILD_SHARPEN = Convolve(3, 3, (-1.0,) * 4 + (32.0,) + (-1.0,) * 4, 24.0)


def on_premultiplied(operation: Callable[[Pixels], Pixels], pixels: Pixels) -> Pixels:
    """``operation`` on colours weighted by alpha, so that what is transparent does not bleed."""
    colour, alpha = split_alpha(pixels)
    if alpha is None or bool(np.all(alpha == 255)):
        return operation(pixels)
    weighted = np.rint(colour * (alpha / np.float32(255))).astype(np.uint8)
    colour, alpha = split_alpha(operation(join_alpha(weighted, alpha)))
    assert alpha is not None
    restored = np.divide(colour * np.float32(255), alpha, out=np.zeros(colour.shape, np.float32), where=alpha > 0)
    return join_alpha(np.rint(np.minimum(restored, 255)).astype(np.uint8), alpha)


def gaussian_mask(sigma: float, min_amplitude: float) -> NDArray[np.int64]:
    """libvips' integer Gaussian: ``round(20 exp(-x^2 / 2 sigma^2))``, from the middle out, cut below the amplitude."""
    mask = [20]
    while (height := math.exp(-(len(mask) ** 2) / (2 * sigma * sigma))) >= min_amplitude:
        mask.append(math.floor(20 * height + 0.5))
    return np.array(mask, np.int64)


def blur(pixels: Pixels, edit: Blur) -> Pixels:
    """Gaussian by two passes of an integer mask, rounded after each; without sigma the mean of 3x3, fraction cut."""
    if edit.sigma is None:
        return convolve(pixels, MILD_BLUR)
    mask = gaussian_mask(edit.sigma, edit.min_amplitude)

    def apply(picture: Pixels) -> Pixels:
        rows = _blur_axis(picture.astype(np.int64), mask, 1)
        return _blur_axis(rows, mask, 0).astype(np.uint8)

    return on_premultiplied(apply, pixels)


def _blur_axis(values: NDArray[np.int64], mask: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    radius, total = len(mask) - 1, int(2 * mask.sum() - mask[0])
    margins = [(radius, radius) if i == axis else (0, 0) for i in range(values.ndim)]
    padded = np.pad(values, margins, mode="edge")
    # A symmetric falling mask is a stack of boxes, and a box is one difference of running sums.
    sums = np.cumsum(padded, axis=axis)
    sums = np.concatenate([np.zeros_like(sums.take([0], axis)), sums], axis=axis)
    size = values.shape[axis]
    result = np.full(values.shape, total // 2, np.int64)
    steps = mask - np.append(mask[1:], 0)
    for r in np.flatnonzero(steps):
        after = sums.take(range(radius + r + 1, radius + r + 1 + size), axis)
        before = sums.take(range(radius - r, radius - r + size), axis)
        result += steps[r] * (after - before)
    return result // total


def convolve(pixels: Pixels, edit: Convolve) -> Pixels:
    """Correlation with the kernel, ``sum / scale + offset``, clipped, fraction cut, in all channels."""
    kernel = np.array(edit.kernel, np.float64).reshape(edit.height, edit.width)
    scale = edit.scale or 1.0

    def apply(picture: Pixels) -> Pixels:
        height, width = picture.shape[:2]
        padded = _padded(picture, edit.width, edit.height, "edge")
        total = np.zeros(picture.shape, np.float64)
        for (row, column), weight in np.ndenumerate(kernel):
            if weight:
                total += weight * padded[row : row + height, column : column + width]
        return np.clip(total / scale + edit.offset, 0, 255).astype(np.uint8)

    return on_premultiplied(apply, pixels)


def sharpen(pixels: Pixels, edit: Sharpen) -> Pixels:
    """Add back to L what a Gaussian takes away, shaped by a curve with slopes m1 (flat) and m2 (beyond x1).

    Without sigma: the 3x3 kernel of -1 around 32, divided by 24.
    """
    if edit.sigma is None:
        return convolve(pixels, MILD_SHARPEN)
    return on_premultiplied(lambda picture: on_colour(lambda colour: _sharpen_light(colour, edit), picture), pixels)


def _sharpen_light(colour: Pixels, edit: Sharpen) -> Pixels:
    assert edit.sigma is not None
    values = lab.to_lab(as_rgb(colour))
    mask = gaussian_mask(edit.sigma, 0.1)
    # L in 15 bits, as libvips' LABS holds it.
    light = (values[..., 0] * np.float32(327.67)).astype(np.int64)
    smooth = _blur_axis(_blur_axis(light, mask, 1), mask, 0)
    raised = np.clip(light + sharpen_curve(edit)[light - smooth + 32768], 0, 32767)
    values[..., 0] = raised / np.float32(327.67)
    sharp = lab.from_lab(values)
    return sharp if colour.shape[2] == 3 else lab.luminance(sharp)


def sharpen_curve(edit: Sharpen) -> NDArray[np.int64]:
    """What to add to L for each difference -32768 to 32767, both in 1/327.67 of an L step."""
    difference = (np.arange(65536) - 32767) / 327.67
    flat = np.clip(difference, -edit.x1, edit.x1)
    added = flat * edit.m1 + (difference - flat) * edit.m2
    return np.rint(np.clip(added, -edit.y3, edit.y2) * 327.67).astype(np.int64)


def median(pixels: Pixels, edit: Median, checkpoint: Checkpoint = go_on) -> Pixels:
    """The middle value (of an even count the upper one) of a square window, in each channel.

    Raises :class:`InvalidRequestError` for a window above 255 pixels a side.
    """
    size = edit.size
    if size > _rank.MEDIAN_SIDE_LIMIT:
        raise InvalidRequestError(f"median: a window of {size} is too large; take at most {_rank.MEDIAN_SIDE_LIMIT}.")
    padded = _padded(pixels, size, size, "edge")
    result = np.empty(pixels.shape, np.uint8)
    for rows in bands(len(pixels), 100 * pixels[0].size, checkpoint, least=2 * size):
        _rank.median(result, padded, rows=rows)
    return result


def clahe(pixels: Pixels, edit: Clahe, checkpoint: Checkpoint = go_on) -> Pixels:
    """Equalise each pixel by the histogram of the window around it, counts above ``max_slope`` shared out evenly.

    Beyond the edge the picture is mirrored. Raises :class:`InvalidRequestError` for a window larger than the picture.
    """
    height, width = pixels.shape[:2]
    if edit.width > width or edit.height > height:
        raise InvalidRequestError(
            f"clahe: a window of {edit.width}x{edit.height} does not fit a picture of {width}x{height}; take a smaller "
            "one.",
        )
    padded = _padded(pixels, edit.width, edit.height, "symmetric")
    result = np.empty(pixels.shape, np.uint8)
    for rows in bands(height, 200 * pixels[0].size, checkpoint, least=2 * edit.height):
        _rank.equalise(result, padded, rows=rows, slope=edit.max_slope)
    return result


def _padded(pixels: Pixels, width: int, height: int, mode: Literal["edge", "symmetric"]) -> Pixels:
    """The picture with the margins of a window whose centre is (width // 2, height // 2)."""
    above, before = height // 2, width // 2
    return np.pad(pixels, ((above, height - 1 - above), (before, width - 1 - before), (0, 0)), mode=mode)
