"""What every grammar of image URLs is read by, and the one value that it becomes."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pixelshift.edits.types import Edit, Format
from pixelshift.limits import Limits
from pixelshift.request.rewrite import Rewrite
from pixelshift.value import field, frozen


class RequestKind(StrEnum):
    DEFAULT = "Default"
    THUMBOR = "Thumbor"
    CUSTOM = "Custom"


@frozen
class RequestRules:
    """What the operator has set; made once at start-up."""

    buckets: tuple[str, ...]
    """The only buckets that may be named, first the default one (:func:`pixelshift.request.bucket.parse_buckets`)."""
    rewrite: Rewrite | None = None
    """Applied to every path that is not a base64 body (:func:`pixelshift.request.rewrite.compile_rewrite`)."""
    response_headers: frozenset[str] | None = None
    """The names, in lower case, that a body may set; ``None`` = all but the deny-list, as SIH."""
    limits: Limits = field(default_factory=Limits)


@frozen
class ImageRequest:
    """What a client asks for, whatever the grammar; see contract 1-4."""

    kind: RequestKind
    bucket: str
    key: str
    edits: tuple[Edit, ...] = ()
    """In the client's order, aliases and query edits merged."""
    has_edits: bool = False
    """True also when every edit was of an unknown name: the picture is then decoded and re-encoded."""
    output_format: Format | None = None
    """The body's ``outputFormat``; weaker than a ``ToFormat`` edit and than AUTO_WEBP."""
    webp_effort: int | None = None
    """The body's ``effort``, already clamped by the contract's rule; acts on WebP by outputFormat or AUTO_WEBP."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers that the body asks for, deny-list applied; names in lower case."""
    expires: datetime | None = None
    """The end of the link's life, in UTC (:func:`pixelshift.request.expiry.seconds_left`)."""
