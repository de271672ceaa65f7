"""A stream read as Lambda reads it: every shard by itself, children after their parents, for development and tests.

Places are kept in memory only. Whoever starts again reads from the start again, which the functions must bear anyway.
"""

import hashlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pixelshift.aws.mapping import Delivery, Invoke, MappingCounts, MappingOptions, Place, Tell, batches
from pixelshift.errors import OverloadedError
from pixelshift.store.kinesis import KinesisStream, Page
from pixelshift.store.raw import RawRecord
from pixelshift.value import field, mutable

_IDLE_S = 0.2
_BUSY_S = 1.0


@mutable
class StreamPoller:
    """Feeds one function from one stream until ``stop``, or with ``until_idle`` until nothing new is left.

    The function is called by ``options.parallel`` threads for each shard at once.

    :raises PixelshiftError: the stream cannot be read.
    """

    stream: KinesisStream
    options: MappingOptions
    invoke: Invoke
    tell: Tell | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    until_idle: bool = False
    counts: list[MappingCounts] = field(default_factory=list)
    """One for each lane of each shard."""
    _ended: set[str] = field(default_factory=set)
    """Shards that were read to their end, or to the tip with ``until_idle``."""
    _errors: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        """Blocks; shards that appear later are taken up, too."""
        threads: dict[str, threading.Thread] = {}
        while not self.stop.is_set() and not self._errors:
            shards = self.stream.shards()
            known = {shard.id for shard in shards}
            for shard in shards:
                waits = any(parent in known and parent not in self._ended for parent in shard.parents)
                if shard.id not in threads and not waits:
                    threads[shard.id] = self._start(shard.id)
            if self.until_idle and known <= set(threads) and not any(t.is_alive() for t in threads.values()):
                break
            self.stop.wait(_IDLE_S)
        for thread in threads.values():
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _start(self, shard_id: str) -> threading.Thread:
        def read() -> None:
            try:
                _ShardReader(self, Place(self.stream.arn, shard_id)).run()
                self._ended.add(shard_id)
            except BaseException as error:  # carried to the thread that called `run`
                self._errors.append(error)
                self.stop.set()

        thread = threading.Thread(target=read, name=shard_id, daemon=True)
        thread.start()
        return thread


class _ShardReader:
    """One shard: gathers a window's records, and hands them over in lanes by partition key."""

    def __init__(self, poller: StreamPoller, place: Place) -> None:
        self._poller = poller
        self._place = place
        self._lanes = [
            Delivery(poller.options, place, poller.invoke, poller.tell, stop=poller.stop)
            for _ in range(poller.options.parallel)
        ]
        poller.counts += [lane.counts for lane in self._lanes]
        self._last: int | None = None

    def run(self) -> None:
        options, stop = self._poller.options, self._poller.stop
        iterator: str | None = self._seek()
        room = options.batch_size * options.parallel
        waiting: list[RawRecord] = []
        since = time.monotonic()
        with ThreadPoolExecutor(options.parallel) as threads:
            while iterator is not None and not stop.is_set():
                page = self._read(iterator, room - len(waiting))
                if page is None:
                    iterator = self._seek()
                    continue
                if not waiting:
                    since = time.monotonic()
                waiting += page.records
                iterator = page.next
                is_tip = not page.records and not page.behind_ms
                is_full = len(waiting) >= room or iterator is None or (is_tip and self._poller.until_idle)
                if waiting and (is_full or time.monotonic() - since >= options.window_s):
                    self._hand_over(threads, waiting)
                    waiting = []
                elif is_tip:
                    if self._poller.until_idle and not waiting:
                        return
                    stop.wait(_IDLE_S)

    def _read(self, iterator: str, limit: int) -> Page | None:
        while True:
            try:
                page = self._poller.stream.read(iterator, max(1, limit))
            except OverloadedError:
                if self._poller.stop.wait(_BUSY_S):
                    return Page((), iterator)
                continue
            if page is not None and page.records:
                self._last = page.records[-1].seq
            return page

    def _seek(self) -> str:
        return self._poller.stream.iterator(self._place.shard_id, start=self._poller.options.start, after=self._last)

    def _hand_over(self, threads: ThreadPoolExecutor, records: Sequence[RawRecord]) -> None:
        lanes: list[list[RawRecord]] = [[] for _ in self._lanes]
        for record in records:
            digest = hashlib.md5(record.device_id.encode(), usedforsecurity=False).digest()
            lanes[int.from_bytes(digest[-4:], "big") % len(lanes)].append(record)

        def work(delivery: Delivery, own: list[RawRecord]) -> None:
            for batch in batches(own, self._poller.options.batch_size):
                delivery.deliver(batch)

        list(threads.map(work, self._lanes, lanes))
