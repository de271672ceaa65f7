"""What every series store must do; a new one joins the fixture."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelshift.store.base import Commit, Committed, Counts, Head, NewEvent, Point, SeriesStore
from pixelshift.store.sqlite import SqliteSeriesStore
from pixelshift.value import replace


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SeriesStore]:
    made = SqliteSeriesStore(tmp_path / "series.db", durability="process", clock=lambda: 1_000.0)
    yield made
    made.close()


def step(
    before: Head,
    numbers: range,
    *,
    events: tuple[NewEvent, ...] = (),
    sinks: tuple[str, ...] = (),
    state: bytes | None = None,
) -> Commit:
    points = [Point(n, before.position + i, float(n), f"t{n}") for i, n in enumerate(numbers)]
    after = replace(before, position=before.position + len(points), last_seq=numbers[-1] if numbers else None)
    if state is not None:
        after = replace(after, state_position=after.position)
    return Commit(before, after, points, state, events, sinks)


def taken(store: SeriesStore, commit: Commit) -> Committed:
    committed = store.commit(commit)
    assert committed is not None
    return committed


def test_what_was_committed_reads_back(store: SeriesStore) -> None:
    counts = Counts(3, 1, 2, 4, 5, 6, 7)
    before = Head("cpu")
    after = Head("cpu", 0, 0, '{"a":1}', 9, 10, 2, 7, counts, 1.5, "noon")
    committed = taken(store, Commit(before, after, [Point(9, 9, None, None)], b"state"))
    head = store.head("cpu")
    assert head == committed.head
    assert head == replace(after, incarnation=committed.head.incarnation, version=1, updated_at_s=1_000.0)
    assert store.state("cpu") == b"state"
    assert store.points("cpu", from_position=0, limit=5) == [Point(9, 9, None, None)]
    assert (store.head("nobody"), store.state("nobody")) == (None, None)


def test_a_step_from_an_old_head_is_refused_and_leaves_nothing(store: SeriesStore) -> None:
    first = taken(store, step(Head("cpu"), range(3))).head
    second = taken(store, step(first, range(3, 5))).head
    event = NewEvent(5, "change", "{}")
    assert store.commit(step(first, range(10, 20), events=(event,), sinks=("hook",), state=b"x")) is None
    assert store.commit(step(Head("cpu"), range(3))) is None
    assert store.head("cpu") == second
    assert [p.seq for p in store.points("cpu", from_position=0, limit=99)] == [0, 1, 2, 3, 4]
    assert (store.events("cpu"), store.due(9e9, 9), store.state("cpu")) == ([], [], None)


def test_of_two_writers_at_once_exactly_one_wins_each_step(store: SeriesStore) -> None:
    wins: list[int] = []

    def write(name: int) -> None:
        for _ in range(25):
            head = store.head("cpu") or Head("cpu")
            start = head.position
            if store.commit(step(head, range(start, start + 2))) is not None:
                wins.append(name)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    head = store.head("cpu")
    assert head is not None
    assert head.version == len(wins)
    assert [p.seq for p in store.points("cpu", from_position=0, limit=999)] == list(range(2 * len(wins)))


def test_steps_of_many_series_at_once_are_all_taken(store: SeriesStore) -> None:
    def write(name: str) -> None:
        head = Head(name)
        for i in range(10):
            head = taken(store, step(head, range(i, i + 1))).head

    threads = [threading.Thread(target=write, args=(f"s{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(head.series_id, head.version) for head in store.heads()] == [(f"s{i}", 10) for i in range(8)]


def test_points_are_found_by_position_and_by_number_across_gaps(store: SeriesStore) -> None:
    numbers = [0, 1, 5, 6, 1_000, 1_001, 10**15, 10**15 + 3]
    points = [Point(n, i, float(i)) for i, n in enumerate(numbers)]
    taken(store, Commit(Head("cpu"), Head("cpu", position=8, last_seq=numbers[-1]), points))
    for i in range(8):
        assert [p.position for p in store.points("cpu", from_position=i, limit=3)] == list(range(i, min(8, i + 3)))
    assert store.points("cpu", from_position=8, limit=3) == []
    assert [p.seq for p in store.points_between("cpu", 1, 1_000, 99)] == [1, 5, 6, 1_000]
    assert [p.seq for p in store.points_between("cpu", 0, 1 << 62, 2)] == [0, 1]


def test_series_are_listed_by_name_in_pages(store: SeriesStore) -> None:
    for name in ("b", "a", "c"):
        taken(store, step(Head(name), range(1)))
    assert [h.series_id for h in store.heads(limit=2)] == ["a", "b"]
    assert [h.series_id for h in store.heads(after="b")] == ["c"]
    assert store.count() == 3


def test_events_come_in_order_by_series_and_over_all(store: SeriesStore) -> None:
    one = taken(store, step(Head("a"), range(2), events=(NewEvent(1, "change", '{"n":1}'),)))
    two = taken(store, step(Head("b"), range(1), events=(NewEvent(0, "reset", "{}"), NewEvent(0, "change", "{}"))))
    three = taken(store, step(one.head, range(2, 3), events=(NewEvent(2, "change", '{"n":2}'),)))
    everything = [*one.events, *two.events, *three.events]
    assert store.events(None) == everything
    assert store.events(None, after_id=everything[1].id) == everything[2:]
    assert store.events("a") == [*one.events, *three.events]
    assert store.events("b", kind="change") == [two.events[1]]
    assert store.latest_events("a", limit=1, kind="change") == list(three.events)
    assert store.last_event_id() == everything[-1].id


def test_the_same_event_cannot_happen_twice(store: SeriesStore) -> None:
    event = NewEvent(1, "change", "{}")
    head = taken(store, step(Head("a"), range(2), events=(event,))).head
    with pytest.raises(Exception, match="refused a step"):
        store.commit(step(head, range(2, 3), events=(event,)))
    assert store.head("a") == head


def test_a_deleted_series_is_gone_but_its_mail_still_goes_out(store: SeriesStore) -> None:
    first = taken(store, step(Head("a"), range(3), events=(NewEvent(2, "change", "{}"),), sinks=("hook",), state=b"s"))
    assert store.delete("a")
    assert not store.delete("a")
    assert (store.head("a"), store.state("a"), store.points("a", from_position=0, limit=9)) == (None, None, [])
    assert store.events(None) == []
    assert [o.event for o in store.due(9e9, 9)] == list(first.events)
    again = taken(store, step(Head("a"), range(3), events=(NewEvent(2, "change", "{}"),)))
    assert again.head.incarnation > first.head.incarnation
    assert again.events[0].id > first.events[0].id


def test_trimming_keeps_the_newest_and_whatever_the_state_has_not_seen(store: SeriesStore) -> None:
    head = taken(store, step(Head("a"), range(0, 50, 2), state=b"s")).head
    head = taken(store, step(head, range(100, 110), events=(NewEvent(100, "change", "{}"),))).head
    head = taken(store, step(head, range(110, 112), events=(NewEvent(110, "change", "{}"),))).head
    assert store.trim("a", keep_points=20, keep_events=1) == 17
    assert store.points("a", from_position=0, limit=1)[0].position == 17
    assert [event.seq for event in store.events("a")] == [110]
    assert store.trim("a", keep_points=5, keep_events=1) == 8
    assert store.points("a", from_position=0, limit=1)[0].position == head.state_position == 25
    assert store.trim("nobody", keep_points=1, keep_events=1) == 0


def test_the_outbox_gives_each_sink_its_events_in_order_of_the_series(store: SeriesStore) -> None:
    head = taken(store, step(Head("a"), range(1), events=(NewEvent(0, "change", "{}"),), sinks=("x", "y"))).head
    taken(store, step(head, range(1, 2), events=(NewEvent(1, "change", "{}"),), sinks=("x", "y")))
    taken(store, step(Head("b"), range(1), events=(NewEvent(0, "change", "{}"),), sinks=("x",)))
    assert store.due(999.0, 9) == []
    first = store.due(1_000.0, 9)
    assert [(o.sink, o.event.series_id, o.event.seq) for o in first] == [("x", "a", 0), ("y", "a", 0), ("x", "b", 0)]
    store.delivered(first[0].id)
    store.postpone(first[1].id, until_s=1_060.0, reason="no answer")
    assert [(o.sink, o.event.series_id, o.event.seq) for o in store.due(1_001.0, 9)] == [("x", "a", 1), ("x", "b", 0)]
    later = store.due(1_060.0, 9)[-1]
    assert (later.sink, later.attempts, later.reason) == ("y", 1, "no answer")


def test_dead_letters_are_kept_let_others_pass_and_can_be_revived(store: SeriesStore) -> None:
    head = taken(store, step(Head("a"), range(1), events=(NewEvent(0, "change", "{}"),), sinks=("x",))).head
    taken(store, step(head, range(1, 2), events=(NewEvent(1, "change", "{}"),), sinks=("x",)))
    (first,) = store.due(1_000.0, 9)
    store.bury(first.id, reason="gone")
    assert [(o.id, o.reason, o.attempts) for o in store.dead_letters()] == [(first.id, "gone", 1)]
    assert [o.event.seq for o in store.due(1_000.0, 9)] == [1]
    assert store.revive(first.id, now_s=1_000.0)
    assert not store.revive(first.id, now_s=1_000.0)
    assert [(o.event.seq, o.attempts) for o in store.due(1_000.0, 9)] == [(0, 0)]
    assert store.dead_letters() == []
