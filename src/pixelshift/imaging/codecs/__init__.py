"""One module per format: ``read_header``, ``decode`` and ``encode``. A new format is a new file and a line below."""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from pixelshift.edits.types import Format
from pixelshift.errors import InvalidRequestError, TooLargeError
from pixelshift.imaging.base import Header
from pixelshift.imaging.geometry import Size
from pixelshift.limits import Limits
from pixelshift.value import frozen

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture

_MODULES = {
    Format.JPEG: "jpeg",
    Format.PNG: "png",
    Format.WEBP: "webp",
    Format.GIF: "gif",
    Format.AVIF: "avif",
    Format.TIFF: "tiff",
    Format.SVG: "svg",
    Format.RAW: "raw",
}


def _no_check() -> None:
    """Time without end."""


@frozen
class Decode:
    """How much of a source to decode."""

    size: Size
    """What the steps are to take for the picture's size (contract 5.3); drawings are rendered at it."""
    denominator: int = 1
    """JPEG: decode at 1/1, 1/2, 1/4 or 1/8."""
    frames: int = 1
    check: Callable[[], None] = _no_check
    """Called between frames; raises when time is up."""
    limits: Limits = Limits()  # frozen


@frozen
class Bounds:
    """What writing a file must keep to. Our own encoders stop there; others are only measured by what they made."""

    output_bytes: int
    check: Callable[[], None] = _no_check
    """Raises when time is up."""


class Codec(Protocol):
    """What a codec module offers. Sources only (SVG) refuse to encode; outputs only (raw) refuse to be read."""

    def read_header(self, data: bytes) -> Header:
        """Raises InvalidRequestError (``InstantiationError``) where the header is damaged."""

    def decode(self, data: bytes, header: Header, how: Decode) -> "Picture":
        """sRGB pixels and the metadata blocks as found; raises as ``read_header`` does."""

    def encode(self, picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
        """The file; options are sharp's names (contract 3.10), checked where they were parsed."""


def codec(format_: Format) -> Codec:
    """The module for a format, imported when first asked for."""
    return cast(Codec, importlib.import_module(f"{__name__}.{_MODULES[format_]}"))


def damaged(why: str) -> InvalidRequestError:
    """A source that announces a format and does not keep it (contract 7.3)."""
    return InvalidRequestError("The source picture cannot be read.", code="InstantiationError", detail=why)


def too_many_bytes(limit: int) -> TooLargeError:
    return TooLargeError(f"The result has more than {limit} bytes; lower its quality or size.")
