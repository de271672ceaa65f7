"""Edits that look at a pixel's neighbours. Pixels beyond the edge are copies of the edge, except in :func:`clahe`."""

from collections.abc import Callable
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelshift._native import _blend, _convolve, _engine, _rank
from pixelshift.edits.types import Blur, Clahe, Convolve, Median, Sharpen
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging import gaussian
from pixelshift.imaging.bands import Checkpoint, bands, go_on
from pixelshift.imaging.deadline import end_of, too_late
from pixelshift.imaging.filters.channels import Pixels, as_rgb, has_alpha, split_alpha

Sample = TypeVar("Sample", np.uint8, np.uint16)

MILD_BLUR = Convolve(3, 3, (1.0,) * 9, 9.0)
MILD_SHARPEN = Convolve(3, 3, (-1.0,) * 4 + (32.0,) + (-1.0,) * 4, 24.0)

FLOAT_RADIUS = 64
"""Beyond this, ``precision: float`` is the integer mask too: by then the two differ by less than their rounding."""

Mask = NDArray[np.int32]
"""Integer weights from the middle out."""


def on_premultiplied(operation: Callable[[Pixels], Pixels], pixels: Pixels) -> Pixels:
    """``operation``, which leaves opaque what is opaque, on colours weighted by alpha: the clear does not bleed."""
    _, alpha = split_alpha(pixels)
    if alpha is None or (pixels.shape[2] == 4 and bool(np.all(alpha == 255))):
        return operation(np.ascontiguousarray(pixels))
    result = operation(_premultiplied(pixels))
    _blend.unpremultiply(result, result)
    return _as_before(result, pixels)


def _premultiplied(pixels: Pixels) -> Pixels:
    """RGBA with colours weighted by alpha, fractions cut as in libvips; grey with alpha takes this way too."""
    weighted = np.empty((*pixels.shape[:2], 4), np.uint8)
    _blend.premultiply(weighted, np.ascontiguousarray(as_rgb(pixels)))
    return weighted


def _as_before(result: Pixels, pixels: Pixels) -> Pixels:
    return result if pixels.shape[2] == 4 else np.ascontiguousarray(result[:, :, 2:])


def _stacked(mask: Mask, precision: str) -> Mask:
    """libvips' approximation of a mask: five layers of equal height, each as wide as the mask is at its middle."""
    if precision != "approximate":
        return mask
    layers: Mask = (mask + 2) // 4
    return layers[layers > 0]


def blur(pixels: Pixels, edit: Blur, checkpoint: Checkpoint = go_on) -> Pixels:
    """Gaussian along rows, then columns, by an integer mask, rounded after each; without sigma the mean of 3x3.

    ``precision`` ``float`` uses unrounded weights up to a radius of 64; ``approximate`` is a stack of five boxes.
    """
    if edit.sigma is None:
        return convolve(pixels, MILD_BLUR, checkpoint)
    heights = gaussian.heights(edit.sigma, edit.min_amplitude)
    if edit.precision == "float" and len(heights) <= FLOAT_RADIUS:
        return on_premultiplied(lambda picture: _blur_float(picture, heights, checkpoint), pixels)
    mask = _stacked(np.array(gaussian.whole_mask(edit.sigma, edit.min_amplitude), np.int32), edit.precision)
    if len(mask) == 1:
        return pixels.copy()
    return on_premultiplied(lambda picture: _blur_samples(picture, mask, checkpoint), pixels)


def _blur_samples(samples: NDArray[Sample], mask: Mask, checkpoint: Checkpoint) -> NDArray[Sample]:
    """Both passes over uint8 channels, or uint16 ones below 32768."""
    along_rows, result = np.empty_like(samples), np.empty_like(samples)
    for axis, source, target in ((1, samples, along_rows), (0, along_rows, result)):
        # A band along columns starts with one pass over its whole mask.
        for rows in bands(len(samples), 20 * samples[0].size, checkpoint, least=len(mask)):
            _convolve.blur(target, source, mask=mask, axis=axis, rows=rows)
    return result


def _blur_float(picture: Pixels, heights: list[float], checkpoint: Checkpoint) -> Pixels:
    line = np.array(heights[:0:-1] + heights, np.float64)
    # Half a level: rounded between the passes; the last one cuts, as libvips does.
    rows = _correlate(picture, line[None, :], (line.sum(), 0.5), checkpoint)
    return _correlate(rows, line[:, None], (line.sum(), 0.0), checkpoint)


def convolve(pixels: Pixels, edit: Convolve, checkpoint: Checkpoint = go_on) -> Pixels:
    """Correlation with the kernel, ``sum / scale + offset``, clipped, fraction cut, in all channels."""
    kernel = np.array(edit.kernel, np.float64).reshape(edit.height, edit.width)
    levels = (edit.scale or 1.0, edit.offset)
    if not has_alpha(pixels):
        return _correlate(pixels, kernel, levels, checkpoint)
    return _as_before(_correlate(_premultiplied(pixels), kernel, levels, checkpoint, premultiplied=True), pixels)


def _correlate(
    picture: Pixels,
    kernel: NDArray[np.float64],
    levels: tuple[float, float],
    checkpoint: Checkpoint,
    *,
    premultiplied: bool = False,
) -> Pixels:
    padded = _padded(picture, kernel.shape[1], kernel.shape[0], "edge")
    result = np.empty(picture.shape, np.uint8)
    for rows in bands(len(picture), kernel.size * picture[0].size, checkpoint):
        _convolve.correlate(
            result,
            padded,
            np.ascontiguousarray(kernel),
            scale=levels[0],
            offset=levels[1],
            rows=rows,
            premultiplied=premultiplied,
        )
    return result


def sharpen(pixels: Pixels, edit: Sharpen, checkpoint: Checkpoint = go_on) -> Pixels:
    """Add back to L what a Gaussian takes away, shaped by a curve with slopes m1 (flat) and m2 (beyond x1).

    Without sigma: the 3x3 kernel of -1 around 32, divided by 24. Raises TimeLimitError at the end of a Deadline.
    """
    if edit.sigma is None and has_alpha(pixels):
        return convolve(pixels, MILD_SHARPEN, checkpoint)
    checkpoint()
    result = np.empty(pixels.shape, np.uint8)
    how, end = gaussian.sharpening(edit), end_of(checkpoint)
    try:
        _engine.filtered(np.ascontiguousarray(pixels), result, sharpen=how, deadline=end)
    except _engine.EngineError as error:
        if error.reason != "timeout":
            raise
        raise too_late() from error
    return result


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
