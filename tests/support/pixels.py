"""Test pictures as arrays (height, width, channels) of uint8, and the way to libvips and back."""

from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def noise(height: int, width: int, channels: int, seed: int = 0) -> Pixels:
    """Every value equally likely: the hardest picture for anything that looks at neighbours."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def waves(height: int, width: int, channels: int, seed: int = 0) -> Pixels:
    """Smooth colours with a little grain, nearer to a photograph."""
    y, x = np.mgrid[:height, :width]
    bands = [127 + 127 * np.sin(x / (7 + 3 * k) + k) * np.cos(y / (9 + 2 * k)) for k in range(channels)]
    grain = np.random.default_rng(seed).normal(0, 12, (height, width, channels))
    return np.clip(np.stack(bands, axis=-1) + grain, 0, 255).astype(np.uint8)


def solid(colour: tuple[int, ...], height: int = 8, width: int = 8) -> Pixels:
    return np.full((height, width, len(colour)), colour, np.uint8)


def as_vips(pixels: Pixels) -> Any:
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    return image.copy(interpretation="srgb" if pixels.shape[2] >= 3 else "b-w")


def from_vips(image: Any) -> Pixels:
    pixels: Pixels = image.cast("uchar").numpy()
    return pixels if pixels.ndim == 3 else pixels[..., None]
