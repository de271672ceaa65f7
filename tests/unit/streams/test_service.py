import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pixelshift.changepoint import detect
from pixelshift.errors import ForbiddenError, InternalError, InvalidRequestError, NotFoundError
from pixelshift.store.base import Commit, Committed
from pixelshift.store.sqlite import SqliteSeriesStore
from pixelshift.streams.intake import Observation
from pixelshift.streams.service import SeriesService, ServiceLimits
from pixelshift.value import replace
from tests.support.series import numbered, service_in, shifted


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SeriesService]:
    made = service_in(tmp_path, sinks=("log",))
    yield made
    made.store.close()


def changes(service: SeriesService, series_id: str = "cpu") -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in service.store.events(series_id, kind="change", limit=1_000)]


def facts(service: SeriesService) -> tuple[Any, ...]:
    """Everything that a series has brought about, without times."""
    head = service.head("cpu")
    points = service.store.points("cpu", from_position=0, limit=10**6)
    events = [(e.seq, e.kind, e.body) for e in service.store.events("cpu", limit=10**6)]
    outbox = sorted((o.sink, o.event.seq) for o in _outbox(service))
    return head.position, head.last_seq, head.counts, points, events, outbox


def _outbox(service: SeriesService) -> list[Any]:
    store = service.store
    gathered = []
    while letters := store.due(9e12, 1_000):
        gathered += letters
        for letter in letters:
            store.bury(letter.id, reason="")
    return gathered


def test_changes_are_those_of_detect_however_the_stream_is_cut(service: SeriesService) -> None:
    values = shifted(sizes=(60, 60, 60, 60))
    source = random.Random(1)
    rows = numbered(values, 100)
    while rows:
        cut = source.randint(1, 30)
        service.push("cpu", rows[:cut])
        rows = rows[cut:]
    found = changes(service)
    assert [(c["index"], c["offset"]) for c in found] == [(c.index, c.offset) for c in detect(values)]
    assert len(found) >= 3
    for change in found:
        assert (change["seq"], change["time"]) == (100 + change["index"], f"t{100 + change['index']}")
        assert change["detected_seq"] == 100 + change["detected_at"]


def test_missing_values_take_their_place(service: SeriesService) -> None:
    values: list[float | None] = list(shifted())
    values[10:10] = [None] * 5
    service.push("cpu", [Observation(value) for value in values])
    expected = detect([float("nan") if value is None else value for value in values])
    assert [c["index"] for c in changes(service)] == [c.index for c in expected]
    assert service.head("cpu").counts.missing == 5


def test_replays_from_any_older_place_change_nothing_but_the_counts(service: SeriesService, tmp_path: Path) -> None:
    rows = numbered(shifted())
    for start, end in [(0, 50), (20, 50), (0, 90), (89, 140), (100, 120), (0, 180)]:
        service.push("cpu", rows[start:end])
    (tmp_path / "plain").mkdir()
    plain = service_in(tmp_path / "plain", sinks=("log",))
    plain.push("cpu", rows)
    counts = service.head("cpu").counts
    assert counts.duplicates == 30 + 50 + 1 + 20 + 140
    ours, theirs = facts(service), facts(plain)
    assert (*ours[:2], *ours[3:]) == (*theirs[:2], *theirs[3:])
    assert replace(counts, duplicates=0) == theirs[2]
    plain.store.close()


def test_late_and_contradicting_rows_are_counted_and_never_pushed(service: SeriesService) -> None:
    rows = [row for row in numbered(shifted()) if row.seq != 30]
    service.push("cpu", rows)
    outcome = service.push("cpu", [Observation(99.0, 30), Observation(99.0, 31), rows[5]])
    assert (outcome.counts.late, outcome.counts.conflicts, outcome.counts.duplicates) == (1, 1, 1)
    assert service.head("cpu").counts.gaps == 1
    assert [c["index"] for c in changes(service)] == [c.index for c in detect([r.value for r in rows])]


@pytest.mark.parametrize("lag", [1, 7, 256])
def test_a_service_that_starts_again_at_any_moment_goes_on_alike(lag: int, tmp_path: Path) -> None:
    rows = numbered(shifted(sizes=(60, 60, 60, 60)))
    whole = service_in(tmp_path)
    whole.push("cpu", rows)
    (tmp_path / "cut").mkdir()
    for start in range(0, len(rows), 16):
        service = service_in(tmp_path / "cut", limits=ServiceLimits(state_lag=lag))
        service.push("cpu", rows[start : start + 16])
        found, head = changes(service), service.head("cpu")
        service.store.close()
    assert found == changes(whole)
    assert head.counts == whole.head("cpu").counts
    assert (head.state_position > 0) == (lag < len(rows))
    whole.store.close()


def test_two_services_on_one_store_take_turns_without_losing_or_doubling(tmp_path: Path) -> None:
    rows = numbered(shifted(sizes=(60, 60, 60, 60)))
    one, two = service_in(tmp_path, sinks=("log",)), service_in(tmp_path, sinks=("log",))

    def work(service: SeriesService) -> None:
        for start in range(0, len(rows), 5):
            service.push("cpu", rows[start : start + 5])

    threads = [threading.Thread(target=work, args=(service,)) for service in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (tmp_path / "plain").mkdir()
    plain = service_in(tmp_path / "plain", sinks=("log",))
    work(plain)
    ours, theirs = facts(one), facts(plain)
    assert (*ours[:2], *ours[3:]) == (*theirs[:2], *theirs[3:])
    assert ours[2].duplicates == len(rows)
    for service in (one, two, plain):
        service.store.close()


class Failing(SqliteSeriesStore):
    """Fails before or after taking a step, now and then."""

    def __init__(self, path: Path, source: random.Random) -> None:
        super().__init__(path, durability="process")
        self.source = source

    def commit(self, commit: Commit) -> Committed | None:
        chance = self.source.random()
        if chance < 0.2:
            raise InternalError("the disk is gone")
        committed = super().commit(commit)
        if chance < 0.4:
            raise InternalError("the answer was lost")
        return committed


@pytest.mark.parametrize("seed", range(5))
def test_failures_before_and_after_the_step_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    service = SeriesService(Failing(tmp_path / "f.db", source), sinks=("log",))
    rows = numbered(shifted(seed, (60, 60, 60)))
    for start in range(0, len(rows), 9):
        while True:
            try:
                service.push("cpu", rows[start : start + 9])
            except InternalError:
                continue
            break
    plain = service_in(tmp_path, sinks=("log",))
    plain.push("cpu", rows)
    ours, theirs = facts(service), facts(plain)
    assert (*ours[:2], *ours[3:]) == (*theirs[:2], *theirs[3:])
    service.store.close()
    plain.store.close()


def test_cold_series_are_dropped_from_memory_and_loaded_again(tmp_path: Path) -> None:
    service = service_in(tmp_path, limits=ServiceLimits(warm_series=2))
    values = {f"s{i}": shifted(i, (40, 40)) for i in range(5)}
    for start in range(0, 80, 10):
        for name, series in values.items():
            service.push(name, numbered(series[start : start + 10], start))
    for name, series in values.items():
        assert [c["index"] for c in changes(service, name)] == [c.index for c in detect(series)]
    assert len(service._warm) == 2
    service.store.close()


def test_other_settings_begin_anew_and_say_so_once(service: SeriesService) -> None:
    values = shifted()
    service.push("cpu", numbered(values))
    service.configure("cpu", {"detector": {"alpha": 0.05}, "keep_points": 500})
    service.configure("cpu", {"detector": {"alpha": 0.02}})
    service.configure("cpu", {"detector": {"alpha": 0.02}, "keep_points": 400})
    service.push("cpu", numbered(values, len(values)))
    first, second = detect(values), detect(values, alpha=0.02)
    indices = [c.index for c in first] + [len(values) + c.index for c in second]
    assert [c["index"] for c in changes(service)] == indices
    resets = service.store.events("cpu", kind="reset")
    assert [(event.seq, json.loads(event.body)["index"]) for event in resets] == [(179, 180)]
    assert service.settings("cpu").as_dict() == {
        "detector": {"alpha": 0.02},
        "keep_points": 400,
        "keep_changes": 10_000,
    }


def test_old_points_are_dropped_and_the_rest_still_works(service: SeriesService) -> None:
    service.configure("cpu", {"keep_points": 300, "keep_changes": 2})
    values = shifted(3, (300,) * 8)
    for start in range(0, len(values), 100):
        service.push("cpu", numbered(values[start : start + 100], start))
    kept = service.store.points("cpu", from_position=0, limit=10**6)
    assert 300 <= len(kept) <= 1_700
    assert service.head("cpu").position == 2_400
    # What happened is not forgotten for want of points: only the last events are kept, and they are right.
    expected = detect(values)
    assert [c["index"] for c in changes(service)][-1] == expected[-1].index
    assert len(changes(service)) < len(expected)


@pytest.mark.parametrize(
    "given",
    [
        {"detector": {"alpha": 3}},
        {"detector": []},
        {"keep_points": 0},
        {"keep_points": True},
        {"keep_points": 10**12},
        {"colour": "red"},
    ],
)
def test_wrong_settings_are_refused_and_nothing_changes(given: dict[str, Any], service: SeriesService) -> None:
    service.push("cpu", numbered(shifted()))
    before = service.head("cpu")
    with pytest.raises(InvalidRequestError):
        service.configure("cpu", given)
    assert service.head("cpu") == before


@pytest.mark.parametrize("name", ["", "a" * 129, "a/b", "a b", "é", "..", "a\n"])
def test_a_name_that_is_none_is_refused(name: str, service: SeriesService) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 128"):
        service.push(name, [Observation(1.0)])


def test_the_number_of_series_and_of_rows_is_bounded(tmp_path: Path) -> None:
    service = service_in(tmp_path, limits=ServiceLimits(series=2, batch_rows=3))
    service.push("a", [Observation(1.0)])
    service.push("b", [Observation(1.0)])
    with pytest.raises(ForbiddenError, match="2 series already"):
        service.push("c", [Observation(1.0)])
    with pytest.raises(InvalidRequestError, match="in parts"):
        service.push("a", [Observation(1.0)] * 4)
    service.store.close()


def test_a_detector_never_holds_more_than_the_service_allows(tmp_path: Path) -> None:
    service = service_in(tmp_path, limits=ServiceLimits(segment_points=50))
    service.configure("cpu", {"detector": {"max_points": 1_000_000}})
    values = [random.Random(i).gauss(0, 1) for i in range(400)]
    service.push("cpu", numbered(values))
    assert [c["index"] for c in changes(service)] == [c.index for c in detect(values, max_points=50)]
    service.store.close()


def test_a_deleted_series_begins_anew(service: SeriesService) -> None:
    service.push("cpu", numbered(shifted()))
    service.delete("cpu")
    with pytest.raises(NotFoundError):
        service.head("cpu")
    with pytest.raises(NotFoundError):
        service.delete("cpu")
    service.push("cpu", numbered(shifted()))
    assert service.head("cpu").position == 180
    assert len(changes(service)) == 2


def test_the_plot_shows_the_last_points_and_their_changes(service: SeriesService) -> None:
    service.push("cpu", numbered(shifted()))
    svg = service.plot("cpu", points=100)
    assert (
        ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") == "cpu: 100 observations, 2 changes of level"
    )
    assert svg.count("p = ") == 1


def test_a_stored_state_that_cannot_be_read_is_our_error(tmp_path: Path) -> None:
    service = service_in(tmp_path, limits=ServiceLimits(state_lag=1))
    service.push("cpu", numbered(shifted()))
    service.store.close()
    store = SqliteSeriesStore(tmp_path / "series.db")
    store._writer.execute("UPDATE state SET body = x'00'")
    with pytest.raises(InternalError, match="cannot be read"):
        SeriesService(store).push("cpu", [Observation(1.0)])
    store.close()
