"""The detector function with everything around it in memory: it breaks where a test says, and the outcome counts."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pixelshift.aws.detector import DetectorHandler
from pixelshift.aws.mapping import Delivery, MappingOptions, Place, batches
from pixelshift.notify.base import Message
from pixelshift.store.raw import RawRecord
from pixelshift.streams.detection import Detection
from pixelshift.streams.device_service import DeviceOutbox, DeviceService
from pixelshift.streams.device_state import without_duplicates
from tests.support.devices import BASE, CrashError, Fault, MemoryDeviceStore
from tests.support.series import shifted

PLACE = Place("arn:aws:kinesis:us-east-1:000000000000:stream/s", "shardId-000000000000")
STEPS = (
    *("invoke", "put aside", "have put aside", "read", "have read", "commit", "committed"),
    *("publish", "published", "sent", "struck out", "answer"),
)
"""Where something can break, in the order of one batch."""
DELIVERY = MappingOptions(batch_size=20, report_failures=True)


class Gone(Exception):  # noqa: N818  what Lambda sees of a crash
    """The process that ran the function is gone."""


class Context:
    """A Lambda context with so much time left."""

    def __init__(self, left_ms: int = 60_000) -> None:
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


@dataclass(frozen=True)
class Outcome:
    """What a run leaves behind; two runs of the same records must leave the same."""

    events: Mapping[str, str]
    """Bodies by id, as the table of changes holds them."""
    told: frozenset[str]
    """Ids that were published."""
    states: Mapping[str, bytes]
    """Heads by device, duplicates uncounted."""
    poison: frozenset[tuple[str, str]]
    """(device, number) of every letter."""


@dataclass
class World:
    """Tables, a queue, a topic, and one process of the detector function, which a crash ends."""

    detection: Detection = field(default_factory=Detection)
    store: MemoryDeviceStore = field(default_factory=MemoryDeviceStore)
    fault: Fault = lambda _step: None
    told: list[str] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    crashes: int = 0
    context: Context = field(default_factory=Context)
    _process: DetectorHandler | None = None

    def __post_init__(self) -> None:
        self.store.fault = self._step

    def _step(self, name: str) -> None:
        self.fault(name)

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """As Lambda does it: the warm process, or a new one after a crash."""
        try:
            self._step("invoke")
            self._process = self._process or self.handler()
            answer = self._process(event, self.context)
            self._step("answer")
        except CrashError:
            self.crashes += 1
            self._process = None
            raise Gone from None
        return answer

    def handler(self) -> DetectorHandler:
        """A new process."""
        return DetectorHandler(DeviceService(self.store, self.detection), self, DeviceOutbox(self.store, _Topic(self)))

    def send(self, body: str, *, delay_s: int = 0, attributes: Mapping[str, int | str] | None = None) -> None:
        """The queue of poison."""
        self._step("put aside")
        self.letters.append(json.loads(body))
        self._step("have put aside")

    def feed(self, records: Sequence[RawRecord], options: MappingOptions = DELIVERY) -> Delivery:
        """Delivers records until all are taken or given up."""
        delivery = Delivery(options, PLACE, self.invoke, pause=lambda _: None)
        for batch in batches(records, options.batch_size):
            delivery.deliver(batch)
        return delivery

    def outcome(self) -> Outcome:
        """What is there once the outbox function has had its turn without faults."""
        self.fault = lambda _step: None
        outbox = DeviceOutbox(self.store, _Topic(self))
        while outbox.drain()[0]:
            pass
        assert not self.store.outbox
        service = DeviceService(self.store, self.detection)
        states = {device: service.state(device) for device in self.store.heads}
        return Outcome(
            {event.id: event.body for event in self.store.events.values()},
            frozenset(self.told),
            {device: without_duplicates(state) for device, state in states.items() if state},
            frozenset((letter["device"], letter["seq"]) for letter in self.letters),
        )


@dataclass
class _Topic:
    world: World

    def send(self, message: Message) -> None:
        self.world._step("publish")
        self.world.told.append(message.id)
        self.world._step("published")

    def close(self) -> None: ...


def records(
    devices: int = 3, sizes: tuple[int, ...] = (25, 25), *, seed: int = 1, poison: Sequence[int] = (), start: int = 0
) -> list[RawRecord]:
    """Devices in turn on one shard; ``poison`` are places in the list of what cannot be read."""
    series = [shifted(seed + i, sizes) for i in range(devices)]
    made = []
    for number, values in enumerate(zip(*series, strict=True)):
        for i, value in enumerate(values):
            at = len(made)
            data = b"\xff" if at in poison else json.dumps({"value": value, "seq": number, "time": number}).encode()
            made.append(RawRecord(f"d{i}", BASE + start + 3 * at, data, 1_000.0 + at))
    return made


def undisturbed(rows: Sequence[RawRecord], options: MappingOptions = DELIVERY) -> Outcome:
    """What the same records leave behind when nothing breaks."""
    world = World()
    world.feed(rows, options)
    return world.outcome()


def steps_of(rows: Sequence[RawRecord]) -> list[str]:
    """Every step of an undisturbed run, in order."""
    seen: list[str] = []
    world = World(fault=seen.append)
    world.feed(rows)
    return seen


def at_step(number: int, error: BaseException) -> Fault:
    """Breaks at the step of that number of a run, once."""
    left = [number]

    def fault(_step: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise error

    return fault


def at_random(source: random.Random, every: int, *errors: BaseException) -> Fault:
    """Breaks at about one step in ``every``."""

    def fault(_step: str) -> None:
        if not source.randrange(every):
            raise source.choice(errors)

    return fault
