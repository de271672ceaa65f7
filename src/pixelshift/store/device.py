"""What a store of devices is: heads, immutable chunks, events and an outbox, moved together or not at all.

All bodies are opaque here. One writer wins: a commit names the version that it read.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from pixelshift.value import field, frozen


@frozen
class StoredHead:
    """A head and how many commits made it."""

    version: int
    body: bytes


@frozen
class StoredEvent:
    """An event; ``key`` orders those of a device and is used once."""

    device_id: str
    key: str
    id: str
    kind: str
    body: str


@frozen
class DeviceCommit:
    """One step of one device."""

    device_id: str
    version: int
    """Of the head that was read; 0 where there was none."""
    head: bytes
    chunks: Mapping[int, bytes] = field(default_factory=dict)
    dropped: Sequence[int] = ()
    """Numbers of chunks that nothing needs any more."""
    events: Sequence[StoredEvent] = ()


class DeviceStore(Protocol):
    """Keeps devices. Thread-safe.

    :raises OverloadedError: throttled or busy; later again.
    :raises OriginError: does not answer; whether a commit was taken is then unknown.
    """

    def head(self, device_id: str) -> StoredHead | None:
        """The head as it is now, not as it was."""
        ...

    def chunks(self, device_id: str, first: int, end: int) -> list[bytes]:
        """Chunks in order; fewer than asked for where somebody dropped them since the head was read."""
        ...

    def commit(self, commit: DeviceCommit) -> bool:
        """Takes a step whole; false when the head is no longer of that version."""
        ...

    def outgoing(self, device_id: str | None, limit: int) -> list[StoredEvent]:
        """Events that are still to be sent, those of a device in their order; of all devices where none is named."""
        ...

    def sent(self, event: StoredEvent) -> None:
        """Takes an event out of the outbox."""
        ...

    def bury(self, event: StoredEvent, reason: str) -> None:
        """Keeps an event that cannot be sent, out of the way of others."""
        ...
