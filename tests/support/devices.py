"""A store of devices in memory that breaks where it is told to, and streams for it."""

from collections.abc import Callable, Sequence

from pixelshift.errors import ForbiddenError, OriginError
from pixelshift.notify.base import Message
from pixelshift.store.device import DeviceCommit, StoredEvent, StoredHead
from pixelshift.streams.device import Arrival
from tests.support.series import shifted

BASE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
"""A sequence number as Kinesis gives them: too large for a float, and for DynamoDB's numbers."""


class CrashError(BaseException):
    """The process is gone: nothing catches it."""


Fault = Callable[[str], None]
"""Called before and after each step with its name; raises what is to happen there."""


class MemoryDeviceStore:
    """Takes commits as DynamoDB does; ``fault`` is asked before and after everything."""

    def __init__(self) -> None:
        self.heads: dict[str, StoredHead] = {}
        self.kept: dict[tuple[str, int], bytes] = {}
        self.events: dict[str, StoredEvent] = {}
        self.outbox: dict[tuple[str, str], StoredEvent] = {}
        self.buried: list[tuple[str, str]] = []
        self.reads = 0
        self.largest = 0
        self.fault: Fault = lambda _step: None

    def head(self, device_id: str) -> StoredHead | None:
        self.fault("read")
        self.reads += 1
        found = self.heads.get(device_id)
        self.fault("have read")
        return found

    def chunks(self, device_id: str, first: int, end: int) -> list[bytes]:
        self.reads += 1
        return [self.kept[device_id, n] for n in range(first, end) if (device_id, n) in self.kept]

    def commit(self, commit: DeviceCommit) -> bool:
        self.fault("commit")
        before = self.heads.get(commit.device_id)
        if (before.version if before else 0) != commit.version:
            return False
        items = 1 + len(commit.chunks) + len(commit.dropped) + 2 * len(commit.events)
        self.largest = max(self.largest, items)
        assert items <= 100
        assert len(commit.head) < 400_000
        for event in commit.events:
            assert event.id not in self.events, "an event happened twice"
            self.events[event.id] = self.outbox[event.device_id, event.key] = event
        for number, body in commit.chunks.items():
            assert self.kept.setdefault((commit.device_id, number), body) == body, "a chunk changed"
        for number in commit.dropped:
            self.kept.pop((commit.device_id, number), None)
        self.heads[commit.device_id] = StoredHead(commit.version + 1, commit.head)
        self.fault("committed")
        return True

    def outgoing(self, device_id: str | None, limit: int) -> list[StoredEvent]:
        keys = sorted(key for key in self.outbox if device_id in (None, key[0]))
        return [self.outbox[key] for key in keys][:limit]

    def sent(self, event: StoredEvent) -> None:
        self.fault("sent")
        self.outbox.pop((event.device_id, event.key), None)
        self.fault("struck out")

    def bury(self, event: StoredEvent, reason: str) -> None:
        self.buried.append((event.id, reason))
        self.outbox.pop((event.device_id, event.key), None)


class ListSink:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.refusals: dict[str, OriginError | ForbiddenError] = {}

    def send(self, message: Message) -> None:
        if message.id in self.refusals:
            raise self.refusals[message.id]
        self.ids.append(message.id)

    def close(self) -> None: ...


def arrivals(seed: int = 1, sizes: tuple[int, ...] = (60, 60, 60), *, start: int = 0) -> list[Arrival]:
    """A device's records: two levels in turn, numbers apart as those of a shard are."""
    values: Sequence[float] = shifted(seed, sizes)
    return [Arrival(BASE + start + 3 * i, value, f"t{i}") for i, value in enumerate(values)]
