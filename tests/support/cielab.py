"""CIELAB (D65) of 8-bit sRGB in double precision, with the constants of libvips."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
TO_XYZ = np.array([[0.4124, 0.3576, 0.18056], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
FROM_XYZ = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
WHITE = np.array([0.950470, 1.0, 1.088827])


def decoded(rgb: NDArray[np.number]) -> Reals:
    v = rgb / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def to_lab(rgb: NDArray[np.number]) -> Reals:
    t = decoded(rgb) @ TO_XYZ.T / WHITE
    f = np.where(t < 0.008856, 7.787 * t + 16 / 116, np.cbrt(t))
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def linear_of_lab(values: Reals) -> Reals:
    """Linear light 0-1, clipped."""
    fy = (values[..., 0] + 16) / 116
    f = np.stack([fy + values[..., 1] / 500, fy, fy - values[..., 2] / 200], axis=-1)
    xyz = np.where(f < 0.2069, (f - 16 / 116) / 7.787, f**3) * WHITE
    return np.clip(xyz @ FROM_XYZ.T, 0, 1)


def encoded(linear: Reals) -> Reals:
    """Levels of linear light by the curve of sRGB, not rounded."""
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def from_lab(values: Reals) -> Reals:
    return encoded(linear_of_lab(values))
