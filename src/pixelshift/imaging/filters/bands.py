"""Slow work in bands of rows, so that whoever owns the clock can stop it in between."""

from collections.abc import Callable, Iterator

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
