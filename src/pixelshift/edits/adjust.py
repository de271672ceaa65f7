"""Parsers of the edits that change values: filters, colour, channels (contract, 3.9)."""

import math
from collections.abc import Mapping
from typing import Literal

from pixelshift.edits.argument import LARGEST_NUMBER, PROCESSING_FAILURE, Argument
from pixelshift.edits.types import (
    BLACK,
    Bandbool,
    Blur,
    Clahe,
    Convolve,
    EnsureAlpha,
    ExtractChannel,
    Flatten,
    Flip,
    Flop,
    Gamma,
    Greyscale,
    Linear,
    Median,
    Modulate,
    Negate,
    Normalise,
    PipelineColourspace,
    Recomb,
    RemoveAlpha,
    Sharpen,
    Threshold,
    Tint,
    ToColourspace,
    Unflatten,
)

SMALLEST_BLUR_SIGMA = 0.3
LARGEST_BLUR_SIGMA = 1000.0
_LARGEST_SHARPEN_SIGMA = 10.0
_DEFAULT_SHARPEN_SIGMA = 0.5
"""Of libvips, which sharp falls back to where libvips refuses what sharp let through."""
_LARGEST_CURVE_VALUE = 1e6
_LARGEST_MEDIAN = 1000
_KERNEL_SIDES = (3, 1001)
_PRECISIONS: dict[str, Literal["integer", "float", "approximate"]] = {
    "integer": "integer", "float": "float", "approximate": "approximate",
}  # fmt: skip
_CHANNELS = {"red": 0, "green": 1, "blue": 2, "alpha": -1}
_BAND_OPERATIONS: dict[str, Literal["and", "or", "eor"]] = {"and": "and", "or": "or", "eor": "eor"}
_COLOURSPACES = frozenset(
    ("srgb", "rgb", "b-w", "cmyk", "rgb16", "grey16", "scrgb", "lab", "labs", "lch", "xyz", "yxy", "cmc", "hsv")
)


def parse_flip(argument: Argument) -> Flip | None:
    """``flip``: off only for ``false``."""
    return None if argument.value is False else Flip()


def parse_flop(argument: Argument) -> Flop | None:
    """``flop``: off only for ``false``."""
    return None if argument.value is False else Flop()


def parse_sharpen(argument: Argument) -> Sharpen | None:
    """``sharpen``: ``null``/``true`` mild, ``false`` off, a number is the sigma, an object has every parameter."""
    value = argument.value
    if value is None or value is True:
        return Sharpen()
    if value is False:
        return None
    if not isinstance(value, Mapping):
        sigma = argument.number(0.01, 10_000)
        return Sharpen(sigma if sigma <= _LARGEST_SHARPEN_SIGMA else _DEFAULT_SHARPEN_SIGMA)
    m1, m2, x1, y2, y3 = (
        argument.member(key).number(0, _LARGEST_CURVE_VALUE, default)
        for key, default in (("m1", 1.0), ("m2", 2.0), ("x1", 2.0), ("y2", 10.0), ("y3", 20.0))
    )
    return Sharpen(argument.member("sigma").number(0.000001, _LARGEST_SHARPEN_SIGMA), m1, m2, x1, y2, y3)


def parse_blur(argument: Argument) -> Blur | None:
    """``blur``: ``null``/``true`` is a 3x3 box, ``false`` off, a number the sigma, an object has every parameter."""
    value = argument.value
    if value is None or value is True:
        return Blur()
    if value is False:
        return None
    if not isinstance(value, Mapping):
        return Blur(argument.number(SMALLEST_BLUR_SIGMA, LARGEST_BLUR_SIGMA))
    return Blur(
        sigma=argument.member("sigma").number(SMALLEST_BLUR_SIGMA, LARGEST_BLUR_SIGMA),
        precision=argument.member("precision").choice(_PRECISIONS, "integer"),
        min_amplitude=argument.member("minAmplitude").number(0.001, 1, 0.2),
    )


def parse_median(argument: Argument) -> Median:
    """``median``: the window's side; ``null`` is 3."""
    return Median(argument.integer(1, min(_LARGEST_MEDIAN, argument.limits.median_side), 3))


def parse_convolve(argument: Argument) -> Convolve:
    """``convolve``: as upstream, a scale that is no whole number gives way to the kernel's sum, and none is below 1."""
    argument.members("{width, height, kernel, scale, offset}")
    low, high = _KERNEL_SIDES
    high = min(high, argument.limits.convolution_side)
    width, height = (argument.member(key).integer(low, high) for key in ("width", "height"))
    expected = f"a list of {width * height} numbers"
    cells = argument.member("kernel").items(expected)
    if len(cells) != width * height:
        raise argument.member("kernel").refuse(expected)
    kernel = tuple(cell.number(-LARGEST_NUMBER, LARGEST_NUMBER) for cell in cells)
    scale = _whole(argument.member("scale"))
    offset = _whole(argument.member("offset"))
    return Convolve(width, height, kernel, max(math.fsum(kernel) if scale is None else scale, 1.0), offset or 0.0)


def _whole(argument: Argument) -> float | None:
    value = argument.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = argument.number(-LARGEST_NUMBER, LARGEST_NUMBER)
    return number if number.is_integer() else None


def parse_clahe(argument: Argument) -> Clahe:
    """``clahe``: ``{width, height, maxSlope}``."""
    argument.members("{width, height, maxSlope}")
    width, height = (argument.member(key).integer(1, argument.limits.output_side_px) for key in ("width", "height"))
    return Clahe(width, height, argument.member("maxSlope").integer(0, 100, 3))


def parse_threshold(argument: Argument) -> Threshold | None:
    """``threshold``: ``null``/``true`` is 128; ``false`` and 0 are off, as in sharp."""
    if argument.value is False:
        return None
    value = 128 if argument.value is True else argument.integer(0, 255, 128)
    return Threshold(value) if value else None


def parse_tint(argument: Argument) -> Tint:
    """``tint``: a colour."""
    return Tint(argument.colour())


def parse_greyscale(argument: Argument) -> Greyscale | None:
    """``greyscale``/``grayscale``: off only for ``false``."""
    return None if argument.value is False else Greyscale()


def parse_gamma(argument: Argument) -> Gamma:
    """``gamma``: 1-3; ``null`` is 2.2."""
    return Gamma(argument.number(1, 3, 2.2))


def parse_negate(argument: Argument) -> Negate | None:
    """``negate``: ``false`` is off; ``{alpha: false}`` spares the alpha channel."""
    if argument.value is False:
        return None
    if isinstance(argument.value, Mapping):
        return Negate(argument.member("alpha").boolean(default=True))
    return Negate()


def parse_normalise(argument: Argument) -> Normalise:
    """``normalise``/``normalize``: any value turns it on, even ``false``; an object has the percentiles."""
    if not isinstance(argument.value, Mapping):
        return Normalise()
    lower = argument.member("lower").number(0, 99, 1.0)
    upper = argument.member("upper").number(1, 100, 99.0)
    if lower >= upper:
        raise argument.member("lower").refuse("less than upper")
    return Normalise(lower, upper)


def parse_linear(argument: Argument) -> Linear | None:
    """``linear``: one factor for every channel; ``null`` does nothing. Lists never worked."""
    if argument.value is None:
        return None
    if isinstance(argument.value, list | tuple):
        argument = argument.with_code(PROCESSING_FAILURE)
    return Linear((argument.number(-LARGEST_NUMBER, LARGEST_NUMBER),), (0.0,))


def parse_recomb(argument: Argument) -> Recomb:
    """``recomb``: a 3x3 or 4x4 matrix."""
    expected = "a 3x3 or 4x4 matrix of numbers"
    rows = [row.items(expected) for row in argument.items(expected)]
    if len(rows) not in {3, 4} or any(len(row) != len(rows) for row in rows):
        raise argument.refuse(expected)
    return Recomb(tuple(tuple(cell.number(-LARGEST_NUMBER, LARGEST_NUMBER) for cell in row) for row in rows))


def parse_modulate(argument: Argument) -> Modulate:
    """``modulate``: ``{brightness, saturation, hue, lightness}``; the hue is folded into 0-359 degrees."""
    argument.members("{brightness, saturation, hue, lightness}")
    return Modulate(
        brightness=argument.member("brightness").number(0, LARGEST_NUMBER, 1.0),
        saturation=argument.member("saturation").number(0, LARGEST_NUMBER, 1.0),
        hue=argument.member("hue").integer(-(10**9), 10**9, 0) % 360,
        lightness=argument.member("lightness").number(-LARGEST_NUMBER, LARGEST_NUMBER, 0.0),
    )


def parse_flatten(argument: Argument) -> Flatten | None:
    """``flatten``: ``false`` is off; ``{background}``, else black."""
    if argument.value is False:
        return None
    if argument.value is None or argument.value is True:
        return Flatten()
    argument.members("true, false or {background}")
    return Flatten(argument.member("background").colour(BLACK))


def parse_unflatten(_: Argument) -> Unflatten:
    """``unflatten``: any value turns it on."""
    return Unflatten()


def parse_pipeline_colourspace(argument: Argument) -> PipelineColourspace | None:
    """``pipelineColourspace``: unknown names do nothing."""
    name = argument.text("the name of a colour space")
    return PipelineColourspace(name) if name in _COLOURSPACES else None


def parse_to_colourspace(argument: Argument) -> ToColourspace | None:
    """``toColourspace``: unknown names do nothing."""
    name = argument.text("the name of a colour space")
    return ToColourspace(name) if name in _COLOURSPACES else None


def parse_remove_alpha(_: Argument) -> RemoveAlpha:
    """``removeAlpha``: any value turns it on."""
    return RemoveAlpha()


def parse_ensure_alpha(argument: Argument) -> EnsureAlpha:
    """``ensureAlpha``: 0-1; ``null`` is 1."""
    return EnsureAlpha(argument.number(0, 1, 1.0))


def parse_extract_channel(argument: Argument) -> ExtractChannel:
    """``extractChannel``: 0-4, or a name."""
    if isinstance(argument.value, str):
        return ExtractChannel(argument.choice(_CHANNELS))
    return ExtractChannel(argument.integer(0, 4))


def parse_bandbool(argument: Argument) -> Bandbool:
    """``bandbool``: ``and``, ``or``, ``eor``."""
    return Bandbool(argument.choice(_BAND_OPERATIONS))
