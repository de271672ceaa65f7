"""AVIF by libavif through Pillow, first picture only."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging import exif, geometry
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged
from pixelshift.imaging.geometry import Size, Turn
from pixelshift.imaging.metadata import Metadata

if TYPE_CHECKING:
    from PIL.AvifImagePlugin import AvifImageFile

    from pixelshift.imaging.picture import Picture

_DEFAULT_SPEED = 8


def _open(data: bytes) -> "AvifImageFile":
    from PIL.AvifImagePlugin import AvifImageFile

    from pixelshift.imaging.codecs.pillow import opened

    return opened(AvifImageFile, data)


def read_header(data: bytes) -> Header:
    image = _open(data)
    if not image.width or not image.height:
        raise damaged("AVIF without a width or a height")
    alpha = image.mode == "RGBA"
    upright = _turn(image).after(Size(*image.size))
    has_icc = "icc_profile" in image.info
    return Header(Format.AVIF, *upright, 4 if alpha else 3, has_alpha=alpha, has_icc=has_icc)


def _turn(image: "AvifImageFile") -> Turn:
    """What the container wants done to the stored pixels before anybody sees them: its rotation and mirror.

    Pillow gives them as the orientation of an EXIF block. To the plan an AVIF is upright, as upstream has it.
    """
    block = image.info.get("exif")
    return geometry.upright(exif.orientation(exif.without_prefix(block)) if block else 1)


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    from pixelshift.imaging.codecs.pillow import load, pixels_of
    from pixelshift.imaging.picture import Picture, turned

    image = _open(data)
    turn = _turn(image)
    if turn.after(Size(*image.size)) != (header.width, header.height):
        raise damaged(f"{image.width}x{image.height} behind a header of {header.width}x{header.height}")
    load(image)
    block = image.info.get("exif")
    metadata = Metadata(
        exif.with_orientation(exif.without_prefix(block), 1) if block else None,
        image.info.get("icc_profile"),
        image.info.get("xmp"),
    )
    return Picture([turned(pixels_of(image, metadata.icc), turn)], metadata)


def encode(picture: "Picture", options: Mapping[str, Any], bounds: Bounds) -> bytes:
    """Quality 50, 4:4:4, 8 bits.

    ``effort`` 0-9 is libavif's speed 9-0. Without it the speed is 8: upstream's effort 4 costs some thirty times as
    much for a tenth of the bytes. ``lossless`` is quality 100. Accepted without effect: ``bitdepth``.
    """
    from pixelshift.imaging.codecs.pillow import as_image, saved

    effort = options.get("effort")
    lossless = bool(options.get("lossless"))
    return saved(
        as_image(picture.frames[0]),
        "AVIF",
        quality=100 if lossless else int(options.get("quality", 50)),
        subsampling="4:4:4" if lossless else options.get("chromaSubsampling", "4:4:4"),
        speed=_DEFAULT_SPEED if effort is None else 9 - int(effort),
        max_threads=1,
        **picture.metadata.for_pillow(),
    )
