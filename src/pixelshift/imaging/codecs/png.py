"""PNG (W3C PNG, third edition): header and blocks by hand, pixels by our own reader and writer.

Pillow does what those do not: it reads interlaced files, and quantises and writes palettes.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging import exif
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged
from pixelshift.imaging.deadline import end_of, too_late
from pixelshift.imaging.metadata import Metadata

if TYPE_CHECKING:
    from pixelshift.imaging.picture import Picture, Pixels

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_BITS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_MAX_CHUNKS = 10_000
_MAX_PIXEL_CHUNKS = 100_000
"""Behind more of them nobody looks for metadata."""

_MAX_BLOCK_BYTES = 4 * 1024 * 1024
"""Of a profile or an XMP packet, inflated; larger ones count as absent."""

_PER_METRE = 1
_PALETTE_OPTIONS = ("quality", "effort", "colours", "colors", "dither")
_XMP_KEYWORD = b"XML:com.adobe.xmp"


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of the chunks, without the pixels."""
    at, others, pixels = len(_SIGNATURE), 0, 0
    while at + 8 <= len(data) and others <= _MAX_CHUNKS and pixels <= _MAX_PIXEL_CHUNKS:
        kind, start = data[at + 4 : at + 8], at + 8
        end = start + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            return
        if kind == b"IDAT":
            pixels += 1
        else:
            others += 1
            yield kind, start, min(end, len(data))
        at = end + 4
    if others > _MAX_CHUNKS:
        raise damaged("PNG with too many chunks")


def read_header(data: bytes) -> Header:
    if not data.startswith(_SIGNATURE) or data[8:16] != b"\0\0\0\x0dIHDR" or len(data) < 29:
        raise damaged("PNG without its header chunk")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    bits, colour = data[24], data[25]
    if not 0 < width < 2**31 or not 0 < height < 2**31 or bits not in _BITS.get(colour, ()):
        raise damaged(f"PNG of {width}x{height}, colour type {colour}, {bits} bits")
    transparent, has_icc, orientation = colour in {4, 6}, False, 1
    for kind, start, end in _chunks(data):
        if kind == b"tRNS":
            transparent = True
        elif kind == b"iCCP":
            has_icc = True
        elif kind == b"eXIf":
            orientation = exif.orientation(data[start:end])
    channels = _CHANNELS[colour] + (transparent and colour not in {4, 6})
    return Header(
        Format.PNG,
        width,
        height,
        channels,
        orientation=orientation,
        has_alpha=transparent,
        has_icc=has_icc,
        bits=bits,
        is_progressive=data[28] == 1,
    )


def read_metadata(data: bytes) -> Metadata:
    """EXIF, ICC and XMP blocks and the density, before the pixels or behind them; what is damaged counts as absent."""
    found = Metadata()
    for kind, start, end in _chunks(data):
        if kind == b"eXIf" and found.exif is None:
            found.exif = exif.without_prefix(data[start:end]) or None
        elif kind == b"iCCP" and found.icc is None:
            _, _, rest = data[start:end].partition(b"\0")
            found.icc = _inflated(rest[1:]) if rest[:1] == b"\0" else None
        elif kind == b"pHYs" and end - start == 9 and data[end - 1] == _PER_METRE:
            found.density_dpi = int.from_bytes(data[start : start + 4], "big") * 0.0254 or None
        elif kind == b"iTXt" and data.startswith(_XMP_KEYWORD + b"\0", start) and found.xmp is None:
            found.xmp = _text(data[start + len(_XMP_KEYWORD) + 1 : end])
    return found


def _text(rest: bytes) -> bytes | None:
    """The text of an iTXt chunk behind its keyword: two flags, language and translated keyword come first."""
    parts = rest[2:].split(b"\0", 2)
    if len(parts) < 3 or rest[0] > 1:
        return None
    return _inflated(parts[2]) if rest[0] == 1 else parts[2]


def _inflated(block: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        whole = inflater.decompress(block, _MAX_BLOCK_BYTES)
    except zlib.error:
        return None
    return whole if inflater.eof else None


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    """Rows that a damaged file does not hold any more stay empty: black, or transparent where there is alpha."""
    from pixelshift.imaging.codecs.pillow import as_image, pixels_of
    from pixelshift.imaging.icc import is_srgb
    from pixelshift.imaging.picture import Picture, as_rgb

    metadata = read_metadata(data)
    if header.is_progressive:
        return Picture([_interlaced(data, header, metadata)], metadata)
    pixels = _rows(data, how)
    if metadata.icc is not None and not is_srgb(metadata.icc):
        pixels = pixels_of(as_image(pixels), metadata.icc)
    return Picture([as_rgb(pixels)], metadata)


def _rows(data: bytes, how: Decode) -> "Pixels":
    from pixelshift._native import _png

    try:
        return _png.decode(data, deadline=end_of(how.check))[0]
    except _png.PngError as error:
        raise too_late() if error.reason == "timeout" else damaged("PNG without readable pixels") from error


def _interlaced(data: bytes, header: Header, metadata: Metadata) -> "Pixels":
    from PIL.PngImagePlugin import PngImageFile

    from pixelshift.imaging.codecs.pillow import check_size, load, opened, pixels_of

    image = opened(PngImageFile, data)
    check_size(image, header)
    load(image)
    return pixels_of(image, metadata.icc)


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    """Truecolour at level 6 with adaptive filters by default; ``palette``, or any option that only palettes have, gives
    indexed colour.

    sharp does not filter by default, and its files are larger for it; ``adaptiveFiltering: false`` asks for that.
    Accepted without effect: ``progressive`` (nothing here interlaces) and, for palettes, ``effort``.
    """
    from pixelshift.imaging.codecs.native import written

    chosen = native_options(options)
    if chosen is None:
        return _indexed(picture, options)
    return written("png", picture.frames[0], chosen, blocks(picture.metadata), bounds)


def wants_palette(options: Mapping[str, Any]) -> bool:
    """Whether a palette is asked for, or anything that only palettes have."""
    return bool(options.get("palette")) or any(name in options for name in _PALETTE_OPTIONS)


def native_options(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The options as :mod:`pixelshift._native._engine` has them; ``None`` where a palette is asked for."""
    if wants_palette(options):
        return None
    return {
        "level": int(options.get("compressionLevel", 6)),
        "adaptive": bool(options.get("adaptiveFiltering", True)),
    }


def blocks(metadata: Metadata) -> bytes:
    """The blocks as finished chunks, to stand before the pixels."""
    chunks = []
    if metadata.icc is not None:
        chunks.append(_profile(metadata.icc))
    if metadata.exif is not None:
        chunks.append(_chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        text = metadata.xmp.decode("utf-8", "replace").encode()
        chunks.append(_chunk(b"iTXt", _XMP_KEYWORD + bytes(5) + text))
    return b"".join(chunks)


def _chunk(kind: bytes, payload: bytes) -> bytes:
    body = kind + payload
    return struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body))


@lru_cache(maxsize=4)
def _profile(icc: bytes) -> bytes:
    return _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc))


def _indexed(picture: "Picture", options: Mapping[str, Any]) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    from pixelshift.imaging.codecs.palette import quantised
    from pixelshift.imaging.codecs.pillow import saved

    colours = int(options.get("colours", options.get("colors", 256)))
    quality = float(options.get("quality", 100))
    # sharp lets quality choose the number of colours; without libimagequant it bounds them directly.
    colours = max(2, min(colours, round(256 * quality / 100)))
    image = quantised(picture.frames[0], colours, dither=float(options.get("dither", 1.0)) > 0)
    found = picture.metadata.for_pillow()
    xmp = found.pop("xmp", None)
    text = PngInfo()
    if xmp is not None:
        text.add_itxt(_XMP_KEYWORD.decode(), xmp.decode("utf-8", "replace"))
    return saved(image, "PNG", compress_level=int(options.get("compressionLevel", 6)), pnginfo=text, **found)
