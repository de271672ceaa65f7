"""What an origin is: somewhere that keeps originals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from pixelshift.value import field, frozen, replace

BROKEN_BODY_CODE = "ImageRetrieval::CannotRetrieveImage"
"""The contract's code for a body that broke off after its head had come."""


@frozen
class Original:
    """The bytes of one stored object with what its store says about them."""

    body: bytes
    etag: str
    """Opaque identity of this version, without quotes; never empty (a hash of the body where the store has none)."""
    content_type: str | None = None
    cache_control: str | None = None
    last_modified: datetime | None = None
    expires: str | None = None
    """As stored; upstream passes it on as text."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    age_s: int = 0
    """For how long a cache on the way here has had it already."""

    def confirmed(self, latest: "Original") -> "Original":
        """This version, its body included, with what its store says about it now (RFC 9111, 4.3.4)."""
        return replace(
            self,
            cache_control=latest.cache_control,
            last_modified=latest.last_modified,
            expires=latest.expires,
            age_s=latest.age_s,
        )


class Origin(Protocol):
    """Fetches originals. Thread-safe. One conformance suite covers every implementation.

    :raises NotFoundError: 404 ``NoSuchKey``: missing, forbidden, or outside what this origin may read.
    :raises OriginError: 502/503 with ``retry_after_s``: throttled, unreachable, broken off, too slow.
    :raises TooLargeError: more than ``body_limit_bytes``, found from the header where there is one, else while reading.
    """

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        """Reads the whole object, or returns ``known`` where its ``etag`` still stands, with what is said of it now.

        An origin may ignore ``known`` and read the object again.
        """
        ...
