"""A deterministic simulator: whatever breaks, wherever, the outcome is that of an uninterrupted run."""

import random
from collections.abc import Callable, Sequence

import pytest

from pixelshift.changepoint import Parameters
from pixelshift.errors import ForbiddenError, OriginError, OverloadedError, PixelshiftError
from pixelshift.streams.detection import Detection
from pixelshift.streams.device import Arrival
from pixelshift.streams.device_service import DeviceOutbox, DeviceService
from pixelshift.streams.device_state import without_duplicates
from tests.support.devices import CrashError, ListSink, MemoryDeviceStore, arrivals

PLAIN = Detection()
Outcome = tuple[set[str], bytes]


def _outcome(store: MemoryDeviceStore, device: str = "d", detection: Detection = PLAIN) -> Outcome:
    store.fault = lambda _step: None
    state = DeviceService(store, detection).state(device)
    assert state is not None
    return {event.id for event in store.events.values() if event.device_id == device}, without_duplicates(state)


def _undisturbed(batch: Sequence[Arrival], detection: Detection = PLAIN) -> Outcome:
    store = MemoryDeviceStore()
    DeviceService(store, detection).push("d", batch)
    return _outcome(store, detection=detection)


def _once_at(step: str, error: BaseException) -> Callable[[str], None]:
    pending = [error]

    def fault(now: str) -> None:
        if now == step and pending:
            raise pending.pop()

    return fault


def _persist(store: MemoryDeviceStore, batch: Sequence[Arrival], service: DeviceService | None = None) -> None:
    """As Lambda does it: the batch again until it is taken, by a new process after a crash."""
    for _ in range(1_000):
        service = service or DeviceService(store, PLAIN)
        try:
            service.push("d", batch)
        except CrashError:
            service = None
        except PixelshiftError:
            continue
        else:
            return
    pytest.fail("never taken")


@pytest.mark.parametrize("step", ["read", "have read", "commit", "committed"])
@pytest.mark.parametrize("error", [CrashError(), OverloadedError("throttled"), OriginError("the answer was lost")])
def test_a_failure_at_any_step_changes_nothing(step: str, error: BaseException) -> None:
    batch = arrivals()
    store = MemoryDeviceStore()
    DeviceService(store, PLAIN).push("d", batch[:70])
    store.fault = _once_at(step, error)
    with pytest.raises(type(error)):
        DeviceService(store, PLAIN).push("d", batch)
    _persist(store, batch)
    assert _outcome(store) == _undisturbed(batch)
    assert _outcome(store)[0]


def test_duplicates_overlaps_and_replays_from_older_places_do_nothing() -> None:
    batch = arrivals()
    store, source = MemoryDeviceStore(), random.Random(5)
    service = DeviceService(store, PLAIN)
    reached = 0
    while reached < len(batch):
        begin = source.randint(0, reached)
        reached = max(reached, source.randint(begin, min(len(batch), begin + 50)))
        service.push("d", batch[begin:reached])
    service.push("d", batch)
    assert _outcome(store) == _undisturbed(batch)


@pytest.mark.parametrize("held", ["read", "have read", "commit", "committed"])
@pytest.mark.parametrize("ahead", [1, 30, 110])
def test_a_zombie_that_wakes_between_read_and_write_does_no_harm(held: str, ahead: int) -> None:
    batch = arrivals()
    store = MemoryDeviceStore()
    DeviceService(store, PLAIN).push("d", batch[:60])
    busy: list[bool] = []

    def overtake(step: str) -> None:
        if step == held and not busy:
            busy.append(True)
            DeviceService(store, PLAIN).push("d", batch[: 60 + ahead])

    store.fault = overtake
    DeviceService(store, PLAIN).push("d", batch[40:])
    assert busy
    assert _outcome(store) == _undisturbed(batch)


def test_a_stale_warm_cache_is_found_out_by_the_condition() -> None:
    batch = arrivals()
    store = MemoryDeviceStore()
    stale, fresh = DeviceService(store, PLAIN), DeviceService(store, PLAIN)
    stale.push("d", batch[:50])
    fresh.push("d", batch[:120])
    stale.push("d", batch[50:])
    assert _outcome(store) == _undisturbed(batch)


def test_a_stream_split_and_merged_mid_device_goes_on() -> None:
    batch = arrivals()
    store = MemoryDeviceStore()
    # Parents are drained before children, whose numbers are greater; each shard has a worker of its own.
    for begin, end in [(0, 41), (41, 97), (97, 180)]:
        DeviceService(store, PLAIN).push("d", batch[begin:end])
    assert _outcome(store) == _undisturbed(batch)


def test_a_warm_device_is_not_read_and_a_cold_one_is_read_once() -> None:
    batch = arrivals(sizes=(1_500,))
    detection = Detection("blog", Parameters(alpha=1e-9))
    store = MemoryDeviceStore()
    service = DeviceService(store, detection)
    service.push("d", batch[:1_000])
    before = store.reads
    for i in range(1_000, 1_400, 10):
        service.push("d", batch[i : i + 10])
    assert store.reads == before
    DeviceService(store, detection).push("d", batch[1_400:])
    assert store.reads == before + 2  # the head, and the chunks by one query


def test_chunks_that_nothing_needs_are_cleared_away() -> None:
    batch = arrivals(sizes=(2_000, 300))
    store = MemoryDeviceStore()
    service = DeviceService(store, Detection("blog", Parameters(alpha=1e-9)))
    service.push("d", batch[:1_900])
    assert len(store.kept) == 3
    service.push("d", batch[1_900:])
    assert [number for _, number in store.kept] in ([], [4])


def test_a_step_never_outgrows_a_transaction() -> None:
    detection = Detection("blog", Parameters(alpha=1.0, startup=1))
    store = MemoryDeviceStore()
    service = DeviceService(store, detection)
    service.push("d", arrivals(sizes=(3_000,)))
    assert len(store.events) > 1_000
    assert 40 < store.largest <= 100


def test_writers_without_end_are_an_overload_not_a_hang() -> None:
    batch = arrivals()
    store = MemoryDeviceStore()
    place = [60]

    def race(step: str) -> None:
        if step == "commit":
            store.fault = lambda _step: None
            place[0] += 1
            DeviceService(store, PLAIN).push("d", batch[: place[0]])
            store.fault = race

    DeviceService(store, PLAIN).push("d", batch[:60])
    store.fault = race
    with pytest.raises(OverloadedError):
        DeviceService(store, PLAIN).push("d", batch)


@pytest.mark.parametrize("step", ["sent", "struck out"])
def test_a_crash_around_sending_repeats_an_id_and_loses_none(step: str) -> None:
    store, sink = MemoryDeviceStore(), ListSink()
    DeviceService(store, PLAIN).push("d", arrivals())
    store.fault = _once_at(step, CrashError())
    with pytest.raises(CrashError):
        DeviceOutbox(store, sink).drain()
    DeviceOutbox(store, sink).drain()
    assert set(sink.ids) == set(store.events)
    assert not store.outbox


def test_one_device_that_cannot_be_told_does_not_hold_up_others() -> None:
    store, sink = MemoryDeviceStore(), ListSink()
    for device in ("a", "b"):
        DeviceService(store, PLAIN).push(device, arrivals())
    first, *rest = sorted(i for i in store.events if i.startswith("a:"))
    sink.refusals[first] = OriginError("throttled")
    sent, waiting = DeviceOutbox(store, sink).drain()
    assert waiting == 1
    assert sent == len(sink.ids) > 0
    assert all(i.startswith("b:") for i in sink.ids)
    sink.refusals[first] = ForbiddenError("too large")
    DeviceOutbox(store, sink).drain()
    assert [i for i, _ in store.buried] == [first]
    assert [i for i in sink.ids if i.startswith("a:")] == rest
