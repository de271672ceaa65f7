"""A picture placed on a canvas in the engine, against the same rows placed in an array."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelshift._native import _engine, available_levels
from tests.support.pictures import decoded, encoded
from tests.support.pixels import waves

Pixels = NDArray[np.uint8]
PICTURE = waves(40, 60, 3)
PNG = encoded(PICTURE, "PNG")
JPEG = encoded(PICTURE, "JPEG", quality=95)
COLOUR = (200, 30, 90)
BOX = (0.0, 0.0, 60.0, 40.0)


def run(file: bytes, size: tuple[int, int], **options: Any) -> Pixels:
    source = "png" if file.startswith(b"\x89") else "jpeg"
    width, height = size
    options = {"sink": "png", "box": BOX, **options}
    return decoded(_engine.run(file, source=source, width=width, height=height, **options))


sides = st.integers(1, 50)
margins = st.integers(0, 40)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([PNG, JPEG]),
    st.tuples(sides, sides),
    st.tuples(margins, margins, margins, margins),
    st.sampled_from(available_levels()),
)
def test_the_picture_lies_where_it_was_put(
    file: bytes, inner: tuple[int, int], around: tuple[int, int, int, int], level: Any
) -> None:
    (width, height), (left, top, right, bottom) = inner, around
    size = (left + width + right, top + height + bottom)
    result = run(file, size, canvas=(left, top, width, height, COLOUR), cpu=level, chroma_scale=8)
    expected = np.empty((size[1], size[0], 3), np.uint8)
    expected[:] = COLOUR
    expected[top : top + height, left : left + width] = run(file, (width, height), cpu=level, chroma_scale=8)
    within = (slice(top, top + height), slice(left, left + width))
    assert np.array_equal(result[within], expected[within])
    # By way of YCbCr the colour is rounded.
    assert np.abs(result.astype(int) - expected).max() <= (1 if file is JPEG else 0)


@pytest.mark.parametrize("full_chroma", [True, False])
def test_levels_place_alike_in_jpegs(full_chroma: bool) -> None:
    options: dict[str, Any] = {
        "sink": "jpeg",
        "canvas": (3, 5, 41, 33, COLOUR),
        "options": {"full_chroma": full_chroma},
    }
    one, *others = (run(JPEG, (57, 51), cpu=level, **options) for level in available_levels())
    assert all(np.array_equal(one, other) for other in others)
    assert (np.abs(one[45:, :20].astype(int) - COLOUR) < 24).all()


@pytest.mark.parametrize("mode", ["grey", "rgba"])
def test_other_pictures_are_left_to_the_general_path(mode: str) -> None:
    pixels = PICTURE[..., 0] if mode == "grey" else waves(40, 60, 4)
    with pytest.raises(_engine.EngineError, match="unsupported"):
        run(encoded(pixels, "PNG"), (60, 60), canvas=(0, 0, 60, 40, COLOUR))


@pytest.mark.parametrize(
    "canvas",
    [
        (-1, 0, 9, 9),
        (60, 0, 1, 1),
        (0, 0, 61, 9),
        (5, 0, 56, 9),
        (0, 60, 9, 1),
        (0, 30, 9, 31),
        (0, 0, 0, 9),
        (0, 0, 9, 0),
    ],
)
def test_a_picture_beyond_its_canvas_is_refused(canvas: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="picture's"):
        run(PNG, (60, 60), canvas=(*canvas, COLOUR))


def test_damage_and_the_clock_are_seen_on_the_way() -> None:
    canvas = (3, 20, 41, 33, COLOUR)
    with pytest.raises(_engine.EngineError, match="damaged"):
        run(JPEG[: len(JPEG) // 2], (57, 61), canvas=canvas)
    with pytest.raises(_engine.EngineError, match="timeout"):
        run(JPEG, (57, 61), canvas=canvas, deadline=1.0)
