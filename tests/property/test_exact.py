"""The exact resampler against Pillow itself: not one sample may differ."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelshift import _native
from pixelshift._native import Level, _exact

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
FILTERS = {
    "linear": Image.Resampling.BILINEAR,
    "cubic": Image.Resampling.BICUBIC,
    "lanczos3": Image.Resampling.LANCZOS,
}
sides = st.one_of(st.integers(1, 8), st.integers(1, 150), st.just(901))


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int) -> Box:
    def interval(side: int) -> tuple[float, float]:
        low = draw(st.integers(0, side * 256 - 64))
        return low / 256, draw(st.integers(low + 64, side * 256)) / 256

    (left, right), (top, bottom) = interval(width), interval(height)
    return left, top, right, bottom


@st.composite
def pictures(draw: st.DrawFn) -> Pixels:
    """Noise, or black and white: what overshoots most; some alpha is opaque or invisible."""
    channels = draw(st.sampled_from(sorted(MODES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(sides), draw(sides), channels)
    if draw(st.booleans()):
        return rng.integers(0, 256, shape, dtype=np.uint8)
    return rng.choice(np.array([0, 255, 1, 254], np.uint8), shape, p=[0.4, 0.4, 0.1, 0.1])


def by_pillow(picture: Pixels, size: tuple[int, int], kernel: str, box: Box | None) -> Pixels:
    height, width, channels = picture.shape
    image = Image.frombytes(MODES[channels], (width, height), picture.tobytes())
    result = np.asarray(image.resize(size, FILTERS[kernel], box=box))
    return result.reshape(size[1], size[0], channels)


def by_us(picture: Pixels, size: tuple[int, int], kernel: str, box: Box | None, level: Level) -> Pixels:
    result = np.full((size[1], size[0], picture.shape[2]), 99, np.uint8)
    _exact.resize(result, picture, kernel=kernel, box=box, cpu=level)
    return result


@settings(max_examples=250, deadline=None)
@given(st.data(), pictures(), st.tuples(sides, sides), st.sampled_from(_exact.KERNELS))
def test_every_level_gives_the_bytes_of_pillow(
    data: st.DataObject, picture: Pixels, size: tuple[int, int], kernel: str
) -> None:
    box = data.draw(st.one_of(st.none(), boxes(picture.shape[1], picture.shape[0])))
    expected = by_pillow(picture, size, kernel, box)
    for level in _native.available_levels():
        result = by_us(picture, size, kernel, box, level)
        assert np.count_nonzero(result != expected) == 0, level
