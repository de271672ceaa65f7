"""Devices that send series to a stream: what they send, how that is put there in order, and what must come of it."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pixelshift.errors import InvalidRequestError, OriginError, OverloadedError
from pixelshift.streams.detection import Detection
from pixelshift.streams.device import Arrival, new_device, push
from pixelshift.streams.outbox import Retry
from pixelshift.streams.row import BadRow, Row
from pixelshift.streams.simulate import Simulation, simulated
from pixelshift.value import field, frozen, mutable, replace

DEVICES = 1_000
OBSERVATIONS = 5_000_000
"""What :func:`expected` holds at most, of all devices together."""
_PIECE = 4_096


class Observation(NamedTuple):
    """What a device sends."""

    device_id: str
    number: int
    """Its own count, from 0."""
    value: float | None
    time: str | None = None
    is_change: bool = False
    """Known to begin a new level, in simulated series."""

    def payload(self) -> bytes:
        """As :func:`pixelshift.streams.record.read_record` takes it."""
        record: dict[str, Any] = {"device": self.device_id, "seq": self.number, "value": self.value}
        return json.dumps(record if self.time is None else record | {"time": self.time}).encode()


def simulated_fleet(plan: Simulation, devices: int, name: str = "device") -> Iterator[Observation]:
    """Each device its own series, one observation of each in turn.

    :raises InvalidRequestError: no devices, or too many.
    """
    if not 1 <= devices <= DEVICES:
        raise InvalidRequestError(f"devices must lie between 1 and {DEVICES:,}")
    series = [simulated(replace(plan, seed=plan.seed + i)) for i in range(devices)]
    names = [f"{name}-{i + 1:04d}" for i in range(devices)]
    for number, values in enumerate(zip(*series, strict=True)):
        for device_id, (value, is_change) in zip(names, values, strict=True):
            yield Observation(device_id, number, value, is_change=is_change)


def rows_of_fleet(rows: Iterable[Row | BadRow], name: str = "device") -> Iterator[Observation]:
    """Rows of a file; a row's key is its device.

    :raises InvalidRequestError: a row that cannot be used, or too many devices.
    """
    numbers: dict[str, int] = {}
    for row in rows:
        if isinstance(row, BadRow):
            raise InvalidRequestError(f"row {row.number}: {row.reason}")
        device_id = row.key or f"{name}-0001"
        number = numbers.get(device_id, 0)
        numbers[device_id] = number + 1
        if len(numbers) > DEVICES:
            raise InvalidRequestError(f"more than {DEVICES:,} devices")
        # JSON has no NaN: no value is null.
        yield Observation(device_id, number, None if row.value != row.value else row.value, row.time)


class Writer(Protocol):
    """Takes (device, payload) pairs; answers with the places of those that it did not take.

    :raises OverloadedError: throttled, none was taken.
    :raises OriginError: no answer; some may have been taken.
    """

    def put(self, rows: Sequence[tuple[str, bytes]]) -> list[int]: ...


@mutable
class Sender:
    """Puts observations in the order of each device, whatever is refused on the way.

    A stream does not keep the order of records that one call carries, and refuses some of them alone; so a call holds
    one observation of each device, and a device's next one follows when that was taken. After a call without an
    answer an observation may be there twice: its number tells.
    """

    writer: Writer
    rate: float = 0.0
    """Observations of each device in a second; 0 sends as fast as they are taken."""
    call_records: int = 500
    retry: Retry = field(default_factory=lambda: Retry(attempts=20, base_s=0.1, cap_s=5.0))
    source: random.Random = field(default_factory=random.SystemRandom)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    sent: int = 0
    refused: int = 0
    """Records that had to be put again."""

    def send(self, observations: Iterable[Observation]) -> None:
        """Until all were taken.

        :raises OverloadedError: one was refused at every attempt.
        :raises OriginError: no answer at the last attempt.
        """
        begun = self.clock()
        for call in _calls(observations, self.call_records):
            if self.rate:
                self.sleep(max(0.0, begun + call[0].number / self.rate - self.clock()))
            self._put(call)
            self.sent += len(call)

    def _put(self, rows: Sequence[Observation]) -> None:
        for attempt in range(self.retry.attempts):
            try:
                places = self.writer.put([(row.device_id, row.payload()) for row in rows])
            except (OverloadedError, OriginError):
                if attempt + 1 == self.retry.attempts:
                    raise
                places = list(range(len(rows)))
            if not places:
                return
            self.refused += len(places)
            rows = [rows[place] for place in places]
            self.sleep(self.retry.pause_s(attempt, self.source))
        raise OverloadedError("the stream keeps refusing records", retry_after_s=1)


def _calls(observations: Iterable[Observation], most: int) -> Iterator[list[Observation]]:
    """Runs of neighbours of which no two are of one device."""
    call: list[Observation] = []
    devices: set[str] = set()
    for row in observations:
        if row.device_id in devices or len(call) == most:
            yield call
            call, devices = [], set()
        call.append(row)
        devices.add(row.device_id)
    if call:
        yield call


@mutable
class Expected:
    """What the detector makes of one device's series, and the series as it is drawn."""

    values: list[float | None] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of the events, without the names that the stream gives."""
    truth: list[int] = field(default_factory=list)


def expected(observations: Iterable[Observation], detection: Detection) -> dict[str, Expected]:
    """Runs the detector here, over all devices.

    :raises InvalidRequestError: more than :data:`OBSERVATIONS`.
    """
    devices: dict[str, Expected] = {}
    waiting: dict[str, list[Arrival]] = {}
    for count, row in enumerate(observations):
        if count == OBSERVATIONS:
            raise InvalidRequestError(f"more than {OBSERVATIONS:,} observations")
        device = devices.setdefault(row.device_id, Expected())
        device.values.append(row.value)
        if row.is_change:
            device.truth.append(row.number)
        waiting.setdefault(row.device_id, []).append(Arrival(row.number, row.value, row.time, row.number))
    for device_id, arrivals in waiting.items():
        devices[device_id].changes = list(_changes(device_id, arrivals, detection))
    return devices


def _changes(device_id: str, arrivals: list[Arrival], detection: Detection) -> Iterator[dict[str, Any]]:
    state, detector = new_device(device_id, detection), None
    place = 0
    while place < len(arrivals):
        step = push(state, arrivals[place : place + _PIECE], detection, detector=detector)
        state, detector, place = step.state, step.detector, place + step.taken
        yield from (json.loads(event.body) for event in step.events)


@frozen
class Comparison:
    """What is there of one device beside what must be there."""

    device_id: str
    expected: Sequence[Mapping[str, Any]]
    found: Sequence[Mapping[str, Any]]

    @property
    def missing(self) -> list[Mapping[str, Any]]:
        """Expected and not there."""
        return [change for change in self.expected if change not in self.found]

    @property
    def unexpected(self) -> list[Mapping[str, Any]]:
        """There and not expected."""
        return [change for change in self.found if change not in self.expected]

    @property
    def agrees(self) -> bool:
        """Whether both are the same, in the same order."""
        return list(self.expected) == list(self.found)


STREAM_NAMES = frozenset({"id", "device", "kind", "seq"})
"""Members of a stored change that its stream gives; all others the detector gives."""


def compare(device_id: str, device: Expected, stored: Sequence[Mapping[str, Any]]) -> Comparison:
    """Stored changes of a device against its expected ones."""
    found = [{name: value for name, value in change.items() if name not in STREAM_NAMES} for change in stored]
    return Comparison(device_id, device.changes, found)
