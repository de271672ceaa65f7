"""Pictures larger than the face can send: laid where the client can fetch them, and answered by a redirect there."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from pixelshift.delivery.representation import HeaderMap, Representation
from pixelshift.edits.types import Format
from pixelshift.errors import TimeLimitError, TooLargeError
from pixelshift.net.cache_control import directives, seconds
from pixelshift.request.expiry import seconds_left
from pixelshift.value import frozen

_CARRIED = ("Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires")
"""What an object in S3 is served with; it has no other entity headers."""
_UNKEPT = ("no-store", "no-cache", "private")


class Shelf(Protocol):
    """Where bodies are laid; :class:`pixelshift.net.s3.S3Bucket`."""

    def put(self, key: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float) -> None: ...

    def link(self, key: str, *, life_s: int) -> str: ...


@frozen
class Oversize:
    """What is done about a body above ``limit_bytes``; without a shelf it is refused, as upstream does."""

    limit_bytes: int
    shelf: Shelf | None = None
    prefix: str = ""
    link_s: int = 900
    """How long a link is good."""
    cache_s: int = 300
    """How long the redirect may be cached; shorter, so that no cache sends anybody to a link that has ended."""

    def fit(self, made: Representation, name: str, deadline_s: float, expires: datetime | None) -> Representation:
        """The answer itself where it can be sent, or a redirect to where it lies under ``name``.

        :raises TooLargeError: it cannot be sent, nor laid anywhere.
        :raises OriginError: the shelf cannot be reached.
        """
        size = len(made.body)
        if size <= self.limit_bytes:
            return made
        drawing = made.headers["Content-Type"] == Format.SVG.media_type  # from a shelf it would come without its cage
        if self.shelf is None or drawing:
            raise TooLargeError(f"The picture has {size} bytes; {self.limit_bytes} can be sent.")
        if time.monotonic() >= deadline_s:
            raise TimeLimitError("There is no time left to lay the picture down.", retry_after_s=1)
        key = f"{self.prefix}{name}"
        known = HeaderMap(made.headers)
        carried = {header: value for header in _CARRIED if (value := known.find(header)) is not None}
        self.shelf.put(key, made.body, carried, deadline_s=deadline_s)
        left_s = self.link_s if expires is None else min(self.link_s, seconds_left(expires, datetime.now(UTC)))
        headers = {
            "Location": self.shelf.link(key, life_s=max(1, left_s)),
            "Cache-Control": self._cache_control(known.find("Cache-Control") or "", left_s),
        }
        return Representation(302, headers, b"", made.identities, made.timings_ms)

    def _cache_control(self, of_picture: str, left_s: int) -> str:
        """No longer than the link is good, than the operator says, or than the picture itself may be kept."""
        rules = directives(of_picture)
        if any(name in rules for name in _UNKEPT):
            return "no-store"
        ages = [seconds(rules[name]) or 0 for name in ("s-maxage", "max-age") if name in rules]
        # A third of the link's life stays for whoever is sent on at the last moment and has a slow line.
        return f"max-age={min(self.cache_s, left_s * 2 // 3, *ages)},public"
