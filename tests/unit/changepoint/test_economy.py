import numpy as np
import pytest

from pixelshift.changepoint import economy


@pytest.mark.parametrize("kind", economy.KINDS)
def test_every_kind_draws_short_finite_series_with_ordered_changes(kind: str) -> None:
    drawn = [series for series in economy.suite(3, 20) if series.kind == kind]
    assert len(drawn) == 20
    for series in drawn:
        assert 15 <= len(series.values) <= 500
        assert np.isfinite(series.values).all()
        assert series.values.std() == pytest.approx(1.0)
        assert list(series.changes) == sorted(set(series.changes))
        assert all(0 < change < len(series.values) for change in series.changes)
    assert any(series.changes for series in drawn) == (kind != "quiet")


def test_suite_follows_its_seed() -> None:
    first, second = economy.suite(1, 1), economy.suite(1, 1)
    assert all((a.values == b.values).all() for a, b in zip(first, second, strict=True))
