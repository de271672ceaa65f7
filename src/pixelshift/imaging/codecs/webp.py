"""WebP (RFC 9649): header and container by hand, still pictures written by libwebp, all else by libwebp through Pillow.

Pillow reads, as it blends the frames of animations, and writes animations.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging import exif
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged
from pixelshift.imaging.metadata import Metadata

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture

_ANIMATION, _ALPHA, _ICC = 0x02, 0x10, 0x20
_MAX_CHUNKS = 100_000
_FLAGS = {
    "lossless": "lossless", "nearLossless": "near_lossless", "smartSubsample": "smart_subsample",
    "smartDeblock": "smart_deblock", "exact": "exact",
}  # fmt: skip

DEFAULT_EFFORT = 2
"""libwebp's method for still pictures where nobody asks for one (docs/design/codecs.md)."""

_ANIMATION_EFFORT = 4


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of the top-level chunks; a chunk cut short ends with the data."""
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            return
        start = at + 8
        end = start + int.from_bytes(data[at + 4 : start], "little")
        yield data[at : at + 4], start, min(end, len(data))
        at = end + (end & 1)
    raise damaged("WebP with too many chunks")


def read_header(data: bytes) -> Header:
    if data[8:12] != b"WEBP" or len(data) < 30:
        raise damaged("RIFF file of another kind, or cut short")
    kind = data[12:16]
    if kind == b"VP8 ":
        return _lossy(data)
    if kind == b"VP8L":
        return _lossless(data)
    if kind == b"VP8X":
        return _extended(data)
    raise damaged(f"WebP that starts with {kind!r}")


def _header(width: int, height: int, alpha: bool, **more: Any) -> Header:
    if not width or not height:
        raise damaged("WebP without a width or a height")
    return Header(Format.WEBP, width, height, 4 if alpha else 3, has_alpha=alpha, **more)


def _lossy(data: bytes) -> Header:
    """Key frame header of RFC 6386, 9.1."""
    if data[20] & 1 or data[23:26] != b"\x9d\x01\x2a":
        raise damaged("WebP without a key frame")
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return _header(width, height, alpha=False, chroma_subsampling="4:2:0")


def _lossless(data: bytes) -> Header:
    if data[20] != 0x2F:
        raise damaged("WebP lossless stream without its signature")
    bits = int.from_bytes(data[21:25], "little")
    return _header((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, alpha=bool(bits >> 28 & 1))


def _extended(data: bytes) -> Header:
    flags = data[20]
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    pages, orientation = 0, 1
    for kind, start, end in _chunks(data):
        if kind == b"ANMF":
            pages += 1
        elif kind == b"EXIF":
            orientation = exif.orientation(exif.without_prefix(data[start:end]))
    if flags & _ANIMATION and not pages:
        raise damaged("WebP animation without frames")
    return _header(
        width,
        height,
        alpha=bool(flags & _ALPHA),
        pages=pages if flags & _ANIMATION else 1,
        orientation=orientation,
        has_icc=bool(flags & _ICC),
    )


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    from PIL.WebPImagePlugin import WebPImageFile

    from pixelshift.imaging.codecs.pillow import frames_of, opened
    from pixelshift.imaging.picture import Picture

    image = opened(WebPImageFile, data)
    info = image.info
    block = info.get("exif")
    metadata = Metadata(exif.without_prefix(block) if block else None, info.get("icc_profile"), info.get("xmp"))
    frames, delays = frames_of(image, header, metadata.icc, how)
    picture = Picture(frames, metadata, delays, info.get("loop") if how.frames > 1 else None)
    stored = (header.width, header.height)
    if how.size != stored:
        picture.stands_for(how.size, stored)
    return picture


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    """Lossy at quality 80 by default, still pictures at :data:`DEFAULT_EFFORT`, animations at libwebp's own."""
    from pixelshift.imaging.codecs.native import written

    if len(picture.frames) > 1:
        return _animation(picture, options)
    return written("webp", picture.frames[0], native_options(options), blocks(picture.metadata), bounds)


def native_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a still picture as :mod:`pixelshift._native._engine` has them."""
    return {
        "quality": int(options.get("quality", 80)),
        "alpha_quality": int(options.get("alphaQuality", 100)),
        "effort": int(options.get("effort", DEFAULT_EFFORT)),
        "preset": options.get("preset", "default"),
        **{ours: bool(options.get(theirs)) for theirs, ours in _FLAGS.items()},
    }


def blocks(metadata: Metadata) -> bytes:
    """The blocks as finished RIFF chunks."""
    chunks = [(b"ICCP", metadata.icc), (b"EXIF", metadata.exif), (b"XMP ", metadata.xmp)]
    return b"".join(
        kind + struct.pack("<I", len(block)) + block + bytes(len(block) & 1)
        for kind, block in chunks
        if block is not None
    )


def _animation(picture: "Picture", options: Mapping[str, Any]) -> bytes:
    """Accepted without effect, because Pillow does not pass them on to libwebp: ``smartSubsample``, ``smartDeblock``,
    ``preset``; ``nearLossless`` encodes lossless.
    """
    from pixelshift.imaging.codecs.pillow import animation_options, as_image, saved

    images = [as_image(frame) for frame in picture.frames]
    return saved(
        images[0],
        "WEBP",
        quality=int(options.get("quality", 80)),
        alpha_quality=int(options.get("alphaQuality", 100)),
        lossless=bool(options.get("lossless") or options.get("nearLossless")),
        method=int(options.get("effort", _ANIMATION_EFFORT)),
        minimize_size=bool(options.get("minSize")),
        allow_mixed=bool(options.get("mixed")),
        **animation_options(picture, images, options),
        **picture.metadata.for_pillow(),
    )
