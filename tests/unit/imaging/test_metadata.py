"""EXIF, XMP and profiles: what is kept, what goes, what is changed (contract 6.5, decisions 2 and 3)."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, IptcImagePlugin

from pixelshift.edits.types import (
    Bandbool,
    Edit,
    Encode,
    ExtractChannel,
    Format,
    Greyscale,
    Resize,
    Rotate,
    StripExif,
    StripIcc,
    ToColourspace,
    ToFormat,
)
from pixelshift.imaging import edit, exif, iptc, read_header
from pixelshift.imaging.base import Output
from pixelshift.imaging.codecs import jpeg
from pixelshift.imaging.icc import is_srgb, srgb_profile
from pixelshift.imaging.metadata import Metadata
from tests.compat.run_vectors import display_p3_profile, srgb_to_display_p3
from tests.support import pictures

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:Description exif:GPSLatitude="52,31N" dc:creator="me">'
    b"<exif:GPSAltitude>34/1</exif:GPSAltitude></r:Description></x:xmpmeta>"
)


def photo_block(orientation: int = 6) -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Orientation] = orientation
    block[ExifTags.Base.Copyright] = "somebody and company"
    block[ExifTags.Base.Make] = "camera"
    block.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (52.0, 31.0, 12.0), 29: "2026:11:23 secret date"})
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "a lens"
    return block.tobytes()


def photo(format_: str = "JPEG", **options: Any) -> bytes:
    return pictures.encoded(pictures.gradient(40, 30), format_, exif=photo_block(), xmp=XMP, **options)


def opened(data: bytes, *edits: Edit, **output: Any) -> Image.Image:
    return Image.open(io.BytesIO(edit(data, edits, output=Output(**output)).body))


@pytest.mark.parametrize("edits", [(Resize(20),), (Greyscale(),), ()], ids=["stream", "steps", "format"])
@pytest.mark.parametrize("format_", [Format.JPEG, Format.WEBP, Format.PNG, Format.AVIF])
def test_exif_stays_without_the_position(edits: tuple[Edit, ...], format_: Format) -> None:
    picture = opened(photo(), *edits, ToFormat(format_))
    block = picture.getexif()
    assert block[ExifTags.Base.Copyright] == "somebody and company"
    assert block[ExifTags.Base.Orientation] == 6
    assert block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] == "a lens"
    assert not block.get_ifd(ExifTags.IFD.GPSInfo)
    assert b"secret date" not in picture.info["exif"]
    assert b"me" in picture.info["xmp"]
    assert b"GPS" not in picture.info["xmp"]


def test_the_position_stays_where_it_is_asked_for() -> None:
    picture = opened(photo(), Resize(20), keep_gps=True)
    assert picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)[29] == "2026:11:23 secret date"
    assert b"GPSLatitude" in picture.info["xmp"]


def test_a_packet_with_position_data_in_an_unknown_shape_is_dropped() -> None:
    data = pictures.encoded(pictures.gradient(4, 4), "JPEG", xmp=b"<a><![CDATA[ GPS 52 N ]]></a>")
    assert "xmp" not in opened(data, Resize(2)).info


@pytest.mark.parametrize("strip", [StripExif(), StripIcc()])
@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
def test_stripping_leaves_the_orientation_and_nothing_else(strip: Edit, format_: str) -> None:
    picture = opened(photo(format_), strip, Resize(20))
    assert dict(picture.getexif()) == {ExifTags.Base.Orientation: 6, ExifTags.Base.Software: "Pixelshift"}
    assert "icc_profile" not in picture.info
    assert "xmp" not in picture.info


def test_stripping_an_upright_picture_leaves_nothing() -> None:
    picture = opened(pictures.encoded(pictures.gradient(40, 30), "JPEG", exif=photo_block(1)), StripExif())
    assert "exif" not in picture.info


def test_a_picture_without_metadata_gains_a_small_block_and_a_profile() -> None:
    picture = opened(pictures.encoded(pictures.gradient(40, 30), "PNG"), Resize(20))
    block = picture.getexif()
    assert (block[ExifTags.Base.Orientation], block[ExifTags.Base.XResolution]) == (1, 72)
    assert (
        ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))).strip()
        == "sRGB"
    )


@pytest.mark.parametrize("edits", [(Rotate(None), Resize(20)), (Resize(20), Rotate(None))])
def test_auto_orient_turns_the_pixels_and_resets_the_tag(edits: tuple[Edit, ...]) -> None:
    picture = opened(photo(), *edits)
    assert picture.size == (20, 27)
    assert picture.getexif()[ExifTags.Base.Orientation] == 1
    assert picture.getexif()[ExifTags.Base.Make] == "camera"


def test_an_explicit_angle_turns_the_stored_pixels_and_keeps_the_tag() -> None:
    picture = opened(photo(), Rotate(90))
    assert (picture.size, picture.getexif()[ExifTags.Base.Orientation]) == ((30, 40), 6)


def test_the_setting_orients_every_picture_first() -> None:
    picture = opened(photo(), Resize(15), auto_orient=True)
    assert (picture.size, picture.getexif()[ExifTags.Base.Orientation]) == ((15, 20), 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_every_orientation_is_turned_as_pillow_turns_it(orientation: int, format_: str) -> None:
    from PIL import ImageOps

    pixels = pictures.gradient(16, 8)
    options = {"quality": 100, "subsampling": 0} if format_ == "JPEG" else {}
    options |= {"lossless": True} if format_ == "WEBP" else {}
    data = pictures.encoded(pixels, format_, exif=exif.PREFIX + exif.small_block(orientation), **options)
    tagged = Image.fromarray(pixels)
    tagged.getexif()[ExifTags.Base.Orientation] = orientation
    expected = np.array(ImageOps.exif_transpose(tagged))
    result = edit(data, [Rotate(None), ToFormat(Format.PNG)])
    assert np.abs(pictures.decoded(result.body).astype(int) - expected).max() <= (3 if format_ == "JPEG" else 0)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_colours_of_another_profile_become_srgb(format_: str) -> None:
    stored = np.full((8, 8, 3), srgb_to_display_p3((255, 0, 0)), np.uint8)
    options: dict[str, Any] = {"quality": 100} if format_ in {"JPEG", "WEBP", "AVIF"} else {}
    data = pictures.encoded(stored, format_, icc_profile=display_p3_profile(), **options)
    result = edit(data, [ToFormat(Format.PNG)]).body
    assert np.abs(pictures.decoded(result)[4, 4].astype(int) - (255, 0, 0)).max() <= (
        0 if format_ in {"PNG", "TIFF"} else 8
    )
    assert is_srgb(Image.open(io.BytesIO(result)).info["icc_profile"])


def test_alpha_is_not_touched_by_the_profile() -> None:
    stored = np.full((2, 2, 4), (234, 51, 34, 77), np.uint8)
    data = pictures.encoded(stored, "PNG", icc_profile=display_p3_profile())
    assert pictures.decoded(edit(data, []).body)[0, 0].tolist() == [255, 0, 0, 77]


def test_a_broken_profile_is_ignored() -> None:
    data = pictures.encoded(pictures.gradient(8, 8), "PNG", icc_profile=b"not a profile at all" * 20)
    assert np.array_equal(pictures.decoded(edit(data, []).body), pictures.gradient(8, 8))


def test_known_srgb_profiles_are_told_from_others() -> None:
    assert is_srgb(srgb_profile())
    assert is_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert not is_srgb(display_p3_profile())
    assert not is_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())


def test_our_profile_is_srgb_to_littlecms_too() -> None:
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), -1).reshape(1, -1, 3)
    ours = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    transform = ImageCms.buildTransform(ours, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    assert np.abs(np.asarray(transform.apply(Image.fromarray(cube))).astype(int) - cube).max() <= 1


def test_cmyk_is_read_as_rgb_and_written_where_the_format_can() -> None:
    body = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(body, "JPEG", quality=95)
    assert read_header(body.getvalue()).is_cmyk
    red = pictures.decoded(edit(body.getvalue(), [ToFormat(Format.PNG)]).body)[8, 8]
    assert np.abs(red.astype(int) - (232, 0, 21)).max() <= 12
    back = opened(body.getvalue(), ToColourspace("cmyk"))
    assert (back.mode, "icc_profile" in back.info) == ("CMYK", False)


@pytest.mark.parametrize("edit", [ToColourspace("b-w"), Greyscale(), ExtractChannel(0), Bandbool("and")], ids=repr)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_grey_is_written_as_three_channels_with_the_profile_as_upstream_does(edit: Edit, format_: str) -> None:
    picture = opened(pictures.encoded(pictures.gradient(8, 8), format_), edit)
    assert (picture.mode, picture.info["icc_profile"]) == ("RGB", srgb_profile())


def test_grey_without_metadata_stays_one_channel() -> None:
    picture = opened(pictures.encoded(pictures.gradient(8, 8), "PNG"), Greyscale(), StripIcc())
    assert (picture.mode, "icc_profile" in picture.info) == ("L", False)


def test_rotate_null_orients_and_drops_everything() -> None:
    picture = opened(photo(), Rotate(None, strips=True))
    assert picture.size == (30, 40)
    assert {"exif", "icc_profile", "xmp"}.isdisjoint(picture.info)


# Ink areas of 0-255, and what sharp 0.34.2 makes of them by its engine's press profile.
PRINTED = {
    (0, 0, 0, 0): (255, 255, 255),
    (255, 0, 0, 0): (0, 153, 228),
    (0, 255, 0, 0): (234, 0, 130),
    (0, 0, 255, 0): (255, 240, 0),
    (255, 255, 0, 0): (31, 5, 119),
    (255, 0, 255, 0): (0, 140, 52),
    (0, 255, 255, 0): (232, 0, 21),
    (0, 0, 0, 255): (18, 4, 23),
    (0, 0, 0, 128): (134, 133, 134),
    (0, 128, 0, 0): (245, 138, 183),
    (128, 128, 128, 0): (131, 113, 113),
    (64, 64, 64, 64): (147, 138, 136),
    (128, 96, 96, 32): (118, 123, 127),
    (32, 96, 128, 0): (216, 152, 119),
    (191, 159, 64, 32): (70, 80, 121),
    (0, 64, 96, 0): (254, 186, 148),
}


def test_cmyk_without_a_profile_looks_as_in_print() -> None:
    inks = np.array(list(PRINTED), np.uint8).reshape(4, 4, 4)
    body = io.BytesIO()
    Image.fromarray(inks, mode="CMYK").save(body, "TIFF")
    shown = pictures.decoded(edit(body.getvalue(), [ToFormat(Format.PNG)]).body).reshape(-1, 3)
    difference = np.abs(shown.astype(int) - list(PRINTED.values()))
    assert difference.max() <= 20
    assert difference.mean() <= 5
    assert np.array_equal(shown[0], (255, 255, 255)), "paper stays white"


CAPTION = b"\x1c\x02\x78\x00\x05hello" + b"\x1c\x02\x74\x00\x03(c)"


def with_photoshop_block(data: bytes, *resources: tuple[int, bytes]) -> bytes:
    body = iptc.PREFIX
    for kind, content in resources:
        padded = content + b"\0" * (len(content) % 2)
        body += b"8BIM" + kind.to_bytes(2, "big") + b"\x03abc" + len(content).to_bytes(4, "big") + padded
    return data[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


@pytest.mark.parametrize("edits", [(Resize(20),), (Greyscale(),)], ids=["stream", "steps"])
def test_iptc_stays_in_a_jpeg_and_what_else_photoshop_left_goes(edits: tuple[Edit, ...]) -> None:
    source = with_photoshop_block(photo(), (0x040C, b"thumbnail"), (0x0404, CAPTION), (0x0422, b"position"))
    body = edit(source, edits).body
    assert jpeg.read_metadata(body).iptc == CAPTION
    assert IptcImagePlugin.getiptcinfo(Image.open(io.BytesIO(body))) == {(2, 120): b"hello", (2, 116): b"(c)"}
    assert b"thumbnail" not in body
    assert b"position" not in body


def test_iptc_goes_where_metadata_is_stripped() -> None:
    source = with_photoshop_block(photo(), (0x0404, CAPTION))
    assert jpeg.read_metadata(edit(source, [Resize(20), StripExif()]).body).iptc is None


@pytest.mark.parametrize(("format_", "density"), [("PNG", 300), ("JPEG", 144), ("TIFF", 200)])
@pytest.mark.parametrize("target", [Format.JPEG, Format.PNG, Format.TIFF])
def test_the_density_stays(format_: str, density: int, target: Format) -> None:
    source = pictures.encoded(pictures.gradient(40, 30), format_, dpi=(density, density))
    picture = Image.open(io.BytesIO(edit(source, [Resize(20)], output=target).body))
    found = picture.info["dpi"][0] if target is Format.TIFF else picture.getexif()[282]
    assert round(float(found)) == density


@pytest.mark.parametrize(("compression", "mode"), [("jpeg", "RGB"), ("deflate", "RGBA"), ("none", "RGBA")])
def test_a_tiff_has_alpha_where_its_compression_can_hold_it(compression: str, mode: str) -> None:
    source = pictures.encoded(pictures.gradient(40, 30, 4), "PNG")
    body = edit(source, [Encode(Format.TIFF, (("compression", compression),))]).body
    assert Image.open(io.BytesIO(body)).mode == mode


def test_grey_of_a_translucent_picture_keeps_its_alpha() -> None:
    pixels = pictures.gradient(40, 30, 4)
    shown = pictures.decoded(edit(pictures.encoded(pixels, "PNG"), [ToColourspace("b-w")]).body)
    assert np.array_equal(shown[..., -1], pixels[..., -1])


@given(st.binary(max_size=60))
def test_photoshop_blocks_of_any_bytes_are_read_or_left(rest: bytes) -> None:
    found = iptc.from_block(iptc.PREFIX + rest)
    assert found is None or found in rest


@given(st.binary(max_size=200))
def test_records_come_back_out_of_their_block(records: bytes) -> None:
    assert iptc.from_block(iptc.to_block(records)) == records


@pytest.mark.parametrize("size", [65_519, 65_520, 200_000])
def test_a_profile_larger_than_a_segment_is_cut_into_several(size: int) -> None:
    profile = np.random.default_rng(size).bytes(size)
    file = pictures.encoded(pictures.gradient(8, 8), "JPEG")
    file = file[:20] + jpeg.blocks(Metadata(icc=profile)) + file[20:]
    assert Image.open(io.BytesIO(file)).info["icc_profile"] == profile
    assert jpeg.read_metadata(file).icc == profile
    assert jpeg.blocks(Metadata(icc=bytes(256 * 65_519))) == b""
