"""A float64 resampler to hold the kernels against: dense weight matrices, kernels in other forms than the C code's."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def _b_spline_2(x: Reals) -> Reals:
    x = np.abs(x)
    return np.where(x < 0.5, 0.75 - x**2, np.where(x < 1.5, (x - 1.5) ** 2 / 2, 0))


def _b_spline_3(x: Reals) -> Reals:
    x = np.abs(x)
    return np.where(x < 1, (4 - 6 * x**2 + 3 * x**3) / 6, np.where(x < 2, (2 - x) ** 3 / 6, 0))


def _keys(x: Reals) -> Reals:
    x, a = np.abs(x), -0.5
    near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _sharpened(x: Reals, taps: list[float]) -> Reals:
    """Costella's sharpened kernels are the quadratic B-spline convolved with a few taps."""
    middle = len(taps) // 2
    return np.sum([tap * _b_spline_2(x - i + middle) for i, tap in enumerate(taps)], axis=0)


def _lanczos(x: Reals, lobes: int) -> Reals:
    return np.where(np.abs(x) < lobes, np.sinc(x) * np.sinc(x / lobes), 0)


FILTERS: dict[str, Callable[[Reals], Reals]] = {
    "linear": lambda x: np.maximum(0, 1 - np.abs(x)),
    "cubic": _keys,
    "mitchell": lambda x: _keys(x) * 2 / 3 + _b_spline_3(x) / 3,
    "lanczos2": lambda x: _lanczos(x, 2),
    "lanczos3": lambda x: _lanczos(x, 3),
    "mks2013": lambda x: _sharpened(x, [-1 / 4, 3 / 2, -1 / 4]),
    "mks2021": lambda x: _sharpened(x, [v / 144 for v in (-1, 6, -35, 204, -35, 6, -1)]),
}


def repeated_matrix(source: int, result: int, kernel: str, low: float, high: float) -> Reals:
    """The same for a source whose edges go on: the weights beyond them are the edge's."""
    step = (high - low) / result
    margin = source + int(10 * max(step, 1)) + 2
    kept = np.clip(np.arange(-margin, source + margin), 0, source - 1)
    wide = weight_matrix(source + 2 * margin, result, kernel, low + margin, high + margin)
    folded = np.zeros((result, source))
    np.add.at(folded.T, kept, wide.T)
    return folded


def weight_matrix(source: int, result: int, kernel: str, low: float = 0, high: float | None = None) -> Reals:
    """Weights of shape (result, source), each row summing to 1; a direction that keeps its samples is copied."""
    step = ((source if high is None else high) - low) / result
    centres = low + (np.arange(result) + 0.5) * step
    if kernel == "nearest" or (step == 1 and low == int(low)):
        matrix = np.zeros((result, source))
        matrix[np.arange(result), np.minimum(centres.astype(int), source - 1)] = 1
        return matrix
    matrix = FILTERS[kernel]((np.arange(source) + 0.5 - centres[:, None]) / max(step, 1))
    return matrix / matrix.sum(axis=1, keepdims=True)


Box = tuple[float, float, float, float]


def resample(
    picture: NDArray[np.uint8], size: tuple[int, int], kernel: str, box: Box | None = None, *, repeat: bool = False
) -> Reals:
    """The exact result for a picture of shape (h, w, c) as float64 (size[1], size[0], c), not clipped or rounded."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box or (0, 0, width, height)
    weights = repeated_matrix if repeat else weight_matrix
    down, across = weights(height, size[1], kernel, top, bottom), weights(width, size[0], kernel, left, right)
    return np.einsum("yh,hwc,xw->yxc", down, picture.astype(np.float64), across, optimize=True)


def resample_premultiplied(
    picture: NDArray[np.uint8], size: tuple[int, int], kernel: str, box: Box | None = None, *, repeat: bool = False
) -> tuple[Reals, Reals]:
    """(premultiplied colours, alpha) of the exact result, not clipped; the last channel of `picture` is alpha."""
    scaled = picture.astype(np.float64)
    scaled[..., :-1] *= scaled[..., -1:] / 255
    height, width = picture.shape[:2]
    left, top, right, bottom = box or (0, 0, width, height)
    weights = repeated_matrix if repeat else weight_matrix
    down, across = weights(height, size[1], kernel, top, bottom), weights(width, size[0], kernel, left, right)
    result = np.einsum("yh,hwc,xw->yxc", down, scaled, across, optimize=True)
    return result[..., :-1], result[..., -1]
