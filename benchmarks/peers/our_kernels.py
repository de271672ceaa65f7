"""Single operations on arrays by our library, measured here and in a process on another level."""

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import numpy as np

from pixelshift.edits import types as edits
from pixelshift.imaging import compose, filters, saliency
from pixelshift.imaging.bands import go_on

# The names under which competitors know them too.
FILTERS = MappingProxyType(
    {
        "box 3x3": edits.Blur(),
        "blur, sigma 3": edits.Blur(3.0),
        "blur, sigma 20": edits.Blur(20.0),
        "sharpen 3x3": edits.Sharpen(),
        "sharpen, sigma 2": edits.Sharpen(2.0),
        "median 3": edits.Median(3),
        "median 9": edits.Median(9),
        "convolve 5x5": edits.Convolve(5, 5, tuple(float(v) for v in range(25)), 300.0),
        "clahe 50x50": edits.Clahe(50, 50),
        "greyscale": edits.Greyscale(),
        "hue 90": edits.Modulate(hue=90),
        "normalise": edits.Normalise(),
        "linear 1.2": edits.Linear((1.2,), (0.0,)),
        "recomb": edits.Recomb(((0.4, 0.7, 0.1), (0.3, 0.6, 0.1), (0.2, 0.5, 0.1))),
        "negate": edits.Negate(),
        "affine": edits.Affine((1.0, 0.3, 0.1, 0.7)),
    }
)
ROTATION = "rotate 30"


def filter_call(picture: str | Path, name: str) -> Callable[[], object]:
    pixels = np.load(picture)
    if name == ROTATION:
        return lambda: filters.rotate_any(pixels, 30.0)
    edit = FILTERS[name]
    return lambda: filters.apply(pixels, edit, go_on)


def blend_call(base: str | Path, overlay: str | Path, mode: str) -> Callable[[], object]:
    """All of the overlay on all of the base; ``watermark`` is ``over`` on a base that stays RGB."""
    below, above = np.load(base), np.load(overlay)
    if mode == "watermark":
        return lambda: compose.watermark(below, above, left=0, top=0)
    return lambda: compose.composite(below, above, left=0, top=0, blend=mode)


def saliency_call(picture: str | Path, strategy: str, width: int, height: int) -> Callable[[], object]:
    pixels = np.load(picture)
    find = saliency.attention_box if strategy == "attention" else saliency.entropy_box
    return lambda: find(pixels, width, height)
