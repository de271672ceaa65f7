import itertools
from statistics import fmean, pstdev

import numpy as np
import pytest

from pixelshift.changepoint import ChangePoint
from pixelshift.errors import InvalidRequestError
from pixelshift.streams.simulate import Simulation, score, simulated


def change(index: int, detected_at: int) -> ChangePoint:
    return ChangePoint(index, detected_at, 0.01, 1.0, 0.5, 1.5, "increase", 0.0, 1.0, 20, 10)


def test_the_same_seed_gives_the_same_series_and_another_seed_another() -> None:
    assert list(simulated(Simulation(seed=7))) == list(simulated(Simulation(seed=7)))
    assert list(simulated(Simulation(seed=7))) != list(simulated(Simulation(seed=8)))


def test_levels_between_true_changes_differ_by_the_shifts_that_were_asked_for() -> None:
    plan = Simulation(points=20_000, every=1_000, shift_low=2.0, shift_high=3.0, noise_sd=0.5, seed=3)
    drawn = list(simulated(plan))
    truth = [i for i, point in enumerate(drawn) if point.is_change]
    assert 13 <= len(truth) <= 40
    bounds = [0, *truth, len(drawn)]
    levels = [fmean(p.value for p in drawn[a:b]) for a, b in itertools.pairwise(bounds)]
    shifts = [abs(b - a) for a, b in itertools.pairwise(levels)]
    assert all(0.9 < shift < 1.6 for shift in shifts)
    assert all(500 <= b - a <= 1_500 for a, b in zip(bounds, truth, strict=False))


@pytest.mark.parametrize("noise", ["normal", "laplace", "uniform"])
def test_noise_has_the_spread_that_was_asked_for(noise: str) -> None:
    plan = Simulation(points=40_000, every=100_000, noise=noise, noise_sd=2.0)  # type: ignore[arg-type]
    assert pstdev(p.value for p in simulated(plan)) == pytest.approx(2.0, rel=0.03)


def test_autocorrelated_noise_has_its_correlation_and_its_spread() -> None:
    values = np.array([p.value for p in simulated(Simulation(points=40_000, every=100_000, ar=0.7))])
    assert np.corrcoef(values[1:], values[:-1])[0, 1] == pytest.approx(0.7, abs=0.03)
    assert values.std() == pytest.approx(1.0, rel=0.06)


def test_counts_are_whole_numbers() -> None:
    assert all(p.value == int(p.value) for p in simulated(Simulation(points=50, noise="counts")))


def test_score_tells_found_missed_and_false_apart() -> None:
    result = score([100, 200, 300], [change(20, 40), change(103, 110), change(120, 150), change(299, 305)])
    assert (result.changes, result.found, result.false_alarms) == (3, 2, 2)
    assert result.median_delay == 7.5
    assert (result.median_error, result.mean_error) == (2, 2)
    late = score([100, 200], [change(190, 200)])  # found as the next level begins: of that one
    assert (late.found, late.median_delay) == (1, 0)


@pytest.mark.parametrize("wrong", [{"points": 0}, {"every": 1}, {"ar": 1.0}, {"noise": "pink"}, {"noise_sd": 0.0}])
def test_an_impossible_simulation_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError):
        Simulation(**wrong)  # type: ignore[arg-type]
