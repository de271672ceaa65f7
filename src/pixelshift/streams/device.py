"""One device's walk through its stream: ``push(state, batch) -> step``, pure; what Lambda and a plain process share.

Whoever keeps the state stores :attr:`Step.state` and the events of the step together, under the condition that nobody
else was faster, and loses nothing by crashing before or after: arrivals at or below ``last_seq`` do nothing.
"""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite, nan
from typing import Any

from pixelshift.changepoint import ChangePoint, Detector
from pixelshift.streams.detection import Detection
from pixelshift.value import field, frozen, replace

CHUNK_POINTS = 512
PIECE = 16
"""Arrivals between two looks at the limits; each can bring one change at most."""


@frozen
class StepLimits:
    """What one step may write; DynamoDB takes 100 items in a transaction."""

    events: int = 40
    chunks: int = 8


@frozen
class Arrival:
    """One record of the device: a value, no value, or what could not be read, which leaves a gap."""

    seq: int
    value: float | None
    time: str | None = None
    number: int | None = None
    """The device's own count of its observations, where it sends one."""
    fault: str | None = None
    """Why the record could not be read."""


@frozen
class Tally:
    """What became of a device's arrivals."""

    accepted: int = 0
    missing: int = 0
    poison: int = 0
    """Records that could not be read; each took its place in the stream as a missing value."""
    duplicates: int = 0
    """Delivered again: at or below the last sequence number."""
    late: int = 0
    """Numbered by the device at or below the last number it sent: dropped, for the detector has gone on."""
    gaps: int = 0
    """Numbers of the device that never came."""
    changes: int = 0

    def plus(self, counts: Mapping[str, int]) -> "Tally":
        """With so many more, by name."""
        return replace(self, **{name: getattr(self, name) + count for name, count in counts.items()})


@frozen
class Log:
    """The unsealed end of the log of values: values from ordinal ``start`` on, and what was missing before them."""

    start: int = 0
    values: tuple[float, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    """Ordinal of a value, and how many observations without a value came just before it."""

    @property
    def end(self) -> int:
        """Ordinal of the next value."""
        return self.start + len(self.values)


@frozen
class Chunk:
    """:data:`CHUNK_POINTS` values of the log from ordinal ``number * CHUNK_POINTS`` on; never changed once written."""

    number: int
    values: tuple[float, ...]
    gaps: tuple[tuple[int, int], ...]


@frozen
class DeviceState:
    """Everything known of a device. ``detector`` is :meth:`Detector.to_bytes`; positions count all observations."""

    device_id: str
    detector: bytes
    settings: str
    """Fingerprint of the detector's parameters."""
    last_seq: int | None = None
    last_number: int | None = None
    position: int = 0
    base: int = 0
    """Position at which the present detector began."""
    pending: int = 0
    """Observations without a value since the last one with one."""
    log: Log = field(default_factory=Log)
    tally: Tally = field(default_factory=Tally)


@frozen
class DeviceEvent:
    """Something that the record ``seq`` brought about; (device, seq, kind) happens once."""

    device_id: str
    seq: int
    kind: str
    body: str
    """JSON."""

    @property
    def id(self) -> str:
        """``device:detected_seq`` for a change; other kinds name themselves behind it."""
        plain = f"{self.device_id}:{self.seq}"
        return plain if self.kind == "change" else f"{plain}:{self.kind}"


@frozen
class Step:
    """What a batch, or as much of it as one step may write, leads to."""

    state: DeviceState
    detector: Detector
    """At exactly ``state``; to be handed to the next :func:`push`, once."""
    events: Sequence[DeviceEvent]
    chunks: Sequence[Chunk]
    taken: int
    """Arrivals used up."""


@lru_cache(maxsize=64)
def fingerprint(detection: Detection) -> str:
    """The same for the same parameters, on every machine."""
    text = json.dumps(detection.detector().parameters.as_dict(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def new_device(device_id: str, detection: Detection) -> DeviceState:
    """A device of which nothing was heard yet."""
    return DeviceState(device_id, detection.detector().to_bytes(), fingerprint(detection))


def push(
    state: DeviceState,
    batch: Sequence[Arrival],
    detection: Detection,
    *,
    detector: Detector | None = None,
    limits: StepLimits | None = None,
) -> Step:
    """Takes arrivals in the order of their stream.

    ``detector`` saves reading ``state.detector`` where one at exactly that place is at hand; it is used up. Other
    parameters than before begin a new detector with a ``reset`` event at the first arrival under them.
    """
    bounds = limits or StepLimits()
    work = _Work(state, detector or Detector.from_bytes(state.detector), detection)
    taken = 0
    while taken < len(batch):
        piece = batch[taken : taken + PIECE]
        work.take(piece)
        taken += len(piece)
        if len(work.events) + PIECE + 1 > bounds.events or len(work.values) >= bounds.chunks * CHUNK_POINTS:
            break
    return work.step(taken)


class _Work:
    """A step in the making."""

    def __init__(self, state: DeviceState, detector: Detector, detection: Detection) -> None:
        self.state = state
        self.detector = detector
        self.detection = detection
        self.events: list[DeviceEvent] = []
        self.values = list(state.log.values)
        self.gaps = list(state.log.gaps)

    def take(self, piece: Sequence[Arrival]) -> None:
        fresh = list(self._fresh(piece))
        if not fresh:
            return
        if self.state.settings != fingerprint(self.detection):
            self._reset(fresh[0])
        first = self.state.position
        changes = self.detector.extend(array("d", [_value(arrival) for arrival in fresh]))
        for arrival in fresh:
            self._log(arrival)
        self.events += [self._change(change, fresh[self.state.base + change.detected_at - first]) for change in changes]
        self.state = replace(self.state, tally=self.state.tally.plus({"changes": len(changes)}))

    def _fresh(self, piece: Sequence[Arrival]) -> Iterator[Arrival]:
        """Those that are new; the others are counted."""
        last_seq, last_number = self.state.last_seq, self.state.last_number
        counts = Counter[str]()
        for arrival in piece:
            if last_seq is not None and arrival.seq <= last_seq:
                counts["duplicates"] += 1
                continue
            last_seq = arrival.seq
            if arrival.number is not None and last_number is not None:
                if arrival.number <= last_number:
                    counts["late"] += 1
                    continue
                counts["gaps"] += arrival.number - last_number - 1
            last_number = last_number if arrival.number is None else arrival.number
            counts["accepted"] += 1
            counts["poison"] += arrival.fault is not None
            counts["missing"] += arrival.fault is None and not isfinite(_value(arrival))
            yield arrival
        self.state = replace(
            self.state, tally=self.state.tally.plus(counts), last_seq=last_seq, last_number=last_number
        )

    def _reset(self, arrival: Arrival) -> None:
        body = {"index": self.state.position, "detector": self.detection.changed()}
        self.events.append(DeviceEvent(self.state.device_id, arrival.seq, "reset", json.dumps(body)))
        self.detector = self.detection.detector()
        self.state = replace(self.state, settings=fingerprint(self.detection), base=self.state.position)

    def _log(self, arrival: Arrival) -> None:
        value, pending = _value(arrival), self.state.pending
        if not isfinite(value):
            self.state = replace(self.state, position=self.state.position + 1, pending=pending + 1)
            return
        if pending:
            self.gaps.append((self.state.log.start + len(self.values), pending))
        self.values.append(value)
        self.state = replace(self.state, position=self.state.position + 1, pending=0)

    def _change(self, change: ChangePoint, found: Arrival) -> DeviceEvent:
        record: dict[str, Any] = {
            "index": self.state.base + change.index,
            "detected_at": self.state.base + change.detected_at,
            "detected_time": found.time,
            "direction": change.direction,
            **{name: getattr(change, name) for name in ("offset", "offset_low", "offset_high", "before", "after")},
            **{name: getattr(change, name) for name in ("p_value", "n_before", "n_after")},
        }
        # JSON has no words for infinities and NaN.
        plain = {name: None if isinstance(x, float) and not isfinite(x) else x for name, x in record.items()}
        return DeviceEvent(self.state.device_id, found.seq, "change", json.dumps(plain))

    def step(self, taken: int) -> Step:
        start, chunks = self.state.log.start, []
        while len(self.values) >= CHUNK_POINTS:
            edge = start + CHUNK_POINTS
            own = tuple(gap for gap in self.gaps if gap[0] < edge)
            chunks.append(Chunk(start // CHUNK_POINTS, tuple(self.values[:CHUNK_POINTS]), own))
            self.values, self.gaps, start = self.values[CHUNK_POINTS:], self.gaps[len(own) :], edge
        log = Log(start, tuple(self.values), tuple(self.gaps))
        state = replace(self.state, log=log, detector=self.detector.to_bytes())
        return Step(state, self.detector, self.events, chunks, taken)


def _value(arrival: Arrival) -> float:
    return nan if arrival.value is None or arrival.fault is not None else arrival.value
