"""Affine transforms: rotation by any angle, and sharp's ``affine``. Both are bilinear, as in sharp.

sharp knows other interpolators for ``affine``, but names them in a second argument, which an edit does not have.
"""

import math

import numpy as np

from pixelshift._native import _warp
from pixelshift.edits.types import Affine
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.bands import Checkpoint, bands, go_on
from pixelshift.imaging.filters.channels import Pixels, as_rgb

Matrix = tuple[float, float, float, float]

_WORK_PER_SAMPLE = 15


def rotated_size(width: int, height: int, angle: float) -> tuple[int, int]:
    """Canvas of a turn by ``angle`` degrees."""
    left, top, right, bottom = _bounds(width, height, _rotation(angle))
    return right - left, bottom - top


def affine_size(width: int, height: int, matrix: Matrix) -> tuple[int, int]:
    """Canvas that holds the transformed corners, each side of it rounded."""
    left, top, right, bottom = _bounds(width, height, matrix)
    return right - left, bottom - top


def rotate_any(pixels: Pixels, angle: float, checkpoint: Checkpoint = go_on) -> Pixels:
    """Turn clockwise by ``angle`` degrees on an opaque black canvas that just holds the picture."""
    return _warp_by(pixels, _rotation(angle), checkpoint)


def affine(pixels: Pixels, edit: Affine, checkpoint: Checkpoint = go_on) -> Pixels:
    """Map (x, y) to (a x + b y, c x + d y) on an opaque black canvas.

    Raises :class:`InvalidRequestError` for a matrix that cannot be inverted or leaves nothing.
    """
    return _warp_by(pixels, edit.matrix, checkpoint)


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


def _warp_by(pixels: Pixels, matrix: Matrix, checkpoint: Checkpoint) -> Pixels:
    height, width, channels = pixels.shape
    a, b, c, d = matrix
    determinant = a * d - b * c
    left, top, right, bottom = _bounds(width, height, matrix)
    if abs(determinant) < 1e-12 or right <= left or bottom <= top:
        raise InvalidRequestError("affine: this matrix leaves no picture; choose one that can be inverted.")
    # Grey takes the way of RGB, as it is rare.
    source = np.ascontiguousarray(as_rgb(pixels))
    result = np.empty((bottom - top, right - left, source.shape[2]), np.uint8)
    across, down = (d / determinant, -c / determinant), (-b / determinant, a / determinant)
    origin = (left * across[0] + top * down[0], left * across[1] + top * down[1])
    for rows in bands(len(result), _WORK_PER_SAMPLE * result[0].size, checkpoint):
        _warp.bilinear(result, source, origin=origin, across=across, down=down, rows=rows)
    # The last channel is blue, or alpha behind it.
    return result if channels >= 3 else np.ascontiguousarray(result[:, :, 2:])
