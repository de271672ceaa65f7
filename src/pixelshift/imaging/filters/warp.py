"""Affine transforms: rotation by any angle, and sharp's ``affine``."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pixelshift.edits.types import Affine
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.filters.channels import Pixels, split_alpha

Matrix = tuple[float, float, float, float]
Plane = NDArray[np.float32]
Interpolate = Callable[[NDArray[np.float64]], tuple[list[NDArray[np.float64]], int]]
"""Weights of the taps for each fraction, and how many taps lie before the pixel."""


def rotated_size(width: int, height: int, angle: float) -> tuple[int, int]:
    """Canvas of a turn by ``angle`` degrees."""
    left, top, right, bottom = _bounds(width, height, _rotation(angle))
    return right - left, bottom - top


def affine_size(width: int, height: int, matrix: Matrix) -> tuple[int, int]:
    """Canvas that holds the transformed corners, each side of it rounded."""
    left, top, right, bottom = _bounds(width, height, matrix)
    return right - left, bottom - top


def rotate_any(pixels: Pixels, angle: float) -> Pixels:
    """Turn clockwise by ``angle`` degrees, bilinear, on an opaque black canvas that just holds the picture."""
    return _warp(pixels, _rotation(angle), _bilinear)


def affine(pixels: Pixels, edit: Affine) -> Pixels:
    """Map (x, y) to (a x + b y, c x + d y), bicubic (Catmull-Rom), on an opaque black canvas.

    Raises :class:`InvalidRequestError` for a matrix that cannot be inverted or leaves nothing.
    """
    return _warp(pixels, edit.matrix, _bicubic)


def _rotation(angle: float) -> Matrix:
    radians = math.radians(angle)
    return math.cos(radians), -math.sin(radians), math.sin(radians), math.cos(radians)


def _bounds(width: int, height: int, matrix: Matrix) -> tuple[int, int, int, int]:
    a, b, c, d = matrix
    xs = (0.0, a * width, b * height, a * width + b * height)
    ys = (0.0, c * width, d * height, c * width + d * height)
    left, top = _round(min(xs)), _round(min(ys))
    return left, top, left + _round(max(xs) - min(xs)), top + _round(max(ys) - min(ys))


def _round(value: float) -> int:
    return math.floor(value + 0.5)


FRAME = 3


def _warp(pixels: Pixels, matrix: Matrix, interpolate: Interpolate) -> Pixels:
    height, width = pixels.shape[:2]
    a, b, c, d = matrix
    determinant = a * d - b * c
    left, top, right, bottom = _bounds(width, height, matrix)
    if abs(determinant) < 1e-12 or right <= left or bottom <= top:
        raise InvalidRequestError("affine: this matrix leaves no picture; choose one that can be inverted.")
    framed = _frame(pixels)
    xs = np.arange(left, right, dtype=np.float64)
    result = np.empty((bottom - top, right - left, pixels.shape[2]), np.float32)
    for row, y in enumerate(range(top, bottom)):
        x_source = (d * xs - b * y) / determinant
        y_source = (a * y - c * xs) / determinant
        result[row] = _sample(framed, x_source, y_source, interpolate)
    return _finish(result)


def _frame(pixels: Pixels) -> Plane:
    """Colours weighted by alpha, inside a frame of opaque black wide enough for every tap outside."""
    height, width, channels = pixels.shape
    framed = np.zeros((height + 2 * FRAME, width + 2 * FRAME, channels), np.float32)
    inner = framed[FRAME:-FRAME, FRAME:-FRAME]
    colour, alpha = split_alpha(pixels)
    if alpha is None:
        inner[:] = pixels
    else:
        framed[:, :, -1] = 255
        inner[:, :, :-1] = colour * (alpha / np.float32(255))
        inner[:, :, -1:] = alpha
    return framed


def _sample(framed: Plane, x: NDArray[np.float64], y: NDArray[np.float64], interpolate: Interpolate) -> Plane:
    left, top = np.floor(x), np.floor(y)
    (x_weights, before), (y_weights, _) = interpolate(x - left), interpolate(y - top)
    columns = left.astype(np.intp) + FRAME - before
    rows = top.astype(np.intp) + FRAME - before
    last_row, last_column = framed.shape[0] - 1, framed.shape[1] - 1
    total = np.zeros((len(x), framed.shape[2]), np.float32)
    for j, y_weight in enumerate(y_weights):
        row = np.clip(rows + j, 0, last_row)
        for i, x_weight in enumerate(x_weights):
            taps = framed[row, np.clip(columns + i, 0, last_column)]
            total += taps * (y_weight * x_weight)[:, None].astype(np.float32)
    return total


def _finish(weighted: Plane) -> Pixels:
    clipped = np.clip(weighted, 0, 255)
    if weighted.shape[2] in {2, 4}:
        alpha = np.rint(clipped[:, :, -1:])
        colour = np.divide(clipped[:, :, :-1] * 255, alpha, out=np.zeros_like(clipped[:, :, :-1]), where=alpha > 0)
        clipped = np.concatenate([np.minimum(colour, 255), alpha], axis=2)
    return np.rint(clipped).astype(np.uint8)


def _bilinear(t: NDArray[np.float64]) -> tuple[list[NDArray[np.float64]], int]:
    return [1 - t, t], 0


def _bicubic(t: NDArray[np.float64]) -> tuple[list[NDArray[np.float64]], int]:
    """Catmull-Rom (a = -0.5) weights of the four taps from one before."""
    far, near = ((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2
    return [far, near, ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2], 1
