"""AVIF by libavif through Pillow, first picture only."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pixelshift.edits.types import Format
from pixelshift.imaging import exif
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Decode, damaged
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
    block = image.info.get("exif")
    return Header(
        Format.AVIF,
        image.width,
        image.height,
        4 if alpha else 3,
        orientation=exif.orientation(exif.without_prefix(block)) if block else 1,
        has_alpha=alpha,
        has_icc="icc_profile" in image.info,
    )


def decode(data: bytes, header: Header, how: Decode) -> "Picture":
    from pixelshift.imaging.codecs.pillow import check_size, load, pixels_of
    from pixelshift.imaging.picture import Picture

    image = _open(data)
    check_size(image, header)
    load(image)
    block = image.info.get("exif")
    metadata = Metadata(
        exif.without_prefix(block) if block else None, image.info.get("icc_profile"), image.info.get("xmp")
    )
    return Picture([pixels_of(image, metadata.icc)], metadata)


def encode(picture: "Picture", options: Mapping[str, Any]) -> bytes:
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
