"""Carries events from the outbox to the sinks: tried again with growing, random pauses, given up after a while."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from pixelshift.errors import ForbiddenError, OriginError
from pixelshift.notify.base import Message, Sink
from pixelshift.store.base import Event, Outgoing, SeriesStore
from pixelshift.value import field, frozen, mutable

BATCH = 100
IDLE_S = 1.0


@frozen
class Retry:
    """Pauses of ``U(0, min(cap_s, base_s 2^n))`` after the n-th failure ("full jitter"), ``attempts`` at most."""

    attempts: int = 12
    base_s: float = 1.0
    cap_s: float = 3_600.0

    def pause_s(self, failures: int, source: random.Random) -> float:
        """The pause after so many failures."""
        return source.uniform(0.0, min(self.cap_s, self.base_s * 2.0 ** min(failures, 60)))


def public_event(event: Event) -> dict[str, Any]:
    """An event as everybody outside sees it."""
    return {
        "id": f"{event.series_id}:{event.incarnation}:{event.seq}:{event.kind}",
        "event": event.id,
        "series": event.series_id,
        "kind": event.kind,
        "at": event.at_s,
        **json.loads(event.body),
    }


@mutable
class Dispatcher:
    """Delivers what is due. Each event reaches each sink at least once, those of a series in their order."""

    store: SeriesStore
    sinks: Mapping[str, Sink]
    retry: Retry = field(default_factory=Retry)
    clock: Callable[[], float] = time.time
    source: random.Random = field(default_factory=random.SystemRandom)
    _wake: threading.Event = field(default_factory=threading.Event)

    def wake(self) -> None:
        """Tells that there may be something to do; from any thread."""
        self._wake.set()

    def run_once(self) -> int:
        """Tries every delivery that is due now, once; returns how many there were."""
        outgoing = self.store.due(self.clock(), BATCH)
        for item in outgoing:
            self._try(item)
        return len(outgoing)

    def run(self, stop: threading.Event) -> None:
        """Works until ``stop``; the body of a thread. Call :meth:`wake` after setting it."""
        while not stop.is_set():
            self._wake.clear()
            try:
                busy = self.run_once()
            except Exception:  # the store may be busy or its disk full: later again, deliveries must go on
                busy = 0
            if not busy:
                self._wake.wait(IDLE_S)

    def _try(self, item: Outgoing) -> None:
        sink = self.sinks.get(item.sink)
        if sink is None:
            self.store.bury(item.id, reason="no such sink is configured any more")
            return
        record = public_event(item.event)
        message = Message(record["id"], item.event.series_id, item.event.kind, json.dumps(record).encode())
        try:
            sink.send(message)
        except ForbiddenError as error:
            self.store.bury(item.id, reason=error.message)
        except OriginError as error:
            self._failed(item, error.message, error.retry_after_s or 0)
        except Exception as error:  # a sink that is wrong must not stop the others
            self._failed(item, f"{type(error).__name__}: {error}"[:500], 0)
        else:
            self.store.delivered(item.id)

    def _failed(self, item: Outgoing, reason: str, wait_s: float) -> None:
        if item.attempts + 1 >= self.retry.attempts:
            self.store.bury(item.id, reason=reason)
            return
        pause_s = max(wait_s, self.retry.pause_s(item.attempts, self.source))
        self.store.postpone(item.id, until_s=self.clock() + pause_s, reason=reason)
