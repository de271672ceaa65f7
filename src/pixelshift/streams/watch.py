"""Watching rows: one detector for each key, findings that name rows and times, and a state that can be put down."""

import base64
import binascii
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from pixelshift.changepoint import ChangePoint, Detector
from pixelshift.errors import InvalidRequestError, TooLargeError
from pixelshift.streams.detection import Detection
from pixelshift.streams.row import Row
from pixelshift.value import frozen

LABELS = 65_536
"""Rows whose number and time are remembered, by series: a change further back is told by its index alone."""


class Label(NamedTuple):
    """Where an observation stood in the input."""

    row: int
    time: str | None


@frozen
class Finding:
    """A change of level with the rows that it belongs to."""

    key: str
    change: ChangePoint
    at: Label | None
    """The first row of the new level."""
    found: Label
    """The row at which the change was found."""

    def record(self) -> dict[str, Any]:
        """Flat, for JSON and CSV; the same members always."""
        change = self.change
        return {
            "series": self.key,
            "index": change.index,
            "row": self.at and self.at.row,
            "time": self.at and self.at.time,
            "detected_at": change.detected_at,
            "detected_row": self.found.row,
            "detected_time": self.found.time,
            "direction": change.direction,
            "offset": change.offset,
            "offset_low": change.offset_low,
            "offset_high": change.offset_high,
            "before": change.before,
            "after": change.after,
            "p_value": change.p_value,
            "n_before": change.n_before,
            "n_after": change.n_after,
        }


class _Watched:
    """One series: its detector, its place in the stream, and the labels of the segment under test."""

    __slots__ = ("detector", "labels", "position")

    def __init__(self, detector: Detector, position: int = 0, labels: tuple[Label, ...] = ()) -> None:
        self.detector = detector
        self.position = position
        self.labels: deque[Label] = deque(labels, LABELS)


class Watcher:
    """Feeds rows to one detector for each key."""

    def __init__(self, detection: Detection, *, series_limit: int = 100_000) -> None:
        self._detection = detection
        self._limit = series_limit
        self._watched: dict[str, _Watched] = {}
        detection.detector()  # a wrong parameter is told before the first row is read

    def push(self, row: Row) -> Finding | None:
        """Takes one row; answers with the change that it reveals.

        :raises TooLargeError: more keys than the limit.
        """
        watched = self._watched.get(row.key) or self._begin(row.key)
        watched.labels.append(Label(row.number, row.time))
        watched.position += 1
        change = watched.detector.push(row.value)
        if change is None:
            return None
        back = watched.position - 1 - change.index
        labels = watched.labels
        at = labels[-1 - back] if back < len(labels) else None
        found = labels[-1]
        # Nothing before this change can be named again.
        watched.labels = deque(list(labels)[max(0, len(labels) - 1 - back) :], LABELS)
        return Finding(row.key, change, at, found)

    def counts(self) -> dict[str, int]:
        """Observations taken, by key."""
        return {key: watched.position for key, watched in self._watched.items()}

    def _begin(self, key: str) -> _Watched:
        if len(self._watched) >= self._limit:
            raise TooLargeError(f"more than {self._limit:,} series: is --by on the right column?", code="TooManySeries")
        watched = self._watched[key] = _Watched(self._detection.detector())
        return watched

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`restore` needs, as JSON values."""
        return {
            "settings": self._detection.changed(),
            "series": {
                key: {
                    "position": watched.position,
                    "detector": base64.b64encode(watched.detector.to_bytes()).decode(),
                    "labels": [list(label) for label in watched.labels],
                }
                for key, watched in self._watched.items()
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where :meth:`state` was taken.

        :raises InvalidRequestError: damaged, of a newer version, or taken under other parameters.
        """
        try:
            settings, series = dict(state["settings"]), dict(state["series"])
            if settings != self._detection.changed():
                raise InvalidRequestError(
                    f"the state was kept under other settings ({_spelled(settings)}, now "
                    f"{_spelled(self._detection.changed())}): repeat those, or name another state file"
                )
            self._watched = {
                str(key): _Watched(
                    Detector.from_bytes(base64.b64decode(kept["detector"], validate=True)),
                    int(kept["position"]),
                    tuple(Label(int(row), time) for row, time in kept["labels"]),
                )
                for key, kept in series.items()
            }
        except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
            raise InvalidRequestError(f"the state is damaged: {error}") from None


def _spelled(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items()) or "defaults"
