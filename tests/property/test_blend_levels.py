"""Scalar and vector kernels of compositing give the same bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pixelshift._native import _blend, available_levels

pytestmark = pytest.mark.skipif(len(available_levels()) == 1, reason="this machine has one level only")

LEVELS = st.sampled_from([0, 1, 63, 64, 127, 128, 191, 254, 255]) | st.integers(0, 255)
SIDES = st.integers(1, 21)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shapes = [(draw(SIDES), draw(SIDES), 4) for _ in range(2)]
    first, second = (draw(arrays.arrays(np.uint8, shape, elements=LEVELS)) for shape in shapes)
    return first, second


@settings(max_examples=120, deadline=None)
@given(
    pair=pictures(),
    mode=st.sampled_from(_blend.MODES),
    corner=st.tuples(st.integers(-22, 22), st.integers(-22, 22)),
    tile=st.booleans(),
    opacity=st.integers(0, 255),
)
def test_blend_levels_agree(
    pair: tuple[np.ndarray, np.ndarray], mode: str, corner: tuple[int, int], tile: bool, opacity: int
) -> None:
    base, overlay = pair
    results = []
    for level in available_levels():
        result = base.copy()
        _blend.blend(result, overlay, left=corner[0], top=corner[1], mode=mode, tile=tile, opacity=opacity, cpu=level)
        results.append(result)
    assert np.array_equal(*results)


@settings(max_examples=50, deadline=None)
@given(pair=pictures())
def test_premultiply_levels_agree(pair: tuple[np.ndarray, np.ndarray]) -> None:
    for kernel in (_blend.premultiply, _blend.unpremultiply):
        results = []
        for level in available_levels():
            result = np.empty_like(pair[0])
            kernel(result, pair[0], cpu=level)
            results.append(result)
        assert np.array_equal(*results)
