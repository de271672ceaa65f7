import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift import _native
from pixelshift._native import _pettitt
from pixelshift.changepoint.detector import native_core
from pixelshift.changepoint.parameters import Parameters

FORMS = {"i32": (_pettitt.pass_i32, np.int32), "i64": (_pettitt.pass_i64, np.int64)}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.sampled_from([-1e308, -1.0, -0.0, 0.0, 1.0, 2.0, 1e308]), min_size=1, max_size=70),
    pivot=st.sampled_from([-np.inf, -1.0, 0.0, -0.0, 1.5, np.inf]),
    start=st.integers(-1000, 1000),
)
def test_pass_adds_prefix_sums_of_signs_on_every_level(
    form: str, values: list[float], pivot: float, start: int
) -> None:
    run, kind = FORMS[form]
    data = np.array(values)
    expected = start + np.cumsum((data < pivot).astype(int) - (data > pivot))
    for level in _native.available_levels():
        sums = np.full(len(values), start, dtype=kind)
        assert run(sums, data, pivot, cpu=level) == (expected.max(), expected.min())
        assert (sums == expected).all()


@pytest.mark.parametrize("form", FORMS)
def test_pass_refuses_arrays_that_do_not_match(form: str) -> None:
    run, kind = FORMS[form]
    for sums, values in [(3, 4), (0, 0)]:
        with pytest.raises(ValueError, match="as many sums as values"):
            run(np.zeros(sums, dtype=kind), np.zeros(values), 0.0)


def test_statistic_stays_exact_beyond_32_bits() -> None:
    """A perfect split of T = 100,000 has U = T^2 / 4 = 2.5e9: past 2^31, where a 32-bit sum would turn negative."""
    half = 50_000
    parameters = Parameters(alpha=1e-300, startup=2**30)
    for plain in (False, True):
        core = native_core(parameters, plain=plain)
        state = (2 * half - 40, 0, [], np.repeat([0.0, 1.0], [half, half - 40]))
        core.import_segment(*state)
        core.extend(np.ones(40))
        assert core.maximum() == half * half
    # From 32 bits to 64 in the middle of plain passes.
    crossing = native_core(parameters, plain=True)
    crossing.import_segment(92_660, 0, [], np.repeat([0.0, 1.0], [46_400, 46_260]))
    crossing.extend(np.ones(140))
    assert crossing.maximum() == 46_400 * 46_400 > 2**31
