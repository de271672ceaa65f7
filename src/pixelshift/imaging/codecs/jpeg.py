"""JPEG: header by hand (ITU-T T.81, annex B), pixels by libjpeg-turbo through Pillow."""

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging import exif, iptc
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged
from pixelshift.imaging.metadata import Metadata
from pixelshift.value import contents, frozen

if TYPE_CHECKING:
    from PIL.JpegImagePlugin import JpegImageFile

    from pixelshift.imaging.picture import Picture

_FRAMES = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_BARE = {0x01, *range(0xD0, 0xD9)}
_START_OF_SCAN, _END = 0xDA, 0xD9
_METADATA = {0xE0, 0xE1, 0xE2, 0xED}
_JFIF_NAME = b"JFIF\0"
_ICC_NAME, _XMP_NAME, _ADOBE = b"ICC_PROFILE\0", b"http://ns.adobe.com/xap/1.0/\0", b"Adobe"
_MAX_SEGMENTS = 4_096
_MAX_PAYLOAD_BYTES = 65_533
_END_OF_IMAGE = b"\xff\xd9"

SUBSAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (4, 1): "4:1:1", (1, 2): "4:4:0"}


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment's payload, up to and including the first scan's header."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = data.find(b"\xff", at)
        while 0 <= at < len(data) - 1 and data[at + 1] == 0xFF:
            at += 1
        if at < 0 or at + 1 >= len(data):
            return
        marker = data[at + 1]
        at += 2
        if marker in _BARE or marker == 0:
            continue
        if marker == _END or at + 2 > len(data):
            return
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2:
            raise damaged("JPEG segment shorter than its own length")
        yield marker, at + 2, min(at + length, len(data))
        if marker == _START_OF_SCAN:
            return
        at += length
    raise damaged("JPEG with too many segments")


def read_header(data: bytes) -> Header:
    orientation, has_icc, frame = 1, False, None
    for marker, start, end in segments(data):
        if marker in _OTHER_FRAMES:
            raise damaged(f"JPEG process 0x{marker:02x} is not decoded")
        if marker in _FRAMES and frame is None:
            frame = (*_frame(data[start:end]), marker == 0xC2)
        elif marker == 0xE1 and data.startswith(exif.PREFIX, start):
            orientation = exif.orientation(data[start + len(exif.PREFIX) : end])
        elif marker == 0xE2 and data.startswith(_ICC_NAME, start):
            has_icc = True
    if frame is None:
        raise damaged("JPEG without a frame header")
    width, height, bits, channels, subsampling, progressive = frame
    return Header(
        Format.JPEG,
        width,
        height,
        channels,
        orientation=orientation,
        has_icc=has_icc,
        bits=bits,
        is_cmyk=channels == 4,
        is_progressive=progressive,
        chroma_subsampling=subsampling,
    )


def _frame(payload: bytes) -> tuple[int, int, int, int, str | None]:
    """Width, height, bits, channels and chroma subsampling of a frame header (B.2.2)."""
    if len(payload) < 6:
        raise damaged("JPEG frame header cut short")
    bits, height, width, count = struct.unpack_from(">BHHB", payload)
    if not width or not height:
        raise damaged("JPEG without a width or a height")
    if bits != 8 or count not in {1, 3, 4} or len(payload) < 6 + 3 * count:
        raise damaged(f"JPEG of {count} components of {bits} bits")
    factors = [divmod(payload[7 + 3 * index], 16) for index in range(count)]
    if not all(1 <= side <= 4 for pair in factors for side in pair):
        raise damaged("JPEG sampling factors out of range")
    return width, height, bits, count, _subsampling(factors) if count == 3 else None


def _subsampling(factors: list[tuple[int, int]]) -> str | None:
    (across, down), blue, red = factors
    if blue != red or across % blue[0] or down % blue[1]:
        return None
    return SUBSAMPLING.get((across // blue[0], down // blue[1]))


def read_metadata(data: bytes) -> Metadata:
    """EXIF, ICC, XMP and IPTC blocks and the density, found without decoding."""
    found = Metadata()
    parts: dict[int, bytes] = {}
    for marker, start, end in segments(data):
        payload = data[start:end] if marker in _METADATA else b""
        if payload.startswith(exif.PREFIX) and found.exif is None:
            found.exif = exif.without_prefix(payload)
        elif payload.startswith(_XMP_NAME) and found.xmp is None:
            found.xmp = payload[len(_XMP_NAME) :]
        elif payload.startswith(iptc.PREFIX) and found.iptc is None:
            found.iptc = iptc.from_block(payload)
        elif payload.startswith(_JFIF_NAME) and found.density_dpi is None:
            found.density_dpi = _density(payload)
        elif payload.startswith(_ICC_NAME) and len(payload) > len(_ICC_NAME) + 2:
            parts[payload[len(_ICC_NAME)]] = payload[len(_ICC_NAME) + 2 :]
    found.icc = b"".join(parts[number] for number in sorted(parts)) or None
    return found


_CM_PER_INCH = 2.54


def _density(jfif: bytes) -> float | None:
    """Dots per inch across, where APP0 says more than a shape (JFIF 1.02)."""
    if len(jfif) < 10:
        return None
    unit, across = jfif[7], int.from_bytes(jfif[8:10], "big")
    return across * {1: 1.0, 2: _CM_PER_INCH}.get(unit, 0.0) or None


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    """What is missing at the end of the file is filled in, not refused."""
    from pixelshift.imaging.codecs.pillow import pixels_of
    from pixelshift.imaging.picture import Picture

    metadata = read_metadata(data)
    pixels = pixels_of(_loaded(data, header, how), metadata.icc)
    picture = Picture([pixels], metadata)
    if how.denominator > 1:
        # The decoder rounds up; upstream's rounds down, leaving out the last row and column (contract 5.3).
        picture.stands_for(how.size, how.size)
    return picture


def _loaded(data: bytes, header: Header, how: Decode) -> "JpegImageFile":
    from PIL.JpegImagePlugin import JpegImageFile

    from pixelshift.imaging.codecs.pillow import check_size, load, opened

    def attempt(body: bytes) -> JpegImageFile:
        image = opened(JpegImageFile, body)
        check_size(image, header)
        if how.denominator > 1:
            image.draft(None, (image.width // how.denominator or 1, image.height // how.denominator or 1))
        return image

    image = attempt(data)
    try:
        image.load()
    except OSError:
        # Cut short: asked again with an end marker, libjpeg invents the missing rest.
        image = attempt(data + _END_OF_IMAGE)
        load(image)
    return image


@frozen
class JpegOptions:
    """Encoder options of contract 3.10. ``mozjpeg`` and ``optimiseScans`` mean progressive here.

    Accepted without effect, because libjpeg-turbo knows no such thing: ``trellisQuantisation``,
    ``overshootDeringing``, ``quantisationTable``.
    """

    quality: int = 80
    full_chroma: bool = False
    progressive: bool = False
    optimise_coding: bool = True

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "JpegOptions":
        progressive = any(options.get(name) for name in ("progressive", "mozjpeg", "optimiseScans"))
        return cls(
            int(options.get("quality", 80)),
            options.get("chromaSubsampling", "4:2:0") == "4:4:4",
            progressive,
            bool(options.get("optimiseCoding", True)) or progressive,
        )


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    """Baseline 4:2:0 with optimised Huffman tables by default.

    Colours by the engine: Pillow guesses how long a file gets at most, and fails on noise in 4:4:4, which is longer.
    """
    from pixelshift.imaging.codecs.native import written
    from pixelshift.imaging.codecs.pillow import as_image, saved

    pixels = picture.opaque()
    if pixels.shape[2] == 3 and not picture.cmyk:
        return written("jpeg", pixels, native_options(options), blocks(picture.metadata), bounds)
    image = as_image(pixels)
    chosen = JpegOptions.of(options)
    return saved(
        image.convert("CMYK") if picture.cmyk else image,
        "JPEG",
        quality=chosen.quality,
        subsampling="4:4:4" if chosen.full_chroma else "4:2:0",
        progressive=chosen.progressive,
        optimize=chosen.optimise_coding,
        extra=_segments([(0xED, iptc.to_block(records))]) if (records := picture.metadata.iptc) else b"",
        **picture.metadata.for_pillow(exif_prefix=True),
    )


def native_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as :mod:`pixelshift._native._engine` has them."""
    return contents(JpegOptions.of(options))


def blocks(metadata: Metadata) -> bytes:
    """The blocks as finished APP1, APP2 and APP13 segments."""
    segments_: list[tuple[int, bytes]] = []
    if metadata.exif is not None:
        segments_.append((0xE1, exif.PREFIX + metadata.exif))
    if metadata.xmp is not None:
        segments_.append((0xE1, _XMP_NAME + metadata.xmp))
    segments_ += [(0xE2, part) for part in _icc_parts(metadata.icc or b"")]
    if metadata.iptc is not None:
        segments_.append((0xED, iptc.to_block(metadata.iptc)))
    return _segments(segments_)


def _icc_parts(profile: bytes) -> list[bytes]:
    """A profile as payloads that fit, each with its number and theirs; none for one that needs more than a byte counts.

    As of ICC.1:2010, B.4.
    """
    room = _MAX_PAYLOAD_BYTES - len(_ICC_NAME) - 2
    parts = [profile[start : start + room] for start in range(0, len(profile), room)]
    count = len(parts)
    return [_ICC_NAME + bytes((at, count)) + part for at, part in enumerate(parts, 1)] if count <= 255 else []


def _segments(payloads: list[tuple[int, bytes]]) -> bytes:
    """What is too long for a segment is left out."""
    return b"".join(
        struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
        for marker, payload in payloads
        if len(payload) <= _MAX_PAYLOAD_BYTES
    )
