"""Simultaneous identical work is done once."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class Flights(Generic[_Result]):
    """Work under way, by key. The first to ask leads; everyone else shares the leader's future.

    A key is free again before its future is done, so that what comes after a result, or a failure, starts anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[_Result]] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._under_way)

    def join(self, key: Hashable) -> tuple[Future[_Result], bool]:
        """The future for ``key`` and whether the caller leads: a leader must call :meth:`lead`, come what may."""
        with self._lock:
            flight = self._under_way.get(key)
            if flight is not None:
                return flight, False
            flight = self._under_way[key] = Future()
            return flight, True

    def lead(self, key: Hashable, flight: Future[_Result], work: Callable[[], _Result]) -> None:
        """Does the work and gives its result or exception to everyone who waits."""
        try:
            result = work()
        except BaseException as error:
            self._land(key)
            flight.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            self._land(key)
            flight.set_result(result)

    def abandon(self, key: Hashable, flight: Future[_Result], error: Exception) -> None:
        """Fails a flight whose work could not be started."""
        self._land(key)
        flight.set_exception(error)

    def _land(self, key: Hashable) -> None:
        with self._lock:
            self._under_way.pop(key, None)
