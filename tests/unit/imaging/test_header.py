"""Headers: our parsers against Pillow's, and against what is broken on purpose."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from pixelshift.edits.types import Format
from pixelshift.errors import InvalidRequestError, UnsupportedMediaError
from pixelshift.imaging import edit, exif, geometry
from pixelshift.imaging.geometry import Size
from pixelshift.imaging.header import read_header, sniff
from pixelshift.imaging.icc import srgb_profile
from pixelshift.imaging.picture import turned
from tests.support import pictures

RGB, RGBA = pictures.gradient(37, 23), pictures.gradient(37, 23, 4)


@pytest.mark.parametrize(
    ("start", "format_"),
    [
        (b"\x89PNG", Format.PNG),
        (b"RIFF....WAVE", Format.WEBP),
        (b"II*\0", Format.TIFF),
        (b"MM\0*", Format.TIFF),
        (b"GIF89a", Format.GIF),
        (b"\xff\xd8\xff", Format.JPEG),
        (b"\0\0\0\x1cftypavif", Format.AVIF),
        (b"<svg>", Format.SVG),
        (b"BM", None),
        (b"", None),
        (b"%PDF-1.4", None),
    ],
)
def test_formats_are_told_by_their_first_bytes(start: bytes, format_: Format | None) -> None:
    assert sniff(start) is format_


def test_unknown_bytes_are_an_unsupported_medium() -> None:
    with pytest.raises(UnsupportedMediaError):
        read_header(b"hello")


@pytest.mark.parametrize(
    ("data", "channels", "alpha"),
    [
        (pictures.encoded(RGB, "JPEG"), 3, False),
        (pictures.encoded(RGB[..., 0], "JPEG"), 1, False),
        (pictures.encoded(RGB, "PNG"), 3, False),
        (pictures.encoded(RGBA, "PNG"), 4, True),
        (pictures.encoded(RGB[..., 0], "PNG"), 1, False),
        (pictures.encoded(RGB, "WEBP"), 3, False),
        (pictures.encoded(RGB, "WEBP", lossless=True), 3, False),
        (pictures.encoded(RGBA, "WEBP"), 4, True),
        (pictures.encoded(RGBA, "WEBP", lossless=True), 4, True),
        (pictures.encoded(RGB, "GIF"), 3, False),
        (pictures.encoded(RGB, "TIFF"), 3, False),
        (pictures.encoded(RGBA, "TIFF", compression="tiff_lzw"), 4, True),
        (pictures.encoded(RGB, "AVIF"), 3, False),
        (pictures.encoded(RGBA, "AVIF"), 4, True),
    ],
)
def test_size_channels_and_alpha_are_read(data: bytes, channels: int, alpha: bool) -> None:
    header = read_header(data)
    assert (header.width, header.height, header.pages) == (37, 23, 1)
    assert (header.channels, header.has_alpha) == (channels, alpha)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_and_profile_are_read(format_: str, orientation: int) -> None:
    block = exif.PREFIX + exif.small_block(orientation)
    header = read_header(pictures.encoded(RGB, format_, exif=block, icc_profile=srgb_profile()))
    assert (header.orientation, header.has_icc) == (orientation, True)
    assert (header.width, header.height) == (37, 23)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_upright_whatever_its_container_turns(orientation: int) -> None:
    data = pictures.encoded(RGB, "AVIF", quality=100, exif=exif.PREFIX + exif.small_block(orientation))
    header = read_header(data)
    turn = geometry.upright(orientation)
    assert header.orientation == 1
    assert (header.width, header.height) == turn.after(Size(37, 23))
    shown = pictures.decoded(edit(data, {"toFormat": "png"}).body)
    assert np.abs(shown.astype(int) - turned(RGB, turn)).mean() < 3


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpeg_sampling_and_scan_mode_are_read(subsampling: str) -> None:
    header = read_header(pictures.encoded(RGB, "JPEG", subsampling=subsampling, progressive=True))
    assert (header.chroma_subsampling, header.is_progressive) == (subsampling, True)


def test_a_cmyk_jpeg_is_known_as_one() -> None:
    body = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(body, "JPEG")
    assert read_header(body.getvalue()).is_cmyk


def test_a_palette_with_a_clear_entry_has_alpha() -> None:
    body = io.BytesIO()
    Image.new("P", (8, 8)).save(body, "PNG", transparency=0)
    assert read_header(body.getvalue()).has_alpha


@pytest.mark.parametrize("format_", ["GIF", "WEBP"])
def test_frames_are_counted(format_: str) -> None:
    data = pictures.animation(format_, [(255, 0, 0), (0, 255, 0), (0, 0, 255)], duration=100)
    header = read_header(data)
    assert (header.pages, header.width, header.height) == (3, 60, 40)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + bytes(4) for kind, body in chunks
    )


IHDR = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 10_000,
        b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x00\x00\x01\x01\x01\x11\x00",
        b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x00\x01\x01\x11\x00",
        b"\xff\xd8\xff\xc0\x00\x0b\x0c\x00\x01\x00\x01\x01\x01\x11\x00",
        b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x01\x00",
        b"\xff\xd8\xff\xc9\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00",
        b"\x89PNG",
        png((b"IHDR", IHDR[:-1])),
        png((b"IHDR", bytes(13))),
        png((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 4, 2, 0, 0, 0))),
        png((b"IHDR", struct.pack(">IIBBBBB", 2**31, 1, 8, 2, 0, 0, 0))),
        png((b"IHDR", IHDR), *[(b"tEXt", b"")] * 20_000),
        b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(30),
        b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(30),
        b"RIFF\x00\x00\x00\x00WEBPVP8L" + bytes(30),
        b"RIFF\x00\x00\x00\x00WEBPVP8X" + struct.pack("<IB", 10, 2) + bytes(30),
        b"GIF89a",
        b"GIF89a" + bytes(7),
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00!\xff" + b"\x01a" * 1_100_000,
        b"II*\x00",
        b"MM\x00*\x00\x00\x00\x08",
        b"\0\0\0\x1cftypavif" + bytes(16),
    ],
    ids=range(26),
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of damaged TIFF tags
def test_a_broken_header_is_a_400(data: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_header(data)
    assert (caught.value.code, caught.value.status) == ("InstantiationError", 400)
