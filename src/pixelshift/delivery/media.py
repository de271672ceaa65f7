"""Which media type an original has (contract, 6.1)."""

from pixelshift.edits.types import Format
from pixelshift.errors import UnsupportedMediaError
from pixelshift.imaging.header import sniff
from pixelshift.origin.base import Original

_STORED_TYPES = {
    one.media_type for one in (Format.PNG, Format.JPEG, Format.WEBP, Format.TIFF, Format.GIF, Format.SVG, Format.AVIF)
}


def media_type_of(original: Original) -> str:
    """The stored type where it is exactly one that we serve, else what the first bytes say.

    :raises UnsupportedMediaError: 415 ``RequestTypeError``: the bytes are of no known kind.
    """
    if original.content_type in _STORED_TYPES:
        return str(original.content_type)
    found = sniff(original.body)
    if found is None:
        raise UnsupportedMediaError("The stored object is not a picture of a known kind.", code="RequestTypeError")
    return found.media_type
