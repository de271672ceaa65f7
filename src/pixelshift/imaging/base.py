"""The values that enter and leave the imaging core."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pixelshift.edits.types import Format
from pixelshift.value import field, frozen


@frozen
class Header:
    """What can be known of a picture without decoding it."""

    format: Format
    width: int
    """Stored pixels, before any orientation."""
    height: int
    channels: int
    """1 grey, 2 grey + alpha, 3 RGB, 4 RGBA or CMYK."""
    pages: int = 1
    orientation: int = 1
    """EXIF tag 274: 1-8."""
    has_alpha: bool = False
    has_icc: bool = False
    bits: int = 8
    is_cmyk: bool = False
    is_progressive: bool = False
    chroma_subsampling: str | None = None


@frozen
class Output:
    """What the request and its negotiation ask of the encoder, beside ``Encode``/``ToFormat`` edits.

    ``format`` is the final format (contract 6.1) or ``None`` for the source's own.
    """

    format: Format | None = None
    webp_effort: int | None = None
    auto_orient: bool = False
    """Setting AUTO_ORIENT: orient every picture first, tag = 1."""
    keep_gps: bool = False


@frozen
class Encoded:
    """A finished picture."""

    body: bytes
    format: Format
    width: int
    height: int
    """Of one page."""
    pages: int = 1
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    """decode, edit, encode: wall time, for ``Server-Timing``."""


class FindFaces(Protocol):
    """(left, top, width, height) fractions, in the provider's order."""

    def __call__(self, image: bytes) -> Sequence[tuple[float, float, float, float]]: ...


FindLabels = Callable[[bytes, float], Sequence[str]]


@frozen
class Assets:
    """What the outside supplies to a run: overlay originals by (bucket, key), and eyes.

    ``find_faces`` ``None`` means no provider: smart crop then uses our saliency.
    """

    overlays: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    find_faces: FindFaces | None = None
    find_labels: FindLabels | None = None
