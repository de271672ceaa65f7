"""Carries lines to the bucket: gzipped NDJSON, one object for each kind of a batch, at least once."""

import gzip
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from pixelshift.aws.extension.backlog import Backlog, Kind, Line
from pixelshift.errors import OriginError
from pixelshift.value import field, mutable

KINDS: tuple[Kind, ...] = ("logs", "metrics")
_HEADERS = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
_LONGEST_PAUSE_S = 60.0


class Bucket(Protocol):
    """:class:`pixelshift.net.s3.S3Bucket`."""

    def put(self, key: str, body: bytes, headers: dict[str, str], *, deadline_s: float) -> None: ...


@mutable
class Courier:
    """Ships a backlog. What fails stays in it, and goes again under the same key with the same bytes."""

    backlog: Backlog
    bucket: Bucket
    place: str
    """What every key begins with after its kind and date: ``function=…/instance=…``."""
    batch_bytes: int
    prefix: str = ""
    say: Callable[[str], None] = lambda _text: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0
    _batch: tuple[Line, ...] = ()
    _sent: set[Kind] = field(default_factory=set)
    _failures: int = 0
    _rest_until_s: float = 0.0

    def ship(self, deadline_s: float, *, at_any_cost: bool = False) -> bool:
        """Ships everything; whether nothing is left.

        After a failure it rests a while, longer each time, unless this is the last chance.
        """
        with self._lock:
            while len(self.backlog):
                now_s = time.monotonic()
                if now_s >= deadline_s or (now_s < self._rest_until_s and not at_any_cost):
                    return False
                try:
                    self._ship_batch(deadline_s)
                except OriginError as error:
                    self._failures += 1
                    self._rest_until_s = time.monotonic() + min(_LONGEST_PAUSE_S, 2.0**self._failures)
                    self.say(f"{len(self.backlog)} lines wait: {error.message}; {error.detail}")
                    if not at_any_cost or error.retry_after_s is None:
                        return False
                else:
                    self._failures, self._rest_until_s = 0, 0.0
            return True

    def _ship_batch(self, deadline_s: float) -> None:
        # The batch is chosen once: were it chosen again after a failure, lines could appear under two keys.
        if not self._batch:
            self._batch, self._sent = self.backlog.peek(self.batch_bytes), set()
            self._number += 1
        for kind in KINDS:
            lines = [line for line in self._batch if line.kind == kind]
            if lines and kind not in self._sent:
                body = gzip.compress(b"".join(line.text for line in lines), mtime=0)
                self.bucket.put(self._key(kind, lines), body, dict(_HEADERS), deadline_s=deadline_s)
                self._sent.add(kind)
        shipped, self._batch = len(self._batch), ()
        self.backlog.drop(shipped)

    def _key(self, kind: Kind, lines: Sequence[Line]) -> str:
        return f"{self.prefix}{kind}/date={_day(lines[0].time)}/{self.place}/{self._number:08d}.ndjson.gz"


def _day(moment: str) -> str:
    """The date of an event; today's where it has none that can be read."""
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d")
    except ValueError:
        return datetime.now(UTC).strftime("%Y-%m-%d")
