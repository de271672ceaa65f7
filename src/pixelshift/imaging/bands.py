"""Slow work in bands of rows, so that whoever owns the clock can stop it in between."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Checkpoint = Callable[[], None]
"""Called between bands; raises to stop the work (:class:`pixelshift.errors.TimeLimitError`)."""

BAND_WORK = 2e7
"""Elementary operations of one band: some tens of milliseconds."""


def go_on() -> None:
    """The checkpoint of those who have no clock."""


def bands(rows: int, work_per_row: float, checkpoint: Checkpoint, *, least: int = 1) -> Iterator[tuple[int, int]]:
    """Row ranges (first, last) of about :data:`BAND_WORK`, but at least ``least`` rows, each after a checkpoint."""
    size = max(least, int(BAND_WORK / max(work_per_row, 1)), 1)
    for first in range(0, rows, size):
        checkpoint()
        yield first, min(first + size, rows)


_POINTWISE_WORK = 30


def by_rows(
    operation: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], pixels: NDArray[np.uint8], checkpoint: Checkpoint
) -> NDArray[np.uint8]:
    """``operation``, which treats every pixel alone, band by band: what it holds on the way stays small."""
    result = None
    for first, last in bands(len(pixels), _POINTWISE_WORK * pixels[0].size, checkpoint):
        part = operation(pixels[first:last])
        if result is None:
            result = np.empty((len(pixels), *part.shape[1:]), np.uint8)
        result[first:last] = part
    if result is None:
        raise ValueError("a picture without rows")
    return result
