"""What golden tests share: a source's planes in float64, their place on a result, and colours of JFIF."""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support import jpeg_reference
from tests.support.resampling import repeated_matrix

Reals = NDArray[np.float64]
Box = tuple[float, float, float, float]
SAMPLES = Path(__file__).parents[2] / "samples"
SUBSAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
SIZE = (157, 111)
PLANES = (2.1, 0.48)
"""Levels at most and on average of planes written at quality 100, which rounds every coefficient once more. Measured:
1.90, 0.44."""


@lru_cache
def source(sampling: str) -> bytes:
    """A busy part of a photograph; ``grey`` or a subsampling."""
    with Image.open(SAMPLES / "dandelions.jpg") as photograph:
        left, top = photograph.width // 3, photograph.height // 3
        part = photograph.convert("RGB").resize(SIZE, box=(left, top, left + 4 * SIZE[0], top + 4 * SIZE[1]))
    body = io.BytesIO()
    if sampling == "grey":
        part.convert("L").save(body, "JPEG", quality=90)
    else:
        part.save(body, "JPEG", quality=90, subsampling=SUBSAMPLINGS[sampling])
    return body.getvalue()


@lru_cache
def planes(sampling: str, scale: int) -> tuple[list[Reals], list[tuple[float, float]]]:
    """The file's planes, and source pixels per pixel of each."""
    coefficients = jpeg_reference.read(source(sampling))
    across, down = coefficients.finest
    steps = [(8 * across / (scale * a), 8 * down / (scale * d)) for a, d in coefficients.factors]
    return coefficients.planes(scale), steps


@dataclass(frozen=True)
class Place:
    """A box of the picture that becomes a result of ``size``."""

    box: Box
    size: tuple[int, int]
    mirrored: tuple[bool, bool] = (False, False)
    """Whether left and right, top and bottom of the result change places later: what coarse samples are aligned to."""

    def resampled(self, plane: Reals, step: tuple[float, float], out: tuple[int, int], kernel: str) -> Reals:
        """The plane of ``out`` samples that covers it, from one with a sample per ``step`` pixels.

        A coarse plane's samples stand in the middle of the pixels that they cover. Nothing outside of the box's whole
        pixels is looked at; beyond them the edge goes on.
        """
        matrices = []
        for axis in (0, 1):
            low, high = self.box[axis], self.box[axis + 2]
            first, last = int(low // step[axis]), int(-(-high // step[axis]))
            last = min(last, plane.shape[1 - axis])
            reach = (high - low) / self.size[axis] * -(-self.size[axis] // out[axis]) * out[axis]
            low = high - reach if self.mirrored[axis] else low
            begin, end = low / step[axis] - first, (low + reach) / step[axis] - first
            matrices.append((repeated_matrix(last - first, out[axis], kernel, begin, end), slice(first, last)))
        (across, columns), (down, rows) = matrices
        made: Reals = down @ plane[rows, columns] @ across.T
        return np.clip(made, 0, 255)


def to_rgb(luma: Reals, blue: Reals, red: Reals) -> Reals:
    """JFIF 1.02."""
    cb, cr = blue - 128, red - 128
    channels = [luma + 1.402 * cr, luma - 0.344136286 * cb - 0.714136286 * cr, luma + 1.772 * cb]
    return np.clip(np.stack(channels, axis=2), 0, 255)


def from_rgb(rgb: Reals) -> list[Reals]:
    """The inverse of the same, not clipped."""
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    return [luma, 128 + (rgb[..., 2] - luma) / 1.772, 128 + (rgb[..., 0] - luma) / 1.402]


def halved(plane: Reals) -> Reals:
    """Means of 2x2, the last row and column repeated where they are single."""
    height, width = plane.shape
    even = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    mean: Reals = even.reshape(-(-height // 2), 2, -(-width // 2), 2).mean(axis=(1, 3))
    return mean


def assert_near(actual: NDArray[np.number], expected: Reals, most: float, mean: float) -> None:
    """Levels at most, and on average; of a few samples the average is chance."""
    error = np.abs(actual - expected)
    assert error.max() <= most, f"{error.max():.2f} levels at {np.unravel_index(error.argmax(), error.shape)}"
    assert error.size < 500 or error.mean() <= mean, f"{error.mean():.3f} levels on average"
