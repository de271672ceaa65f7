"""Scalar and vector kernels of blur and correlation give the same bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pixelshift._native import _convolve, available_levels

pytestmark = pytest.mark.skipif(len(available_levels()) == 1, reason="this machine has one level only")

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 45), st.integers(1, 4))
MASKS = st.lists(st.integers(1, 20), min_size=1, max_size=40).map(
    lambda weights: np.array(sorted(weights, reverse=True), np.int32)
)


@settings(max_examples=80, deadline=None)
@given(
    samples=SHAPES.flatmap(lambda shape: arrays.arrays(np.uint8, shape)),
    mask=MASKS,
    axis=st.integers(0, 1),
)
def test_blur_levels_agree(samples: np.ndarray, mask: np.ndarray, axis: int) -> None:
    results = []
    for level in available_levels():
        result = np.empty_like(samples)
        _convolve.blur(result, samples, mask=mask, axis=axis, rows=(0, len(samples)), cpu=level)
        results.append(result)
    assert np.array_equal(*results)


@settings(max_examples=80, deadline=None)
@given(
    padded=SHAPES.flatmap(lambda shape: arrays.arrays(np.uint8, shape)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
        lambda shape: arrays.arrays(np.float64, shape, elements=st.floats(-1e6, 1e6))
    ),
    scale=st.floats(-100, 100),
    offset=st.floats(-300, 300),
)
def test_correlation_levels_agree(padded: np.ndarray, kernel: np.ndarray, scale: float, offset: float) -> None:
    kernel = np.ascontiguousarray(kernel[: padded.shape[0], : padded.shape[1]])
    shape = (padded.shape[0] - kernel.shape[0] + 1, padded.shape[1] - kernel.shape[1] + 1, padded.shape[2])
    results = []
    for level in available_levels():
        result = np.empty(shape, np.uint8)
        _convolve.correlate(result, padded, kernel, scale=scale, offset=offset, rows=(0, shape[0]), cpu=level)
        results.append(result)
    assert np.array_equal(*results)
