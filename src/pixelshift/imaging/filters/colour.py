"""Edits that treat every pixel alone: tone, Lab and matrix operations."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pixelshift.edits.types import (
    Colour,
    Gamma,
    Greyscale,
    Linear,
    Modulate,
    Normalise,
    Recomb,
    Threshold,
    Tint,
    Unflatten,
)
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.bands import Checkpoint, bands, by_rows, go_on
from pixelshift.imaging.filters import lab, tables
from pixelshift.imaging.filters.channels import Pixels, as_rgb, has_alpha, join_alpha, on_colour, split_alpha


def greyscale(pixels: Pixels, _edit: Greyscale) -> Pixels:
    """One grey channel of equal luminance, computed in linear light; alpha is kept."""
    return _grey(pixels)


def _grey(pixels: Pixels) -> Pixels:
    if pixels.shape[2] <= 2:
        return pixels.copy()
    return join_alpha(lab.luminance(pixels), split_alpha(pixels)[1])


def _as_colour(operation: Callable[[Pixels], Pixels], pixels: Pixels) -> Pixels:
    """``operation`` on RGB or RGBA; grey pictures are grey again afterwards, as in sharp."""
    if pixels.shape[2] >= 3:
        return operation(pixels)
    return _grey(operation(as_rgb(pixels)))


def tint(pixels: Pixels, edit: Tint) -> Pixels:
    """Keep L, take a and b of the colour, weighted ``1 - 4 (L - 0.5)^2`` (L 0-1) so that black and white stay.

    A grey picture stays grey: only its tones move, as in sharp.
    """
    curve = _tint_curve(edit.colour)

    def apply(picture: Pixels) -> Pixels:
        grey, alpha = split_alpha(_grey(picture))
        return join_alpha(np.take(curve, grey[:, :, 0], axis=0), alpha)

    return _as_colour(apply, pixels)


@lru_cache(maxsize=64)
def _tint_curve(colour: Colour) -> Pixels:
    """RGB (256, 3) for each grey value."""
    _, target = lab.split(np.array([[[colour.r, colour.g, colour.b]]], np.uint8))
    greys = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    light, _ = lab.split(greys)
    weight = 1 - 4 * (light / (100 * lab.LIGHT_STEPS) - 0.5) ** 2
    curve: Pixels = lab.join(greys, light, np.rint(weight * target).astype(np.int16))[0]
    return curve


def modulate(pixels: Pixels, edit: Modulate) -> Pixels:
    """In LCh: ``L * brightness + lightness``, ``C * saturation``, ``h + hue`` degrees."""
    radians = math.radians(edit.hue % 360)
    # Scaling C and turning h is a rotation of (a, b); no polar form is needed.
    cos, sin = edit.saturation * math.cos(radians), edit.saturation * math.sin(radians)
    light, chroma = (edit.brightness, edit.lightness), (cos, -sin, sin, cos)
    return _as_colour(lambda picture: lab.adjust(picture, light=light, chroma=chroma), pixels)


def normalise(pixels: Pixels, edit: Normalise, checkpoint: Checkpoint = go_on) -> Pixels:
    """Stretch L between two percentiles to 0-100; a range of at most one L step is left as it is."""
    low, high = _light_range(pixels, edit, checkpoint)
    if abs(high - low) <= 1:
        return pixels.copy()
    scale = 100 / (high - low)
    light, chroma = (scale, -low * scale), (1.0, 0.0, 0.0, 1.0)

    def stretched(band: Pixels) -> Pixels:
        return _as_colour(lambda picture: lab.adjust(picture, light=light, chroma=chroma), band)

    return by_rows(stretched, pixels, checkpoint)


_LIGHT_LEVELS = 101


def _light_range(pixels: Pixels, edit: Normalise, checkpoint: Checkpoint) -> tuple[int, int]:
    """Whole L values at the two percentiles, by the cumulative histogram of L with its fraction cut."""
    counts = np.zeros(_LIGHT_LEVELS, np.intp)
    for first, last in bands(len(pixels), 30 * pixels[0].size, checkpoint):
        counts += np.bincount(lab.lightness(as_rgb(pixels[first:last])).ravel(), minlength=_LIGHT_LEVELS)
    counts = counts[: int(np.flatnonzero(counts)[-1]) + 1]
    lower, upper = int(edit.lower), int(edit.upper)
    low = int(np.flatnonzero(counts)[0]) if lower == 0 else _percentile(counts, lower)
    high = len(counts) - 1 if upper == 100 else _percentile(counts, upper)
    return low, high


def _percentile(counts: NDArray[np.intp], percent: int) -> int:
    """libvips' ``percent``: the first bin whose scaled, cut cumulative count exceeds its share of the bins."""
    bins = len(counts)
    cumulative = np.cumsum(counts)
    scaled = cumulative * (bins - 1) // cumulative[-1]
    above = np.flatnonzero(scaled > percent / 100 * bins)
    return int(above[0]) if above.size else bins


def threshold(pixels: Pixels, edit: Threshold) -> Pixels:
    """255 where a channel, alpha included, reaches ``value``, else 0; grey first unless ``greyscale`` is off.

    ``value`` 0 leaves the picture alone, as sharp does.
    """
    if edit.value == 0:
        return pixels.copy()
    compared = _grey(pixels) if edit.greyscale else pixels
    return np.where(compared >= edit.value, np.uint8(255), np.uint8(0))


def gamma_in(pixels: Pixels, edit: Gamma) -> Pixels:
    """Encode by ``1 / gamma`` ahead of the resize."""
    curve = tables.power(1 / edit.gamma)
    return on_colour(lambda colour: np.take(curve, colour), pixels)


def gamma_out(pixels: Pixels, edit: Gamma) -> Pixels:
    """Decode by ``gamma`` after the resize."""
    curve = tables.power(edit.gamma)
    return on_colour(lambda colour: np.take(curve, colour), pixels)


def gamma(pixels: Pixels, edit: Gamma) -> Pixels:
    """In and out again at once: what is left of the edit when nothing is resampled."""
    return gamma_out(gamma_in(pixels, edit), edit)


def linear(pixels: Pixels, edit: Linear) -> Pixels:
    """``a * v + b`` per channel, clipped, fraction cut; alpha takes part only if it has a coefficient of its own.

    Raises :class:`InvalidRequestError` where the numbers of coefficients and channels do not fit.
    """
    a, b = edit.a, edit.b
    bands = pixels.shape[2]
    skip_alpha = has_alpha(pixels) and len(a) != bands
    channels = bands - 1 if skip_alpha else bands
    if len(a) not in {1, channels} or len(b) not in {1, channels}:
        raise InvalidRequestError(
            f"linear: {len(a)} and {len(b)} coefficients do not fit {channels} channels; give one, or one per channel.",
        )
    curves = [_line(a[i % len(a)], b[i % len(b)]) for i in range(channels)]

    def apply(colour: Pixels) -> Pixels:
        if len(a) == len(b) == 1:
            return np.take(curves[0], colour)
        return np.stack([np.take(curve, colour[:, :, i]) for i, curve in enumerate(curves)], axis=2)

    return on_colour(apply, pixels) if skip_alpha else apply(pixels)


def _line(a: float, b: float) -> Pixels:
    curve: Pixels = np.clip(a * np.arange(256) + b, 0, 255).astype(np.uint8)
    return curve


def recomb(pixels: Pixels, edit: Recomb) -> Pixels:
    """Each output channel is a weighted sum of the input's, clipped, fraction cut; 3x3 leaves alpha alone.

    Raises :class:`InvalidRequestError` for a 4x4 matrix on a picture without alpha.
    """
    pixels = as_rgb(pixels)
    matrix = np.array(edit.matrix, np.float64)
    size = matrix.shape[0]
    if size == 4 and pixels.shape[2] == 3:
        raise InvalidRequestError("recomb: a 4x4 matrix needs an alpha channel; add ensureAlpha or send 3x3.")

    def apply(colour: Pixels) -> Pixels:
        return np.clip(colour @ matrix.T, 0, 255).astype(np.uint8)

    return apply(pixels) if size == 4 else on_colour(apply, pixels)


def unflatten(pixels: Pixels, _edit: Unflatten) -> Pixels:
    """White (grey value 255) becomes transparent; other alpha stays."""
    colour, alpha = split_alpha(pixels)
    visible = np.where(_grey(colour) < 255, np.uint8(255), np.uint8(0))
    return join_alpha(colour, visible if alpha is None else visible & alpha)
