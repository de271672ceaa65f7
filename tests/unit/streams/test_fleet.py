import json
import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.changepoint import Detector
from pixelshift.errors import InvalidRequestError, OriginError, OverloadedError
from pixelshift.streams.detection import Detection
from pixelshift.streams.fleet import (
    Expected,
    Observation,
    Sender,
    compare,
    expected,
    rows_of_fleet,
    simulated_fleet,
)
from pixelshift.streams.outbox import Retry
from pixelshift.streams.record import read_record
from pixelshift.streams.row import BadRow, Row
from pixelshift.streams.simulate import Simulation


class Writer:
    """A stream that refuses records at random, and now and then does not answer though it took them."""

    def __init__(self, source: random.Random, refuse: float = 0.0, silent: float = 0.0) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.source, self.refuse, self.silent = source, refuse, silent
        self.sizes: list[int] = []

    def put(self, rows: Sequence[tuple[str, bytes]]) -> list[int]:
        self.sizes.append(len(rows))
        refused = [i for i in range(len(rows)) if self.source.random() < self.refuse]
        taken = [row for i, row in enumerate(rows) if i not in refused]
        self.source.shuffle(taken)  # a call promises no order
        self.taken += taken
        if self.source.random() < self.silent:
            raise OriginError("no answer")
        return refused


def _rows(devices: int, points: int) -> Iterator[Observation]:
    return simulated_fleet(Simulation(points), devices)


@given(st.integers(1, 9), st.integers(1, 30), st.integers(0, 2**32), st.integers(1, 12))
def test_each_device_arrives_complete_and_in_its_order_whatever_is_refused(
    devices: int, points: int, seed: int, most: int
) -> None:
    source = random.Random(seed)
    writer = Writer(source, 0.3)
    sender = Sender(writer, call_records=most, retry=Retry(200, 0.0, 0.0), source=source, sleep=lambda _: None)
    sender.send(_rows(devices, points))
    assert sender.sent == devices * points
    assert max(writer.sizes) <= most
    by_device: dict[str, list[int | None]] = {}
    for device_id, data in writer.taken:
        by_device.setdefault(device_id, []).append(read_record(device_id, 1, data).number)
    assert by_device == {f"device-{i + 1:04d}": list(range(points)) for i in range(devices)}


def test_after_an_answer_that_was_lost_a_record_may_be_there_twice_but_none_is_missing() -> None:
    source = random.Random(4)
    writer = Writer(source, 0.1, 0.2)
    Sender(writer, retry=Retry(200, 0.0, 0.0), source=source, sleep=lambda _: None).send(_rows(2, 200))
    numbers = [read_record("device-0001", 1, data).number for d, data in writer.taken if d == "device-0001"]
    assert len(numbers) > 200
    assert numbers == sorted(numbers)  # type: ignore[type-var]  # they are numbers
    assert set(numbers) == set(range(200))


def test_a_stream_that_never_takes_a_record_ends_in_an_error_after_jittered_pauses() -> None:
    pauses: list[float] = []
    sender = Sender(Writer(random.Random(1), 1.0), retry=Retry(9, 1.0, 20.0), sleep=pauses.append)
    with pytest.raises(OverloadedError):
        sender.send(_rows(1, 1))
    assert len(pauses) == 9
    assert all(0 <= pause <= min(20.0, 2.0**i) for i, pause in enumerate(pauses))


def test_the_rate_is_that_of_each_device() -> None:
    now = [0.0]

    def sleep(pause_s: float) -> None:
        now[0] += pause_s

    Sender(Writer(random.Random(1)), 4.0, clock=lambda: now[0], sleep=sleep).send(_rows(3, 21))
    assert now[0] == 5.0


def test_payloads_are_what_the_detector_reads() -> None:
    for row in (Observation("d", 3, 1.25, "t3"), Observation("d", 4, None)):
        arrival = read_record("d", 9, row.payload())
        assert (arrival.value, arrival.number, arrival.time, arrival.fault) == (row.value, row.number, row.time, None)


def test_rows_of_a_file_are_numbered_by_device() -> None:
    rows = [Row(2, 1.0, "a", "x"), Row(3, 2.0, "b", "y"), Row(4, float("nan"), "c", "x")]
    assert list(rows_of_fleet(rows)) == [
        Observation("x", 0, 1.0, "a"),
        Observation("y", 0, 2.0, "b"),
        Observation("x", 1, None, "c"),
    ]


def test_a_row_that_cannot_be_used_is_named() -> None:
    with pytest.raises(InvalidRequestError, match="row 7: no number"):
        list(rows_of_fleet([BadRow(7, "no number")]))


def test_expected_changes_are_those_of_the_detector_alone() -> None:
    rows = list(_rows(2, 1_500))
    found = expected(rows, Detection())
    for device_id, device in found.items():
        values = [row.value for row in rows if row.device_id == device_id]
        changes = Detector().extend(values)
        assert changes
        assert [(c["index"], c["detected_at"], c["offset"]) for c in device.changes] == [
            (c.index, c.detected_at, c.offset) for c in changes
        ]
        assert device.values == values


def test_comparing_tells_what_is_missing_and_what_should_not_be_there() -> None:
    device = Expected(changes=[{"index": 1}, {"index": 2}])
    right = [{"index": 1, "id": "d:1", "device": "d", "kind": "change", "seq": "1"}, {"index": 2}]
    assert compare("d", device, right).agrees
    wrong = compare("d", device, [{"index": 2}, {"index": 3}])
    assert not wrong.agrees
    assert (wrong.missing, wrong.unexpected) == ([{"index": 1}], [{"index": 3}])
    twice = compare("d", device, [*right, {"index": 2}])
    assert not twice.agrees


@pytest.mark.parametrize("devices", [0, 1_001])
def test_a_fleet_is_bounded(devices: int) -> None:
    with pytest.raises(InvalidRequestError):
        next(simulated_fleet(Simulation(), devices))


def test_observations_are_json_without_constants_that_json_does_not_know() -> None:
    json.loads(Observation("d", 0, None).payload(), parse_constant=pytest.fail)
