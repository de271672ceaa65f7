"""No bytes whatever make a parser do anything but answer or refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.errors import PixelshiftError
from pixelshift.imaging import exif
from pixelshift.imaging.header import read_header
from pixelshift.imaging.icc import is_srgb, srgb_profile
from pixelshift.imaging.metadata import Metadata, MetadataPolicy
from tests.support import pictures

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of damaged TIFF tags
BLOCK = exif.PREFIX + exif.small_block(6)
FILES = [
    pictures.encoded(pictures.gradient(9, 7), format_, exif=BLOCK, icc_profile=srgb_profile())
    for format_ in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
] + [
    pictures.encoded(pictures.gradient(9, 7, 4), "GIF"),
    b'<?xml version="1.0"?><!DOCTYPE svg><svg width="9" height="7" viewBox="0 0 9 7"/>',
]
STARTS = [file[:16] for file in FILES]


def answers_or_refuses(data: bytes) -> None:
    try:
        header = read_header(data)
    except PixelshiftError:
        return
    assert header.width > 0
    assert header.height > 0
    assert header.pages > 0
    assert 1 <= header.orientation <= 8


@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_noise_behind_a_signature(start: bytes, noise: bytes) -> None:
    answers_or_refuses(start + noise)


@given(st.sampled_from(FILES), st.data())
def test_files_with_bytes_changed_or_cut_off(file: bytes, data: st.DataObject) -> None:
    changed = bytearray(file)
    places = st.tuples(st.integers(0, min(len(file), 400) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, max_size=8)):
        changed[place] = value
    answers_or_refuses(bytes(changed[: data.draw(st.integers(0, len(file)))]))


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_metadata_blocks_of_any_bytes_are_handled(noise: bytes, strip: bool, upright: bool) -> None:
    for block in (noise, b"II*\0" + noise, b"MM\0*\0\0\0\x08" + noise):
        kept = Metadata(exif=block, xmp=noise).for_output(MetadataPolicy(strip, upright=upright))
        assert 1 <= exif.orientation(kept.exif or b"") <= 8
        assert exif.orientation(exif.with_orientation(block, 1)) == 1


@given(st.binary(max_size=100), st.integers(0, 479))
def test_damaged_profiles_are_not_taken_for_srgb_by_accident(noise: bytes, cut: int) -> None:
    assert not is_srgb(noise)
    assert not is_srgb(srgb_profile()[:cut])
