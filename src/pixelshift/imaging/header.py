"""What a picture is, from its first bytes: format, size, pages, orientation. Nothing is decoded.

JPEG, PNG, WebP and GIF are read by the light parsers beside their codecs; AVIF and TIFF by Pillow, imported only then.
"""

from pixelshift.edits.types import Format
from pixelshift.errors import UnsupportedMediaError
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import codec

_MAGIC: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"\x89PNG", Format.PNG),
    (0, b"RIFF", Format.WEBP),
    (0, b"II*\0", Format.TIFF),
    (0, b"MM\0*", Format.TIFF),
    (0, b"GIF8", Format.GIF),
    (0, b"\xff\xd8", Format.JPEG),
    (4, b"ftypavif", Format.AVIF),
    (4, b"ftypavis", Format.AVIF),
)
_SVG_WINDOW_BYTES = 4_096


def sniff(data: bytes) -> Format | None:
    """The format that the first bytes announce (contract 6.1), or ``None``; the rest may still be damaged."""
    for offset, magic, format_ in _MAGIC:
        if data.startswith(magic, offset):
            return format_
    return Format.SVG if _looks_like_svg(data[:_SVG_WINDOW_BYTES]) else None


def _looks_like_svg(start: bytes) -> bool:
    """A document whose first element is ``svg``, after a byte order mark, declaration, doctype and comments."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    while text.startswith((b"<?", b"<!")):
        end = b"-->" if text.startswith(b"<!--") else b"]>" if b"[" in text[: text.find(b">") + 1] else b">"
        _, found, text = text.partition(end)
        if not found:
            return False
        text = text.lstrip()
    return text[:4] == b"<svg" and text[4:5] in {b" ", b"\t", b"\r", b"\n", b">", b"/"}


def read_header(data: bytes) -> Header:
    """What can be known of ``data`` without decoding it.

    Raises UnsupportedMediaError (415) for bytes of no kind that we read, and InvalidRequestError (400,
    ``InstantiationError``) for a header that is damaged, absurd or of a variant that cannot be decoded.
    """
    format_ = sniff(data)
    if format_ is None:
        raise UnsupportedMediaError("The object is not a picture of a supported format.")
    return codec(format_).read_header(data)
