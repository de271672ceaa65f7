"""Scalar and vector kernels of median and equalisation give the same bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pixelshift._native import _rank, available_levels

pytestmark = pytest.mark.skipif(len(available_levels()) == 1, reason="this machine has one level only")

PADDED = st.tuples(st.integers(1, 9), st.integers(1, 75), st.integers(1, 4)).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape)
)


@settings(max_examples=120, deadline=None)
@given(padded=PADDED, width=st.integers(1, 7), height=st.integers(1, 7), slope=st.integers(0, 12))
def test_rank_levels_agree(padded: np.ndarray, width: int, height: int, slope: int) -> None:
    rows = padded.shape[0] - min(height, padded.shape[0]) + 1
    shape = (rows, padded.shape[1] - min(width, padded.shape[1]) + 1, padded.shape[2])
    results = []
    for level in available_levels():
        median, equalised = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
        _rank.median(median, padded, rows=(0, rows), cpu=level)
        _rank.equalise(equalised, padded, rows=(0, rows), slope=slope, cpu=level)
        results.append(np.stack([median, equalised]))
    assert np.array_equal(*results)
