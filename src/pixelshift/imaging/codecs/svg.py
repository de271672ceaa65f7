"""SVG, rendered by resvg at the size that is needed; source only (contract 5.3, 6.3)."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from pixelshift.edits.types import Format
from pixelshift.errors import InvalidRequestError
from pixelshift.fonts import GENERIC_FAMILIES
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture

_LENGTH = r"\s*\+?(\d{0,9}(?:\.\d{0,9})?)(?:[eE]\+?(\d))?\s*(px|pt|pc|in|cm|mm|em|ex)?\s*\Z"
_DPI = 72.0
_UNITS = {
    "px": 1.0,
    "pt": _DPI / 72,
    "pc": _DPI / 6,
    "in": _DPI,
    "cm": _DPI / 2.54,
    "mm": _DPI / 25.4,
    "em": 12.0,
    "ex": 6.0,
}
_DEFAULT_SIDE = 100.0
_PROLOG_BYTES = 1 << 20


class _FoundError(Exception):
    """Stops the parser at the root element."""

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        super().__init__(name)
        self.name = name
        self.attributes = attributes


def _root(data: bytes) -> Mapping[str, str]:
    """The root's attributes; nothing behind it is read."""

    def start(name: str, attributes: dict[str, str]) -> None:
        raise _FoundError(name, attributes)

    def entity(*_: object) -> None:
        raise damaged("SVG that declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data[:_PROLOG_BYTES], False)
    except _FoundError as found:
        if found.name.rpartition(":")[2] != "svg":
            raise damaged(f"XML that starts with <{found.name}>") from found
        return found.attributes
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise damaged(str(error)) from error
    raise damaged("SVG without a root element")


def _length(text: str | None) -> float | None:
    match = re.match(_LENGTH, text or "")
    if match is None or not match[1].strip("."):
        return None
    return float(match[1]) * 10.0 ** int(match[2] or 0) * _UNITS[match[3] or "px"]


def _box(text: str | None) -> tuple[float, float] | None:
    sides = re.split(r"[\s,]+", (text or "").strip())
    try:
        width, height = float(sides[2]), float(sides[3])
    except (IndexError, ValueError):
        return None
    return (width, height) if 0 < width < 1e9 and 0 < height < 1e9 else None


def read_header(data: bytes) -> Header:
    """Sides from ``width`` and ``height`` at 72 dpi, else from ``viewBox``, else 100 pixels."""
    attributes = _root(data)
    box = _box(attributes.get("viewBox"))
    width, height = _length(attributes.get("width")), _length(attributes.get("height"))
    if width is None and height is None:
        width, height = box or (_DEFAULT_SIDE, _DEFAULT_SIDE)
    ratio = box[0] / box[1] if box else 1.0
    width = width if width is not None else (height or 0.0) * ratio
    height = height if height is not None else width / ratio
    sides = (max(1, round(width)), max(1, round(height))) if width > 0 and height > 0 else (0, 0)
    if min(sides) <= 0 or max(sides) >= 2**31:
        raise damaged(f"SVG of {width}x{height}")
    return Header(Format.SVG, *sides, 4, has_alpha=True)


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    """Sanitised first: nothing outside the document is asked for."""
    import resvg_py

    from pixelshift.imaging.codecs.pillow import load, opened, pixels_of
    from pixelshift.imaging.picture import Picture
    from pixelshift.imaging.svg import sanitise

    text = sanitise(data, how.limits).decode()
    try:
        rendered = resvg_py.svg_to_bytes(
            svg_string=text,
            width=how.size.width,
            height=how.size.height,
            dpi=_DPI,
            skip_system_fonts="<text" not in text,
            **GENERIC_FAMILIES,
        )
    except ValueError as error:
        raise damaged(str(error)) from error
    from PIL.PngImagePlugin import PngImageFile

    image = opened(PngImageFile, bytes(rendered))
    load(image)
    picture = Picture([pixels_of(image, None)])
    if image.size != how.size:
        picture.stands_for(how.size, image.size)
    return picture


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    raise InvalidRequestError("SVG is read, not written; ask for png or webp.")
