"""The one value that every grammar of image URLs becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pixelshift.edits.types import Edit, Format


class RequestKind(StrEnum):
    DEFAULT = "Default"
    THUMBOR = "Thumbor"
    CUSTOM = "Custom"


@dataclass(frozen=True, slots=True)
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
    """Response headers that the body asks for, deny-list applied."""
    expires: datetime | None = None
