"""What a sink is: somewhere that wants to hear of events."""

from typing import Protocol

from pixelshift.value import frozen


@frozen
class Message:
    """One event on its way out."""

    id: str
    """The same at every attempt: what a receiver drops repetitions by."""
    series_id: str
    kind: str
    body: bytes
    """JSON."""


class Sink(Protocol):
    """Takes messages; returning means taken. Called from one thread at a time.

    :raises OriginError: not now; to be tried again, after ``retry_after_s`` where that is given.
    :raises ForbiddenError: never; not to be tried again.
    """

    def send(self, message: Message) -> None: ...
    def close(self) -> None: ...
