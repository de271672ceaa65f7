"""TIFF by libtiff through Pillow, first page only."""

from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from pixelshift.edits.types import Format
from pixelshift.imaging import exif
from pixelshift.imaging.base import Header
from pixelshift.imaging.codecs import Bounds, Decode, damaged
from pixelshift.imaging.codecs.pillow import as_image, check_size, load, opened, pixels_of, saved
from pixelshift.imaging.metadata import Metadata
from pixelshift.imaging.picture import Picture, over_black

_ORIENTATION, _XMP, _ICC = 274, 700, 34675
_COMPRESSION = {
    "none": "raw",
    "jpeg": "jpeg",
    "deflate": "tiff_adobe_deflate",
    "lzw": "tiff_lzw",
    "packbits": "packbits",
    "zstd": "zstd",
    "webp": "webp",
}
_MM_PER_INCH = 25.4


class _StoredTiff(TiffImageFile):
    """The pixels as stored: Pillow would turn them by the orientation tag, which is the plan's affair."""

    def _setup(self) -> None:
        super()._setup()
        self._size = self._tile_size

    def load_prepare(self) -> None:
        if self._im is None:
            self.im = Image.new(self.mode, self._tile_size, None).im
        super().load_prepare()

    def load_end(self) -> None:
        pass


def read_header(data: bytes) -> Header:
    image = opened(_StoredTiff, data)
    width, height = image.size
    if not width or not height:
        raise damaged("TIFF without a width or a height")
    orientation = image.tag_v2.get(_ORIENTATION, 1)
    bits = image.tag_v2.get(258, (8,))
    return Header(
        Format.TIFF,
        width,
        height,
        len(image.getbands()),
        orientation=orientation if orientation in range(1, 9) else 1,
        has_alpha=image.has_transparency_data,
        has_icc=_ICC in image.tag_v2,
        bits=int(bits[0] if isinstance(bits, tuple) else bits),
        is_cmyk=image.mode == "CMYK",
    )


def decode(data: bytes, header: Header, how: Decode) -> Picture:
    image = opened(_StoredTiff, data)
    check_size(image, header)
    load(image)
    xmp = image.info.get("xmp")
    # Only these cross over: a TIFF's tags describe its own layout and its pages, not the picture.
    density = image.info.get("dpi", (None,))[0]
    block = exif.small_block(header.orientation, density_dpi=None if density is None else float(density))
    metadata = Metadata(block, image.info.get("icc_profile"), xmp if isinstance(xmp, bytes) else None)
    return Picture([pixels_of(image, metadata.icc)], metadata)


def encode(picture: Picture, options: Mapping[str, Any], bounds: Bounds) -> bytes:
    """JPEG inside at quality 80 by default, which has no alpha; CMYK is deflated instead.

    Accepted without effect: ``pyramid``, ``tile``, ``bitdepth``, ``miniswhite``.
    """
    compression = str(options.get("compression", "jpeg"))
    image = as_image(over_black(picture.frames[0]) if picture.cmyk or compression == "jpeg" else picture.frames[0])
    if picture.cmyk:
        image = image.convert("CMYK")
        compression = "deflate" if compression == "jpeg" else compression
    blocks = picture.metadata.for_pillow()
    block = blocks.pop("exif", None)
    more: dict[str, Any] = {"quality": int(options.get("quality", 80))} if compression == "jpeg" else {}
    if block is not None and exif.orientation(block) != 1:
        more["tiffinfo"] = {_ORIENTATION: exif.orientation(block)}
    xmp = blocks.pop("xmp", None)
    if xmp is not None:
        more.setdefault("tiffinfo", {})[_XMP] = xmp
    density = picture.metadata.density_dpi or exif.density(block or b"")
    for axis in ("x", "y"):
        given = options.get(f"{axis}res")
        wanted = density if given is None else float(given) * _MM_PER_INCH
        if wanted is not None:
            more |= {f"{axis}_resolution": wanted, "resolution_unit": "inch"}
    return saved(image, "TIFF", compression=_COMPRESSION.get(compression, "tiff_adobe_deflate"), **blocks, **more)
