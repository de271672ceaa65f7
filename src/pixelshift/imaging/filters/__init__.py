"""Filters on whole arrays, with sharp's meaning and numbers; tolerances are in docs/reference/filters.md.

Every function takes an array (height, width, channels) of uint8, 1-4 channels with alpha last where there are 2 or 4,
and its edit, and returns a new array.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pixelshift.edits import types as edits
from pixelshift.imaging.bands import by_rows
from pixelshift.imaging.filters import channels, colour, spatial, warp
from pixelshift.imaging.filters.channels import Pixels
from pixelshift.imaging.filters.colour import gamma_in, gamma_out
from pixelshift.imaging.filters.warp import affine_size, rotate_any, rotated_size

# Each function takes the one edit type that is its key.
FILTERS: Mapping[type, Callable[..., Pixels]] = MappingProxyType(
    {
        edits.Affine: warp.affine,
        edits.Bandbool: channels.bandbool,
        edits.Blur: spatial.blur,
        edits.Clahe: spatial.clahe,
        edits.Convolve: spatial.convolve,
        edits.EnsureAlpha: channels.ensure_alpha,
        edits.ExtractChannel: channels.extract_channel,
        edits.Flatten: channels.flatten,
        edits.Gamma: colour.gamma,
        edits.Greyscale: colour.greyscale,
        edits.Linear: colour.linear,
        edits.Median: spatial.median,
        edits.Modulate: colour.modulate,
        edits.Negate: channels.negate,
        edits.Normalise: colour.normalise,
        edits.Recomb: colour.recomb,
        edits.RemoveAlpha: channels.remove_alpha,
        edits.Sharpen: spatial.sharpen,
        edits.Threshold: colour.threshold,
        edits.Tint: colour.tint,
        edits.Unflatten: colour.unflatten,
    }
)

# Those that look at more than one pixel at a time: they go through the picture in bands of rows themselves.
_BANDED = frozenset(
    {edits.Affine, edits.Blur, edits.Clahe, edits.Convolve, edits.Median, edits.Normalise, edits.Sharpen}
)


def apply(pixels: Pixels, edit: Any, checkpoint: Callable[[], None]) -> Pixels:
    """Filter the array as ``edit`` says; ``checkpoint`` is called between bands of rows, and may raise to stop it."""
    filter_ = FILTERS[type(edit)]
    if type(edit) in _BANDED:
        return filter_(pixels, edit, checkpoint)
    return by_rows(lambda band: filter_(band, edit), pixels, checkpoint)


__all__ = [
    "FILTERS",
    "Pixels",
    "affine_size",
    "apply",
    "by_rows",
    "gamma_in",
    "gamma_out",
    "rotate_any",
    "rotated_size",
]
