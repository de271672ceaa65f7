"""GIF: header by hand (GIF89a), frames by Pillow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged
from pixelshift.imaging.metadata import Metadata

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture

_EXTENSION, _IMAGE, _TRAILER, _GRAPHIC_CONTROL = 0x21, 0x2C, 0x3B, 0xF9
_MAX_BLOCKS = 1_000_000


def read_header(data: bytes) -> Header:
    if data[:6] not in {b"GIF87a", b"GIF89a"} or len(data) < 13:
        raise damaged("GIF cut short")
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    if not width or not height:
        raise damaged("GIF without a width or a height")
    pages, transparent = _count(data, 13 + _table_bytes(data[10]))
    if not pages:
        raise damaged("GIF without a frame")
    return Header(Format.GIF, width, height, 4 if transparent else 3, pages=pages, has_alpha=transparent)


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _count(data: bytes, at: int) -> tuple[int, bool]:
    """Frames, and whether any of them has a clear colour."""
    pages, transparent, left = 0, False, _MAX_BLOCKS
    while at < len(data) and data[at] != _TRAILER:
        if data[at] == _IMAGE and at + 10 < len(data):
            pages += 1
            at += 11 + _table_bytes(data[at + 9])
        elif data[at] == _EXTENSION and at + 3 < len(data):
            transparent |= data[at + 1] == _GRAPHIC_CONTROL and bool(data[at + 3] & 1)
            at += 2
        else:
            break
        at, left = _skip_blocks(data, at, left)
    return pages, transparent


def _skip_blocks(data: bytes, at: int, left: int) -> tuple[int, int]:
    while at < len(data) and data[at]:
        at, left = at + 1 + data[at], left - 1
        if not left:
            raise damaged("GIF with too many blocks")
    return at + 1, left


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    from PIL.GifImagePlugin import GifImageFile

    from pixelshift.imaging.codecs.pillow import frames_of, opened
    from pixelshift.imaging.picture import Picture

    image = opened(GifImageFile, data)
    frames, delays = frames_of(image, header, None, how)
    if frames[0].shape[2] == 4 and all((frame[..., 3] == 255).all() for frame in frames):
        # Clear pixels only said "as in the frame before"; nothing shines through.
        frames = [frame[..., :3] for frame in frames]
    return Picture(frames, Metadata(), delays, _plays(image.info.get("loop")) if how.frames > 1 else None)


def _plays(repeats: object) -> int:
    """The file counts repeats after the first play, where it says anything at all."""
    if not isinstance(repeats, int):
        return 1
    return repeats + 1 if repeats else 0


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    """Up to 256 colours per frame; GIF carries no metadata.

    Accepted without effect, because Pillow chooses palettes and frame differences itself: ``reuse``, ``effort``,
    ``interFrameMaxError``, ``interPaletteMaxError``.
    """
    from pixelshift.imaging.codecs.palette import indexed
    from pixelshift.imaging.codecs.pillow import animation_options, saved

    colours = int(options.get("colours", options.get("colors", 256)))
    dither = float(options.get("dither", 1.0)) > 0
    images = [indexed(frame, colours, dither=dither) for frame in picture.frames]
    more = animation_options(picture, images, options) if len(images) > 1 else {}
    plays = more.pop("loop", 1)
    if plays != 1:
        more["loop"] = max(0, plays - 1)
    return saved(images[0], "GIF", disposal=2 if picture.has_alpha else 0, **more)
