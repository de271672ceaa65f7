"""What has come and is not shipped yet: bounded, in order, sorted into logs and metrics."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pixelshift.value import frozen

Kind = Literal["logs", "metrics"]
_FIGURES = frozenset({"platform.report", "platform.initReport"})


@frozen
class Line:
    """One telemetry event as a line of JSON."""

    kind: Kind
    time: str
    """As Lambda wrote it: ``2022-10-12T00:00:15.064Z``."""
    text: bytes


class Backlog:
    """A queue between Lambda, which sends when it likes, and S3, which answers when it likes. Thread-safe."""

    def __init__(self, limit_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._changed = threading.Condition()
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._oldest_s: float | None = None
        self.touched_s = clock()
        """When Lambda last sent anything."""

    def add(self, events: Sequence[Mapping[str, Any]], wait_s: float) -> bool:
        """Takes a delivery whole, or after ``wait_s`` seconds without room not at all.

        One that is larger than the whole limit is taken once nothing else is there.
        """
        lines = [_line(event) for event in events]
        size = sum(len(line.text) for line in lines)
        with self._changed:
            self.touched_s = self._clock()
            room = self._changed.wait_for(lambda: not self._lines or self._bytes + size <= self._limit_bytes, wait_s)
            if not room:
                return False
            self._lines.extend(lines)
            self._bytes += size
            if lines and self._oldest_s is None:
                self._oldest_s = self._clock()
            self._changed.notify_all()
        return True

    def peek(self, limit_bytes: int) -> tuple[Line, ...]:
        """The first lines, up to a size but at least one where there is any; they stay until :meth:`drop`."""
        chosen: list[Line] = []
        with self._changed:
            for line in self._lines:
                limit_bytes -= len(line.text)
                if chosen and limit_bytes < 0:
                    break
                chosen.append(line)
        return tuple(chosen)

    def drop(self, count: int) -> None:
        """Forgets the first lines, which are safe elsewhere."""
        with self._changed:
            for _ in range(count):
                self._bytes -= len(self._lines.popleft().text)
            self._oldest_s = self._clock() if self._lines else None
            self._changed.notify_all()

    def wait(self, least_bytes: int, timeout_s: float) -> bool:
        """Waits until so much is there; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._bytes >= least_bytes, timeout_s)

    def age_s(self) -> float:
        """How long the oldest line has waited; 0 for none."""
        with self._changed:
            return 0.0 if self._oldest_s is None else self._clock() - self._oldest_s

    @property
    def size_bytes(self) -> int:
        """Of all lines."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._lines)


def _line(event: Mapping[str, Any]) -> Line:
    text = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    return Line("metrics" if _is_metric(event) else "logs", str(event.get("time", "")), text)


def _is_metric(event: Mapping[str, Any]) -> bool:
    """Lambda's own figures, and the lines that our handlers print about each request."""
    if event.get("type") in _FIGURES:
        return True
    record = event.get("record")
    if isinstance(record, str) and record.startswith('{"pixelshift":'):
        return True
    return isinstance(record, dict) and "pixelshift" in record
