"""Reading originals within the time that a request has left."""

import time

from pixelshift.errors import TimeLimitError
from pixelshift.limits import Limits
from pixelshift.origin.base import Origin, Original
from pixelshift.origin.shared import CachingOrigin
from pixelshift.value import frozen


@frozen
class Originals:
    """An origin with the bounds that every read has."""

    origin: Origin
    limits: Limits
    timeout_s: float
    memory: CachingOrigin | None = None
    """Where ``origin`` keeps what it read, so that a purge reaches it."""

    def fetch(self, bucket: str, key: str, *, deadline_s: float) -> Original:
        """Reads one original.

        :raises PixelshiftError: what :class:`pixelshift.origin.base.Origin` raises, and 503 past the deadline.
        """
        return self._ask(bucket, key, None, deadline_s)

    def confirm(self, bucket: str, key: str, known: Original, *, deadline_s: float) -> Original | None:
        """``known`` with what the store says of it now, ``None`` where it has another version.

        The body is not read again where the origin can tell; ``known`` needs none.

        :raises PixelshiftError: as :meth:`fetch`.
        """
        latest = self._ask(bucket, key, known, deadline_s)
        return latest if latest.etag == known.etag else None

    def forget(self, *, source: str | None, prefix: str) -> None:
        """Drops from memory the original ``bucket/key``, or all whose address begins with ``prefix``."""
        if self.memory is None:
            return
        if source is None:
            self.memory.forget_prefix(prefix)
        else:
            bucket, _, key = source.partition("/")
            self.memory.forget(bucket, key)

    def _ask(self, bucket: str, key: str, known: Original | None, deadline_s: float) -> Original:
        remaining_s = deadline_s - time.monotonic()
        if remaining_s <= 0:
            raise TimeLimitError("There is no time left to read the original.", retry_after_s=1)
        return self.origin.fetch(
            bucket,
            key,
            body_limit_bytes=self.limits.source_bytes,
            timeout_s=min(self.timeout_s, remaining_s),
            known=known,
        )
