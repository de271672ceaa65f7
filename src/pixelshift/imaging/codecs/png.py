"""PNG: header by hand (W3C PNG, third edition), pixels by Pillow."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging import exif
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Decode, damaged
from pixelshift.imaging.metadata import Metadata

if TYPE_CHECKING:
    from PIL import Image

    from pixelshift.imaging.picture import Picture, Pixels

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_BITS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_MAX_CHUNKS = 10_000
_PALETTE_OPTIONS = ("quality", "effort", "colours", "colors", "dither")
_XMP_KEYWORD = "XML:com.adobe.xmp"


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of the chunks before the pixels."""
    at = len(_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            return
        kind, start = data[at + 4 : at + 8], at + 8
        end = start + int.from_bytes(data[at : at + 4], "big")
        if kind in {b"IDAT", b"IEND"}:
            return
        yield kind, start, min(end, len(data))
        at = end + 4
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


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    from PIL.PngImagePlugin import PngImageFile

    from pixelshift.imaging.codecs.pillow import check_size, load, opened, pixels_of
    from pixelshift.imaging.picture import Picture

    image = opened(PngImageFile, data)
    check_size(image, header)
    load(image)
    info = image.info
    xmp = info.get("xmp")
    metadata = Metadata(
        exif.without_prefix(info.get("exif", b"")) or None,
        info.get("icc_profile"),
        xmp if isinstance(xmp, bytes) else None,
        density_dpi=info.get("dpi", (None,))[0],
    )
    return Picture([pixels_of(image, metadata.icc)], metadata)


def encode(picture: "Picture", options: Mapping[str, Any]) -> bytes:
    """Truecolour at zlib level 6 by default; ``palette``, or any option that only palettes have, gives indexed colour.

    Accepted without effect, because Pillow's encoder chooses row filters itself and does not interlace:
    ``adaptiveFiltering``, ``progressive``, ``effort``.
    """
    from PIL.PngImagePlugin import PngInfo

    from pixelshift.imaging.codecs.pillow import as_image, saved

    in_palette = options.get("palette") or any(name in options for name in _PALETTE_OPTIONS)
    image = _indexed(picture.frames[0], options) if in_palette else as_image(picture.frames[0])
    blocks = picture.metadata.for_pillow()
    xmp = blocks.pop("xmp", None)
    text = PngInfo()
    if xmp is not None:
        text.add_itxt(_XMP_KEYWORD, xmp.decode("utf-8", "replace"))
    return saved(image, "PNG", compress_level=int(options.get("compressionLevel", 6)), pnginfo=text, **blocks)


def _indexed(pixels: "Pixels", options: Mapping[str, Any]) -> "Image.Image":
    from pixelshift.imaging.codecs.palette import quantised

    colours = int(options.get("colours", options.get("colors", 256)))
    quality = float(options.get("quality", 100))
    # sharp lets quality choose the number of colours; without libimagequant it bounds them directly.
    colours = max(2, min(colours, round(256 * quality / 100)))
    return quantised(pixels, colours, dither=float(options.get("dither", 1.0)) > 0)
