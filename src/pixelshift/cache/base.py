"""What a cache store is: bytes under keys, within a budget, gone at any time. Knows no HTTP."""

from collections.abc import Mapping
from typing import Protocol

from pixelshift.value import field, frozen


@frozen
class Entry:
    """One stored response."""

    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    stored_at_s: float
    """Unix time of the response."""
    fresh_until_s: float
    """Unix time until which it may be served without asking."""
    stale_until_s: float
    """Unix time until which it may be served while being renewed, or when renewal fails."""
    tags: tuple[str, ...] = ()
    """What a purge can name: ``bucket/key`` of every original that went into it."""
    extra: Mapping[str, str] = field(default_factory=dict)


class CacheStore(Protocol):
    """Thread-safe; implementations shared by processes are process-safe and crash-safe.

    A damaged or foreign entry is a miss, never an error. ``put`` may refuse silently (too large for the budget).
    """

    def get(self, key: str) -> Entry | None: ...
    def put(self, key: str, entry: Entry, *, generation: int | None = None) -> None:
        """Stores an entry; refuses one made before the last purge, when told the ``generation`` it was begun in."""
        ...

    def delete(self, key: str) -> bool: ...
    def purge_tag(self, tag: str) -> int:
        """Drops every entry with this tag; returns how many."""
        ...

    def purge_prefix(self, prefix: str) -> int:
        """Drops every entry with a tag that starts with ``prefix``."""
        ...

    def clear(self) -> int: ...
    def size_bytes(self) -> int: ...

    def generation(self) -> int:
        """Returns a number that rises with every ``delete``, purge and ``clear``, whoever asked for it.

        Read it before fetching what an entry is made of and hand it to ``put``, so that a purge during a slow render
        is not undone by the render's result.
        """
        ...
