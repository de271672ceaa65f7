"""What colour channels and alpha are, and the edits that only move channels about."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pixelshift.edits.types import Bandbool, EnsureAlpha, ExtractChannel, Flatten, Negate, RemoveAlpha
from pixelshift.errors import InvalidRequestError

Pixels = NDArray[np.uint8]
"""Shape (height, width, channels): 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha; alpha is not premultiplied."""


def has_alpha(pixels: Pixels) -> bool:
    """Whether the last channel is alpha."""
    return pixels.shape[2] in {2, 4}


def split_alpha(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Colour channels and alpha (height, width, 1), both views."""
    if has_alpha(pixels):
        return pixels[:, :, :-1], pixels[:, :, -1:]
    return pixels, None


def join_alpha(colour: Pixels, alpha: Pixels | None) -> Pixels:
    """The inverse of :func:`split_alpha`."""
    return np.ascontiguousarray(colour) if alpha is None else np.concatenate([colour, alpha], axis=2)


def on_colour(operation: Callable[[Pixels], Pixels], pixels: Pixels) -> Pixels:
    """``operation`` on the colour channels alone; alpha is carried over."""
    colour, alpha = split_alpha(pixels)
    return join_alpha(operation(colour), alpha)


def as_rgb(pixels: Pixels) -> Pixels:
    """Grey becomes three equal channels; alpha is kept."""
    if pixels.shape[2] >= 3:
        return pixels
    colour, alpha = split_alpha(pixels)
    return join_alpha(np.repeat(colour, 3, axis=2), alpha)


def flatten(pixels: Pixels, edit: Flatten) -> Pixels:
    """Lay the picture over ``background``, whose own alpha is ignored: ``round(c * a + bg * (1 - a))``."""
    colour, alpha = split_alpha(pixels)
    if alpha is None:
        return pixels.copy()
    background = edit.background
    if colour.shape[2] == 1 and not background.r == background.g == background.b:
        colour = np.repeat(colour, 3, axis=2)
    below = np.array([background.r, background.g, background.b][: colour.shape[2]], np.uint32)
    cover = alpha.astype(np.uint32)
    return _divide_by_255(colour * cover + below * (255 - cover))


def _divide_by_255(products: NDArray[np.uint32]) -> Pixels:
    """Rounded quotient, exact for products up to 255 * 255."""
    shifted = products + 128
    return ((shifted + (shifted >> 8)) >> 8).astype(np.uint8)


def negate(pixels: Pixels, edit: Negate) -> Pixels:
    """255 - v, alpha included unless ``edit.alpha`` is off."""
    if edit.alpha:
        return 255 - pixels
    return on_colour(lambda colour: 255 - colour, pixels)


def remove_alpha(pixels: Pixels, _edit: RemoveAlpha) -> Pixels:
    """Drop alpha; colours stay as stored."""
    return split_alpha(pixels)[0].copy()


def ensure_alpha(pixels: Pixels, edit: EnsureAlpha) -> Pixels:
    """Add a constant alpha where there is none; the fraction of ``255 * alpha`` is cut."""
    if has_alpha(pixels):
        return pixels.copy()
    alpha = np.full((*pixels.shape[:2], 1), int(255 * edit.alpha), np.uint8)
    return join_alpha(pixels, alpha)


def extract_channel(pixels: Pixels, edit: ExtractChannel) -> Pixels:
    """One channel as a grey picture; -1 and 3 mean alpha. Grey pictures count as RGB.

    Raises :class:`InvalidRequestError` where the picture has no such channel.
    """
    pixels = as_rgb(pixels)
    channel = 3 if edit.channel == -1 else edit.channel
    if channel >= pixels.shape[2]:
        raise InvalidRequestError(
            f"extractChannel {edit.channel}: the picture has {pixels.shape[2]} channels; ask for 0 to "
            f"{pixels.shape[2] - 1}, or add ensureAlpha first.",
        )
    return pixels[:, :, channel : channel + 1].copy()


def bandbool(pixels: Pixels, edit: Bandbool) -> Pixels:
    """Combine all channels, alpha included, bit by bit into one."""
    fold = {"and": np.bitwise_and, "or": np.bitwise_or, "eor": np.bitwise_xor}[edit.operation]
    combined: Pixels = fold.reduce(as_rgb(pixels), axis=2, keepdims=True)
    return combined
