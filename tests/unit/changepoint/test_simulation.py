import numpy as np
import pytest

from pixelshift.changepoint import simulation


def test_scores_of_hand_made_cases() -> None:
    assert simulation.f1([50], [52]) == 1.0
    assert simulation.f1([50], [56]) == pytest.approx(2 / 4)
    assert simulation.f1([], []) == 1.0
    assert simulation.f1([50, 53], [51]) == pytest.approx(4 / 5)
    assert simulation.covering([50], [50], 100) == 1.0
    assert simulation.covering([50], [], 100) == 0.5
    assert simulation.covering([], [50], 100) == 0.5
    assert simulation.covering([40], [50], 100) == pytest.approx(0.4 * 40 / 50 + 0.6 * 50 / 60)


@pytest.mark.parametrize("kind", simulation.KINDS)
def test_every_kind_draws_finite_series_with_ordered_changes(kind: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        series = simulation.draw(kind, rng)
        assert 49 <= len(series.values) <= 5_000
        assert np.isfinite(series.values).all()
        assert list(series.changes) == sorted(set(series.changes))
        assert all(0 < change < len(series.values) for change in series.changes)
        assert bool(series.changes) != ("no change" in kind)


def test_suite_follows_its_seed() -> None:
    first, second = simulation.suite(1, 1), simulation.suite(1, 1)
    assert all((a.values == b.values).all() for a, b in zip(first, second, strict=True))
