"""Many series at once."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Unpack

from pixelshift.changepoint.detector import Detector
from pixelshift.changepoint.event import ChangePoint
from pixelshift.changepoint.parameters import Options

SERIES_PER_TASK = 16
"""Short series cost less than handing them to a thread one by one."""


def detect(values: Iterable[Any], **options: Unpack[Options]) -> list[ChangePoint]:
    """All changes of a finished series, exactly as a :class:`Detector` with these options reports them live."""
    return Detector(**options).extend(values)


def detect_many(series: Iterable[Iterable[Any]], **options: Unpack[Options]) -> list[list[ChangePoint]]:
    """:func:`detect` for each series, in their order, on all cores; the native part runs without the GIL."""
    waiting = list(series)
    Detector(**options)  # an option out of range is refused even when there is no series
    tasks = [waiting[at : at + SERIES_PER_TASK] for at in range(0, len(waiting), SERIES_PER_TASK)]

    def run(task: Sequence[Iterable[Any]]) -> list[list[ChangePoint]]:
        return [detect(values, **options) for values in task]

    if len(tasks) <= 1:
        return [changes for task in tasks for changes in run(task)]
    with ThreadPoolExecutor(max_workers=min(len(tasks), len(os.sched_getaffinity(0)))) as pool:
        return [changes for done in pool.map(run, tasks) for changes in done]
