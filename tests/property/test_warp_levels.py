"""Affine transforms: every level gives the bytes of a plain sum over four neighbours."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from pixelshift import _native
from pixelshift._native import Level, _warp

Pixels = NDArray[np.uint8]
steps = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-9, 1e5, -1e7]))
places = st.floats(-40, 40)


def sources(channels: int) -> st.SearchStrategy[Pixels]:
    shape = st.tuples(st.integers(1, 20), st.integers(1, 40), st.just(channels))
    return shape.flatmap(lambda size: arrays.arrays(np.uint8, size))


Case = tuple[Pixels, tuple[int, int], tuple[float, float], tuple[float, float], tuple[float, float]]
cases: st.SearchStrategy[Case] = st.tuples(
    st.sampled_from([3, 4]).flatmap(sources),
    st.tuples(st.integers(1, 9), st.integers(1, 40)),
    st.tuples(places, places),
    st.tuples(steps, steps),
    st.tuples(steps, steps),
)


def warped(case: Case, level: Level) -> Pixels:
    source, size, origin, across, down = case
    result = np.full((*size, source.shape[2]), 77, np.uint8)
    _warp.bilinear(result, source, origin=origin, across=across, down=down, rows=(0, size[0]), cpu=level)
    return result


@settings(max_examples=200, deadline=None)
@given(cases)
def test_levels_agree_bit_for_bit(case: Case) -> None:
    specified = warped(case, "scalar")
    for level in _native.available_levels()[1:]:
        assert np.array_equal(warped(case, level), specified)


def by_formula(case: Case) -> NDArray[np.float64]:
    """Bilinear on premultiplied colours in float64, opaque black around, neither rounded nor cut."""
    source, (rows, columns), origin, across, down = case
    height, width, channels = source.shape
    alpha = source[..., 3:] / 255.0 if channels == 4 else np.ones((height, width, 1))
    plane = np.concatenate([source[..., :3] * alpha, 255 * alpha], axis=2)
    ground = np.array([0, 0, 0, 255.0])
    i, j = np.meshgrid(np.arange(columns), np.arange(rows))
    x = origin[0] + i * across[0] + j * down[0]
    y = origin[1] + i * across[1] + j * down[1]
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    total = np.zeros((rows, columns, 4))
    for beside in (0, 1):
        for below in (0, 1):
            u, v = left + beside, top + below
            inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
            taken = np.where(inside[..., None], plane[v.clip(0, height - 1), u.clip(0, width - 1)], ground)
            total += taken * (np.abs(1 - beside - (x - left)) * np.abs(1 - below - (y - top)))[..., None]
    return total


@settings(max_examples=100, deadline=None)
@given(cases)
def test_result_is_the_formula_to_a_level(case: Case) -> None:
    if max(map(abs, (*case[3], *case[4]))) > 3:
        return
    exact = by_formula(case)
    result = warped(case, _native.CPU_LEVEL).astype(np.float64)
    if result.shape[2] == 3:
        assert np.abs(result - exact[..., :3]).max() < 0.6
        return
    assert np.abs(result[..., 3] - exact[..., 3]).max() < 1.1
    cover = exact[..., 3:] / 255
    weighted = np.abs(result[..., :3] * cover - exact[..., :3])
    assert weighted.max() < 1.1
