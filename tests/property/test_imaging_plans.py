"""Whatever is asked for: a plan's size is the result's, nothing but our own errors comes out, and order matters only
where the contract says so."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixelshift.edits import types as edits
from pixelshift.edits.types import Colour, Edit, Fit, Format, Kernel, Position
from pixelshift.errors import PixelshiftError
from pixelshift.imaging import exif
from pixelshift.imaging.base import Encoded, Output
from pixelshift.imaging.header import read_header
from pixelshift.imaging.plan import Plan, plan
from pixelshift.imaging.run import run
from pixelshift.limits import Limits
from tests.support import pictures

PIXELS = np.random.default_rng(3).integers(0, 256, (37, 53, 3), dtype=np.uint8)
BLOCK = exif.PREFIX + exif.small_block(6)
SOURCES = [
    pictures.encoded(PIXELS, "JPEG", exif=BLOCK),
    pictures.encoded(PIXELS, "PNG"),
    pictures.encoded(PIXELS, "WEBP", exif=BLOCK),
    pictures.animation("GIF", [(255, 0, 0), (0, 255, 0), (0, 0, 255)], size=(53, 37), duration=50),
]
LIMITS = Limits(output_side_px=300, output_pixels=300 * 300)

side = st.integers(1, 120)
resizes = st.builds(
    edits.Resize,
    st.none() | side,
    st.none() | side,
    st.sampled_from(Fit),
    st.sampled_from(Position),
    st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.sampled_from([Colour(1, 2, 3), Colour(1, 2, 3, 0.5)]),
    st.sampled_from(Kernel),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.floats(0.1, 3),
)
crops = st.builds(edits.Crop, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
extends = st.builds(edits.Extend, *[st.integers(0, 9)] * 4, extend_with=st.sampled_from(["background", "mirror"]))
others = st.sampled_from(
    [
        *[edits.Flip(), edits.Flop(), edits.Rotate(None), edits.Rotate(90), edits.Rotate(-180), edits.Rotate(30)],
        *[edits.Greyscale(), edits.Gamma(), edits.Trim(), edits.RoundCrop(), edits.SmartCrop(), edits.Animated(False)],
    ]
)
requests = st.lists(resizes | crops | extends | others, max_size=5)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SOURCES), requests, st.booleans())
def test_the_result_has_the_planned_size(source: bytes, listed: list[Edit], auto_orient: bool) -> None:
    output = Output(format=Format.PNG if b"GIF8" not in source else None, auto_orient=auto_orient)
    try:
        planned = plan(listed, read_header(source), output, LIMITS)
        done = run(planned, source)
    except PixelshiftError as error:
        refused = error
    else:
        check(planned, done)
        return
    assert 400 <= refused.status < 500 or refused.code == "ProcessingFailure"


def check(planned: Plan, done: Encoded) -> None:
    assert str(planned)
    picture = Image.open(io.BytesIO(done.body))
    assert picture.size == (done.width, done.height)
    assert max(picture.size) <= 300
    if planned.exact:
        assert picture.size == planned.size


@settings(max_examples=40, deadline=None)
@given(st.permutations([edits.Flip(), edits.Negate(), edits.Extend(3), edits.Greyscale(), edits.Resize(20)]))
def test_the_order_of_listing_does_not_matter_without_cuts_and_rotations(listed: list[Edit]) -> None:
    header = read_header(SOURCES[1])
    bodies = {
        run(plan(one, header, Output(format=Format.RAW), LIMITS), SOURCES[1]).body
        for one in (listed, sorted(listed, key=repr))
    }
    assert len(bodies) == 1
