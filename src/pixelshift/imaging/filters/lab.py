"""CIELAB (D65) of 8-bit sRGB and back, with libvips' constants, on the native kernels."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pixelshift._native import _colour
from pixelshift.imaging.filters.channels import Pixels

LIGHT_STEPS = 327.67
"""Of the planes below: parts of one L step."""

CHROMA_STEPS = 256
"""Of the planes below: parts of one step of a or b."""

Light = NDArray[np.uint16]
"""L (height, width), 0-32767."""

Chroma = NDArray[np.int16]
"""a and b (2, height, width)."""

Matrix = tuple[float, float, float, float]


@lru_cache(maxsize=1)
def _curves() -> _colour.Curves:
    return _colour.Curves()


def adjust(pixels: Pixels, *, light: tuple[float, float], chroma: Matrix) -> Pixels:
    """RGB or RGBA with L to ``light[0] * L + light[1]`` and (a, b) times the 2x2 matrix ``chroma``."""
    result = np.empty(pixels.shape, np.uint8)
    _colour.adjust(result, np.ascontiguousarray(pixels), _curves(), light=light, chroma=chroma)
    return result


def split(pixels: Pixels) -> tuple[Light, Chroma]:
    """L, and a and b, of RGB or RGBA."""
    light, chroma = np.empty(pixels.shape[:2], np.uint16), np.empty((2, *pixels.shape[:2]), np.int16)
    _colour.split(light, chroma, np.ascontiguousarray(pixels), _curves())
    return light, chroma


def join(pixels: Pixels, light: Light, chroma: Chroma) -> Pixels:
    """``pixels`` with colours replaced; what lies outside sRGB is clipped per channel."""
    result = np.array(pixels, np.uint8, order="C")
    _colour.join(result, light, chroma, _curves())
    return result


def lightness(pixels: Pixels) -> NDArray[np.uint8]:
    """L (height, width), 0-100, fraction cut."""
    light = np.empty(pixels.shape[:2], np.uint8)
    _colour.lightness(light, np.ascontiguousarray(pixels), _curves())
    return light


def luminance(pixels: Pixels) -> Pixels:
    """Grey (height, width, 1) with the same luminous intensity: Rec. 709 weights on linear light."""
    grey = np.empty(pixels.shape[:2], np.uint8)
    _colour.luminance(grey, np.ascontiguousarray(pixels), _curves())
    return grey[:, :, None]
