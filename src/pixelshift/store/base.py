"""What a series store is: heads, points, detector states, events and an outbox, moved together or not at all.

A store knows nothing of detection: states and event bodies are opaque to it. Whoever writes reads a :class:`Head`,
works out the next one and offers both as a :class:`Commit`; it is taken only if nobody else was faster.
"""

from collections.abc import Sequence
from typing import Protocol

from pixelshift.value import frozen


@frozen
class Counts:
    """What became of the rows that were sent to a series."""

    accepted: int = 0
    missing: int = 0
    """Accepted rows without a value: they take their place in the stream, the detector passes over them."""
    duplicates: int = 0
    """Sent again with the same value: nothing was done."""
    conflicts: int = 0
    """Sent again with another value: nothing was done."""
    late: int = 0
    """A number below the last one that was never seen: not taken, for the detector has gone on."""
    gaps: int = 0
    """Numbers that were passed over."""
    changes: int = 0
    """Changes of level found."""


@frozen
class Head:
    """Where a series stands."""

    series_id: str
    incarnation: int = 0
    """Tells this series from an earlier one of the same name that was deleted; given by the store."""
    version: int = 0
    """Commits so far; 0 for a series that is not stored yet."""
    settings: str = "{}"
    """JSON, as :mod:`pixelshift.streams` keeps it."""
    last_seq: int | None = None
    position: int = 0
    """Observations so far, over all settings."""
    base: int = 0
    """Position at which the present detector began."""
    state_position: int = 0
    """Position that the stored detector state has reached; the points behind it are to be pushed again."""
    counts: Counts = Counts()
    last_value: float | None = None
    last_time: str | None = None
    updated_at_s: float = 0.0
    """Unix time of the last commit."""


@frozen
class Point:
    """One observation that was taken."""

    seq: int
    position: int
    value: float | None
    time: str | None = None


@frozen
class NewEvent:
    """Something that the observation ``seq`` brought about; (series, seq, kind) happens once."""

    seq: int
    kind: str
    body: str
    """JSON."""


@frozen
class Event:
    """An event in the log of all series."""

    id: int
    """Grows along the log; never used again."""
    series_id: str
    incarnation: int
    seq: int
    kind: str
    body: str
    at_s: float


@frozen
class Commit:
    """One step of one series."""

    before: Head
    """As it was read: the condition under which the step is taken."""
    after: Head
    """The same with what changed; the store sets ``version`` and ``incarnation``."""
    points: Sequence[Point] = ()
    state: bytes | None = None
    """The detector at ``after.position``, when it is to be kept; ``after.state_position`` says so too."""
    events: Sequence[NewEvent] = ()
    sinks: Sequence[str] = ()
    """Names under which each event is put into the outbox."""


@frozen
class Committed:
    """A step that was taken."""

    head: Head
    events: Sequence[Event]


@frozen
class Outgoing:
    """An event that is still to be delivered to one sink."""

    id: int
    sink: str
    event: Event
    attempts: int
    """Made so far."""
    reason: str = ""
    """Why the last one failed."""


class SeriesStore(Protocol):
    """Keeps series. Thread-safe; one conformance suite covers every implementation.

    :raises OverloadedError: the store is too busy to answer now.
    """

    def head(self, series_id: str) -> Head | None: ...

    def state(self, series_id: str) -> bytes | None:
        """The detector at ``head.state_position``."""
        ...

    def commit(self, commit: Commit) -> Committed | None:
        """Takes a step whole and durably; ``None`` when the series is no longer as ``commit.before`` says."""
        ...

    def heads(self, *, after: str = "", limit: int = 100) -> list[Head]:
        """Series by name, those that come after ``after``."""
        ...

    def count(self) -> int:
        """How many series there are."""
        ...

    def points(self, series_id: str, *, from_position: int, limit: int) -> list[Point]:
        """Points in order, from a position on."""
        ...

    def points_between(self, series_id: str, first_seq: int, last_seq: int, limit: int) -> list[Point]:
        """Points in order whose numbers lie in ``first_seq <= seq <= last_seq``."""
        ...

    def events(
        self, series_id: str | None, *, after_id: int = 0, limit: int = 100, kind: str | None = None
    ) -> list[Event]:
        """Events in order of the log, of one series or of all."""
        ...

    def latest_events(self, series_id: str, *, limit: int, kind: str) -> list[Event]:
        """The last events of a kind, oldest first."""
        ...

    def last_event_id(self) -> int: ...

    def delete(self, series_id: str) -> bool:
        """Forgets a series with its points, state and events; what is in the outbox still goes out."""
        ...

    def trim(self, series_id: str, *, keep_points: int, keep_events: int) -> int:
        """Drops what is older, never a point that the detector's state has not seen; returns how many points."""
        ...

    def due(self, now_s: float, limit: int) -> list[Outgoing]:
        """Deliveries whose time has come, oldest first, none of a series before an earlier one of it."""
        ...

    def delivered(self, outgoing_id: int) -> None: ...
    def postpone(self, outgoing_id: int, *, until_s: float, reason: str) -> None:
        """Counts a failed attempt and waits."""
        ...

    def bury(self, outgoing_id: int, *, reason: str) -> None:
        """Counts a failed attempt and gives up: a dead letter, kept."""
        ...

    def dead_letters(self, limit: int = 100) -> list[Outgoing]: ...
    def revive(self, outgoing_id: int, *, now_s: float) -> bool:
        """A dead letter is due again, its attempts forgotten."""
        ...

    def close(self) -> None: ...
