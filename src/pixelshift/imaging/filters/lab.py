"""CIELAB (D65) of 8-bit sRGB and back, with libvips' constants.

X, Y, Z come from linear light by the matrix of IEC 61966-2-1 (Y of white = 100); L, a, b by CIE 1976.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelshift.imaging.filters.channels import Pixels
from pixelshift.imaging.filters.tables import encoded_steps, linear_light

Lab = NDArray[np.float32]
"""Shape (height, width, 3): L 0-100, a and b about -128 to 127."""

WHITE = np.array([95.0470, 100.0, 108.8827], np.float32)
TO_XYZ = np.array([[41.24, 35.76, 18.056], [21.26, 71.52, 7.220], [1.93, 11.92, 95.05]], np.float32)
FROM_XYZ = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]], np.float32
) / np.float32(100)


def to_lab(rgb: Pixels) -> Lab:
    """Lab of an RGB array (height, width, 3)."""
    xyz = linear_light()[rgb] @ (TO_XYZ / WHITE[:, None]).T
    f = np.where(xyz < 0.008856, 7.787 * xyz + 16 / 116, np.cbrt(xyz))
    lab = np.empty_like(f)
    lab[..., 0] = 116 * f[..., 1] - 16
    lab[..., 1] = 500 * (f[..., 0] - f[..., 1])
    lab[..., 2] = 200 * (f[..., 1] - f[..., 2])
    return lab


def from_lab(lab: Lab) -> Pixels:
    """RGB of a Lab array; colours outside sRGB are clipped per channel."""
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    dark = light < 8
    fy: NDArray[np.float32] = np.where(dark, 7.787 * light / 903.3 + 16 / 116, (light + 16) / 116)
    middle = np.where(dark, light / 903.3, fy**3)
    xyz = np.stack([_cube(a / 500 + fy), middle, _cube(fy - b / 200)], axis=-1) * WHITE
    return encode(xyz.astype(np.float32) @ FROM_XYZ.T)


def _cube(f: NDArray[Any]) -> NDArray[Any]:
    cubed: NDArray[Any] = np.where(f < 0.2069, (f - 0.13793) / 7.787, f**3)
    return cubed


def encode(linear: NDArray[np.float32]) -> Pixels:
    """8-bit sRGB of linear light, clipped to 0-1."""
    steps = encoded_steps()
    scaled = np.clip(linear * 255, 0, 255)
    below = scaled.astype(np.intp)
    low = steps[below]
    return np.rint(low + (steps[below + 1] - low) * (scaled - below)).astype(np.uint8)


def luminance(rgb: Pixels) -> Pixels:
    """Grey (height, width, 1) with the same luminous intensity: Rec. 709 weights on linear light."""
    linear = linear_light()[rgb]
    y: NDArray[np.float32] = linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return encode(y[..., None])
