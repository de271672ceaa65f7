import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.errors import ForbiddenError, OriginError
from pixelshift.notify.base import Message
from pixelshift.store.base import Commit, Head, NewEvent
from pixelshift.store.sqlite import SqliteSeriesStore
from pixelshift.streams.outbox import Dispatcher, Retry
from pixelshift.value import replace


class Recorder:
    """A sink that fails as told and remembers what it took."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.tries = 0
        self.failure: Exception | None = None

    def send(self, message: Message) -> None:
        self.tries += 1
        if self.failure is not None:
            raise self.failure
        assert json.loads(message.body)["id"] == message.id
        self.taken.append(message.id)

    def close(self) -> None: ...


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteSeriesStore]:
    made = SqliteSeriesStore(tmp_path / "s.db", durability="process", clock=clock)
    yield made
    made.close()


def happen(store: SqliteSeriesStore, seq: int, sinks: tuple[str, ...] = ("x",)) -> None:
    head = store.head("cpu") or Head("cpu")
    event = NewEvent(seq, "change", '{"offset": 1}')
    assert store.commit(Commit(head, replace(head, last_seq=seq), events=[event], sinks=sinks))


def test_events_reach_every_sink_once_and_in_order(store: SqliteSeriesStore, clock: Clock) -> None:
    sinks = {"x": Recorder(), "y": Recorder()}
    for seq in (3, 5, 8):
        happen(store, seq, ("x", "y"))
    dispatcher = Dispatcher(store, sinks, clock=clock)
    while dispatcher.run_once():
        pass
    for sink in sinks.values():
        assert sink.taken == [f"cpu:1:{seq}:change" for seq in (3, 5, 8)]


def test_a_failing_sink_is_tried_with_growing_pauses_and_then_given_up(store: SqliteSeriesStore, clock: Clock) -> None:
    sink = Recorder()
    sink.failure = OriginError("down")
    happen(store, 1)
    dispatcher = Dispatcher(store, {"x": sink}, Retry(attempts=4, base_s=10, cap_s=25), clock, random.Random(2))
    waits = []
    while not store.dead_letters():
        start = clock.now
        while not dispatcher.run_once():
            clock.now += 0.1
        waits.append(clock.now - start)
    assert sink.tries == 4
    assert all(wait <= limit + 0.2 for wait, limit in zip(waits, (0, 10, 20, 25), strict=True))
    assert store.dead_letters()[0].reason == "down"
    sink.failure = None
    assert store.revive(store.dead_letters()[0].id, now_s=clock.now)
    dispatcher.run_once()
    assert sink.taken == ["cpu:1:1:change"]


@given(st.integers(0, 200), st.integers(0, 2**32))
def test_pauses_are_spread_over_the_whole_interval_below_the_cap(failures: int, seed: int) -> None:
    retry = Retry(base_s=2.0, cap_s=50.0)
    top = min(50.0, 2.0 * 2.0 ** min(failures, 60))
    source = random.Random(seed)
    pauses = [retry.pause_s(failures, source) for _ in range(200)]
    assert all(0 <= pause <= top for pause in pauses)
    assert min(pauses) < 0.1 * top
    assert max(pauses) > 0.9 * top


def test_a_receiver_that_asks_for_time_gets_it(store: SqliteSeriesStore, clock: Clock) -> None:
    sink = Recorder()
    sink.failure = OriginError("slow down", retry_after_s=500)
    happen(store, 1)
    dispatcher = Dispatcher(store, {"x": sink}, Retry(base_s=1), clock)
    dispatcher.run_once()
    clock.now += 499
    assert dispatcher.run_once() == 0
    clock.now += 2
    assert dispatcher.run_once() == 1


def test_an_event_that_is_refused_for_good_lets_the_next_one_pass(store: SqliteSeriesStore, clock: Clock) -> None:
    sink = Recorder()
    happen(store, 1)
    happen(store, 2)
    sink.failure = ForbiddenError("gone")
    dispatcher = Dispatcher(store, {"x": sink}, clock=clock)
    dispatcher.run_once()
    sink.failure = None
    dispatcher.run_once()
    assert sink.taken == ["cpu:1:2:change"]
    assert [letter.reason for letter in store.dead_letters()] == ["gone"]


def test_an_event_for_a_sink_that_is_no_more_is_a_dead_letter(store: SqliteSeriesStore, clock: Clock) -> None:
    happen(store, 1)
    Dispatcher(store, {}, clock=clock).run_once()
    assert "no such sink" in store.dead_letters()[0].reason


def test_a_sink_with_a_bug_does_not_stop_the_others(store: SqliteSeriesStore, clock: Clock) -> None:
    wrong, right = Recorder(), Recorder()
    wrong.failure = ZeroDivisionError("oops")
    happen(store, 1, ("wrong", "right"))
    Dispatcher(store, {"wrong": wrong, "right": right}, clock=clock).run_once()
    assert right.taken == ["cpu:1:1:change"]


def test_the_running_dispatcher_delivers_what_it_is_woken_for(store: SqliteSeriesStore, clock: Clock) -> None:
    arrived = threading.Event()

    class Bell(Recorder):
        def send(self, message: Message) -> None:
            super().send(message)
            arrived.set()

    sink, stop = Bell(), threading.Event()
    dispatcher = Dispatcher(store, {"x": sink}, clock=clock)
    thread = threading.Thread(target=dispatcher.run, args=(stop,))
    thread.start()
    happen(store, 1)
    dispatcher.wake()
    assert arrived.wait(20)
    stop.set()
    dispatcher.wake()
    thread.join(20)
    assert not thread.is_alive()
