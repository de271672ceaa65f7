import threading
from collections.abc import Mapping
from typing import Any

import pytest

from pixelshift.aws.mapping import MappingOptions
from pixelshift.aws.poller import StreamPoller
from pixelshift.errors import OriginError, OverloadedError
from pixelshift.store.kinesis import Page
from pixelshift.store.raw import RawRecord
from tests.support.cloud import wait_for
from tests.support.fake_stream import FakeStream


class Taker:
    """A function that takes everything and remembers it."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[str, int]]] = []
        self.lock = threading.Lock()

    def __call__(self, event: Mapping[str, Any]) -> None:
        batch = [(r["kinesis"]["partitionKey"], int(r["kinesis"]["sequenceNumber"])) for r in event["Records"]]
        with self.lock:
            self.batches.append(batch)

    @property
    def taken(self) -> list[tuple[str, int]]:
        return [record for batch in self.batches for record in batch]


def _filled(count: int, devices: int = 3) -> FakeStream:
    stream = FakeStream()
    for seq in range(count):
        stream.put(RawRecord(f"d{seq % devices}", seq, b"x", 0.0))
    return stream


def _poll(stream: FakeStream, taker: Taker, **options: Any) -> StreamPoller:
    poller = StreamPoller(stream, MappingOptions(**options), taker, until_idle=True)  # type: ignore[arg-type]  # the fake's shape
    poller.run()
    return poller


@pytest.mark.parametrize("parallel", [1, 4])
def test_everything_is_taken_once_and_each_device_in_its_order(parallel: int) -> None:
    taker = Taker()
    _poll(_filled(100), taker, batch_size=7, parallel=parallel)
    assert sorted(seq for _, seq in taker.taken) == list(range(100))
    for device in ("d0", "d1", "d2"):
        own = [seq for name, seq in taker.taken if name == device]
        assert own == sorted(own)
    assert max(map(len, taker.batches)) <= 7
    if parallel == 1:
        assert len(taker.batches) == 15


def test_a_device_stays_in_its_lane() -> None:
    lanes: dict[str, set[int]] = {}

    def note(event: Mapping[str, Any]) -> None:
        for record in event["Records"]:
            lanes.setdefault(record["kinesis"]["partitionKey"], set()).add(id(event))

    stream = _filled(60, 6)
    StreamPoller(stream, MappingOptions(batch_size=60, parallel=3), note, until_idle=True).run()  # type: ignore[arg-type]
    assert all(len(batches) == 1 for batches in lanes.values())


def test_children_are_read_when_their_parents_are_done() -> None:
    stream = _filled(40, 4)
    stream.split("shardId-0", "d2")
    for seq in range(40, 80):
        stream.put(RawRecord(f"d{seq % 4}", seq, b"x", 0.0))
    stream.merge("shardId-1", "shardId-2")
    for seq in range(80, 120):
        stream.put(RawRecord(f"d{seq % 4}", seq, b"x", 0.0))
    taker = Taker()
    _poll(stream, taker, batch_size=5)
    places = {seq: place for place, (_, seq) in enumerate(taker.taken)}
    assert len(places) == 120
    assert max(places[seq] for seq in range(40)) < min(places[seq] for seq in range(40, 80))
    assert max(places[seq] for seq in range(40, 80)) < min(places[seq] for seq in range(80, 120))


class Faulty(FakeStream):
    """Throttles now and then, and lets iterators expire."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, iterator: str, limit: int) -> Page | None:  # type: ignore[override]  # expired is None
        self.reads += 1
        if self.reads % 3 == 1:
            return None
        if self.reads == 5:
            raise OverloadedError("throttled")
        return super().read(iterator, limit)


def test_expired_iterators_and_throttling_lose_and_repeat_nothing() -> None:
    stream = Faulty()
    for seq in range(30):
        stream.put(RawRecord("d", seq, b"x", 0.0))
    taker = Taker()
    _poll(stream, taker, batch_size=4)
    assert [seq for _, seq in taker.taken] == list(range(30))


def test_a_stream_that_cannot_be_read_is_an_error_and_no_hang() -> None:
    class Broken(FakeStream):
        def read(self, iterator: str, limit: int) -> Page:
            raise OriginError("kinesis refused")

    with pytest.raises(OriginError, match="refused"):
        _poll(Broken(), Taker())


def test_a_window_gathers_what_trickles_in() -> None:
    stream, taker = FakeStream(), Taker()
    poller = StreamPoller(stream, MappingOptions(batch_size=100, window_s=1.5), taker)  # type: ignore[arg-type]
    thread = threading.Thread(target=poller.run)
    thread.start()
    try:
        for seq in range(5):
            stream.put(RawRecord("d", seq, b"x", 0.0))
        wait_for(lambda: len(taker.taken) == 5)
    finally:
        poller.stop.set()
        thread.join(20)
    assert not thread.is_alive()
    assert len(taker.batches) <= 2


def test_what_arrives_while_polling_is_taken_and_a_new_shard_too() -> None:
    stream, taker = _filled(3, 1), Taker()
    poller = StreamPoller(stream, MappingOptions(), taker)  # type: ignore[arg-type]
    thread = threading.Thread(target=poller.run)
    thread.start()
    try:
        wait_for(lambda: len(taker.taken) == 3)
        stream.split("shardId-0", "m")
        stream.put(RawRecord("d", 10, b"x", 0.0))
        stream.put(RawRecord("z", 11, b"x", 0.0))
        wait_for(lambda: len(taker.taken) == 5)
    finally:
        poller.stop.set()
        thread.join(20)
    assert not thread.is_alive()
