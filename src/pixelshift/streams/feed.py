"""Tells those who look on, in this process, that a series has moved."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from pixelshift.errors import OverloadedError
from pixelshift.store.base import Head, Point

HELD = 2_000
"""Points, and series, that wait for one slow onlooker; what is beyond is dropped and told."""


class Onlooker:
    """One who looks on: at one series, or at all. ``wake`` is called from the thread that moved the series."""

    def __init__(self, series_id: str | None, wake: Callable[[], None]) -> None:
        self.series_id = series_id
        self.wake = wake
        self._points: deque[Point] = deque(maxlen=HELD)
        self._heads: dict[str, Head] = {}
        self._dropped = False
        self._lock = threading.Lock()

    def tell(self, head: Head, points: Sequence[Point]) -> None:
        """A series moved."""
        with self._lock:
            if self.series_id is not None:
                self._dropped |= len(self._points) + len(points) > HELD
                self._points.extend(points[-HELD:])
            elif head.series_id in self._heads or len(self._heads) < HELD:
                self._heads[head.series_id] = head
            else:
                self._dropped = True
        self.wake()

    def take(self) -> tuple[list[Point], list[Head], bool]:
        """What came since the last call: points, heads, and whether some were dropped."""
        with self._lock:
            points, heads, dropped = list(self._points), list(self._heads.values()), self._dropped
            self._points.clear()
            self._heads = {}
            self._dropped = False
        return points, heads, dropped


class Feed:
    """Hands moves on to onlookers, at most ``limit`` of them."""

    def __init__(self, limit: int = 256) -> None:
        self.is_ended = False
        """Whether the process is about to end: whoever looks on should go."""
        self._limit = limit
        self._lock = threading.Lock()
        self._by_series: dict[str | None, list[Onlooker]] = {}
        self._count = 0

    def join(self, series_id: str | None, wake: Callable[[], None]) -> Onlooker:
        """Begins to look on.

        :raises OverloadedError: too many do already.
        """
        onlooker = Onlooker(series_id, wake)
        with self._lock:
            if self._count >= self._limit:
                raise OverloadedError("too many look on already", retry_after_s=30)
            self._count += 1
            self._by_series.setdefault(series_id, []).append(onlooker)
        return onlooker

    def leave(self, onlooker: Onlooker) -> None:
        """Ends looking on."""
        with self._lock:
            group = self._by_series.get(onlooker.series_id, [])
            if onlooker in group:
                group.remove(onlooker)
                self._count -= 1
            if not group:
                self._by_series.pop(onlooker.series_id, None)

    def end(self) -> None:
        """Sends all onlookers home; may be called from a signal handler's thread."""
        self.is_ended = True
        for group in list(self._by_series.values()):
            for onlooker in list(group):
                onlooker.wake()

    def moved(self, head: Head, points: Sequence[Point]) -> None:
        """A series moved."""
        with self._lock:
            onlookers = [*self._by_series.get(head.series_id, ()), *self._by_series.get(None, ())]
        for onlooker in onlookers:
            onlooker.tell(head, points)
