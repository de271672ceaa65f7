"""A damaged file gives a picture or a refusal, never anything else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.errors import PixelshiftError
from pixelshift.imaging import edit, exif
from pixelshift.limits import Limits
from tests.compat.run_vectors import display_p3_profile
from tests.support import pictures

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 4), dtype=np.uint8)
BLOCK = exif.PREFIX + exif.small_block(6)
FILES = [
    *[
        pictures.encoded(PIXELS[..., :3], format_, exif=BLOCK, icc_profile=display_p3_profile())
        for format_ in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
    ],
    pictures.encoded(PIXELS[..., :3], "JPEG", progressive=True),
    pictures.encoded(PIXELS, "PNG"),
    pictures.encoded(PIXELS, "WEBP", lossless=True),
    pictures.encoded(PIXELS[..., :3], "TIFF", compression="jpeg"),
    pictures.animation("GIF", [(255, 0, 0), (0, 255, 0), (0, 0, 255)], size=(32, 24), duration=20),
    pictures.animation("WEBP", [(255, 0, 0), (0, 255, 0), (0, 0, 255)], size=(32, 24), duration=20),
    b'<svg xmlns="http://www.w3.org/2000/svg" width="32" height="24"><rect fill="red" width="9" height="9"/></svg>',
]
LIMITS = Limits(source_pixels=100_000, animation_pixels=200_000)


@pytest.mark.filterwarnings("ignore")  # Pillow warns of damaged tags
@settings(max_examples=120, deadline=None)
@given(st.sampled_from(FILES), st.sampled_from([{"resize": {"width": 10}}, {"rotate": None}, {"trim": {}}]), st.data())
def test_damage_is_shown_or_refused(file: bytes, edits: dict[str, object], data: st.DataObject) -> None:
    damaged = bytearray(file)
    places = st.tuples(st.integers(0, len(file) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, max_size=6)):
        damaged[place] = value
    try:
        done = edit(bytes(damaged[: data.draw(st.integers(1, len(file)))]), edits, limits=LIMITS)
    except PixelshiftError as error:
        refused = error
    else:
        assert done.body
        return
    assert refused.status in {400, 413, 415} or refused.code == "ProcessingFailure"
