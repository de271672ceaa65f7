"""Scalar and vector kernels of colour give the same bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pixelshift._native import _colour, available_levels

pytestmark = pytest.mark.skipif(len(available_levels()) == 1, reason="this machine has one level only")

PICTURES = st.tuples(st.integers(1, 3), st.integers(1, 27), st.integers(3, 4)).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape)
)
FACTORS = st.floats(-4, 4, width=32)


@settings(max_examples=120, deadline=None)
@given(
    picture=PICTURES,
    light=st.tuples(FACTORS, st.floats(-200, 200, width=32)),
    chroma=st.tuples(FACTORS, FACTORS, FACTORS, FACTORS),
)
def test_colour_levels_agree(
    picture: np.ndarray, light: tuple[float, float], chroma: tuple[float, float, float, float]
) -> None:
    curves = _colour.Curves()
    size = picture.shape[:2]
    results: list[list[np.ndarray]] = []
    for level in available_levels():
        adjusted, joined = np.empty_like(picture), picture.copy()
        planes, ab = np.empty(size, np.uint16), np.empty((2, *size), np.int16)
        whole, grey = np.empty(size, np.uint8), np.empty(size, np.uint8)
        _colour.adjust(adjusted, picture, curves, light=light, chroma=chroma, cpu=level)
        _colour.split(planes, ab, picture, curves, cpu=level)
        _colour.join(joined, planes[::-1, ::-1].copy(), ab, curves, cpu=level)
        _colour.lightness(whole, picture, curves, cpu=level)
        _colour.luminance(grey, picture, curves, cpu=level)
        results.append([adjusted, planes, ab, joined, whole, grey])
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)
