"""Scalar and vector kernels of saliency give the same cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pixelshift._native import _saliency, available_levels

pytestmark = pytest.mark.skipif(len(available_levels()) == 1, reason="this machine has one level only")

PICTURES = st.tuples(st.integers(1, 6), st.integers(1, 70)).flatmap(lambda side: arrays.arrays(np.uint8, (*side, 3)))


@settings(max_examples=100, deadline=None)
@given(picture=PICTURES, rows=st.integers(1, 6), columns=st.integers(1, 70))
def test_mark_levels_agree(picture: np.ndarray, rows: int, columns: int) -> None:
    results = []
    for level in available_levels():
        cells = np.empty((3, min(rows, picture.shape[0]), min(columns, picture.shape[1])), np.int64)
        _saliency.mark_cells(cells, picture, cpu=level)
        results.append(cells)
    assert np.array_equal(*results)
