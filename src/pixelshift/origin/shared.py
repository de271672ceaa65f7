"""Wrappers around an origin: one fetch for everyone who waits for the same original, and a memory of the last ones."""

import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from pixelshift.errors import NotFoundError, OriginError, PixelshiftError
from pixelshift.net.cache_control import lifetime_s
from pixelshift.origin.base import Origin, Original
from pixelshift.value import field, mutable

_OVERHEAD_BYTES = 1024


@mutable
class _Flight:
    done: threading.Event = field(default_factory=threading.Event)
    original: Original | None = None
    error: BaseException | None = None
    followers: int = 0


class CoalescingOrigin:
    """Lets simultaneous requests for one original share one fetch, its failure included.

    Requests share only while one is under way, and only with the same limit and the same known version.
    """

    def __init__(self, inner: Origin) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._flights: dict[tuple[str, str, int, str | None], _Flight] = {}

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        """Fetches, or waits for a fetch under way. See :class:`pixelshift.origin.base.Origin`."""
        name = (bucket, key, body_limit_bytes, known.etag if known is not None else None)
        with self._lock:
            flight = self._flights.get(name)
            leads = flight is None
            if flight is None:
                flight = self._flights[name] = _Flight()
            else:
                flight.followers += 1
        if not leads:
            return _follow(flight, timeout_s, known)
        try:
            flight.original = self._inner.fetch(
                bucket, key, body_limit_bytes=body_limit_bytes, timeout_s=timeout_s, known=known
            )
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[name]
            flight.done.set()
        return flight.original

    def waiting(self) -> int:
        """Returns how many requests wait for a fetch that another one makes."""
        with self._lock:
            return sum(flight.followers for flight in self._flights.values())


def _follow(flight: _Flight, timeout_s: float, known: Original | None) -> Original:
    if not flight.done.wait(timeout_s):
        raise OriginError("the origin is too slow", status=503, retry_after_s=5)
    if isinstance(flight.error, PixelshiftError):
        raise copy.copy(flight.error)  # one exception object must not be raised by two threads
    if flight.original is None:
        raise OriginError("the origin failed", detail=repr(flight.error), retry_after_s=2)
    return _same(flight.original, known)


class CachingOrigin:
    """Keeps at most ``budget_bytes`` of originals, each for ``fresh_s`` without asking, then for as long as it stands.

    A Cache-Control that allows less is kept to: no longer than ``max-age``, never unasked, or not at all.
    An original that is gone or refused is dropped at once; one whose origin fails is kept, and the failure raised.
    """

    def __init__(
        self,
        inner: Origin,
        budget_bytes: int,
        *,
        fresh_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._budget_bytes = budget_bytes
        self._fresh_s = fresh_s
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[Original, float]] = OrderedDict()
        self._size_bytes = 0

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        """Returns a kept original, or fetches it. See :class:`pixelshift.origin.base.Origin`."""
        name = (bucket, key)
        with self._lock:
            kept, fresh_until_s = self._kept.get(name, (None, 0.0))
            if kept is not None:
                self._kept.move_to_end(name)
        if kept is not None and len(kept.body) > body_limit_bytes:
            kept = None  # the origin words the refusal
        asked_at_s = self._clock()
        if kept is not None and asked_at_s < fresh_until_s:
            return _same(kept, known)
        try:
            original = self._inner.fetch(
                bucket, key, body_limit_bytes=body_limit_bytes, timeout_s=timeout_s, known=kept or known
            )
        except NotFoundError:
            self.forget(bucket, key)
            raise
        if kept is not None or known is None or original.etag != known.etag:  # a caller's version may have no body
            self._keep(name, original, asked_at_s)
        return _same(original, known)

    def forget(self, bucket: str, key: str) -> None:
        """Drops an original: for purges."""
        with self._lock:
            self._drop((bucket, key))

    def forget_prefix(self, prefix: str) -> None:
        """Drops the originals whose ``bucket/key`` starts with ``prefix``."""
        with self._lock:
            for name in [name for name in self._kept if "/".join(name).startswith(prefix)]:
                self._drop(name)

    def size_bytes(self) -> int:
        """Returns what the kept originals cost, their overhead estimated."""
        return self._size_bytes

    def _keep(self, name: tuple[str, str], original: Original, asked_at_s: float) -> None:
        cost = len(original.body) + _OVERHEAD_BYTES
        # Without a word from its store a picture is fresh for a year (contract, 7.1).
        allowed_s = lifetime_s(original.cache_control, None) if original.cache_control else self._fresh_s
        with self._lock:
            self._drop(name)
            if cost > self._budget_bytes // 2 or allowed_s is None:
                return
            fresh_until_s = asked_at_s + min(self._fresh_s, allowed_s - original.age_s)
            while self._size_bytes + cost > self._budget_bytes:
                self._drop(next(iter(self._kept)))
            self._kept[name] = (original, fresh_until_s)
            self._size_bytes += cost

    def _drop(self, name: tuple[str, str]) -> None:
        found = self._kept.pop(name, None)
        if found is not None:
            self._size_bytes -= len(found[0].body) + _OVERHEAD_BYTES


def _same(original: Original, known: Original | None) -> Original:
    return known.confirmed(original) if known is not None and known.etag == original.etag else original
