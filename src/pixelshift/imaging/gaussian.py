"""Gaussians as libvips has them, without arrays, so that the native path can do without NumPy."""

import math

from pixelshift._native import _engine
from pixelshift.edits.types import Sharpen

SHARPEN_AMPLITUDE = 0.1
"""Where libvips' ``sharpen`` cuts its Gaussian."""


def heights(sigma: float, min_amplitude: float) -> list[float]:
    """``exp(-x^2 / 2 sigma^2)`` from the middle out, cut below the amplitude."""
    found = [1.0]
    while (height := math.exp(-(len(found) ** 2) / (2 * sigma * sigma))) >= max(min_amplitude, 1 / 256):
        found.append(height)
    return found


def whole_mask(sigma: float, min_amplitude: float) -> list[int]:
    """libvips' integer Gaussian from the middle out: ``round(20 exp(-x^2 / 2 sigma^2))``."""
    rounded = [math.floor(20 * height + 0.5) for height in heights(sigma, min_amplitude)]
    return [weight for weight in rounded if weight > 0]


def sharpening(edit: Sharpen) -> _engine.Sharpening:
    """The edit as the native engine does it."""
    if edit.sigma is None:
        return _engine.Sharpening()
    mask = whole_mask(edit.sigma, SHARPEN_AMPLITUDE)
    return _engine.Sharpening(mask, m1=edit.m1, m2=edit.m2, x1=edit.x1, y2=edit.y2, y3=edit.y3)
