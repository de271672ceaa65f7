import math
from itertools import pairwise, product

import numpy as np
import pytest

from pixelshift.changepoint import statistic
from pixelshift.changepoint.parameters import Parameters
from pixelshift.changepoint.reference import ReferenceDetector


def sign(value: float) -> int:
    return (value > 0) - (value < 0)


@pytest.mark.parametrize("delta", [0.0, 0.5, 1.0])
def test_recursion_equals_the_double_sum(delta: float) -> None:
    values = [0.0, 1.5, -1.0, 0.5, 0.5, 2.0, 2.5, 1.0, 0.0]
    detector = ReferenceDetector(Parameters(alpha=1e-9, threshold=delta))
    for value in values:
        detector.push(value)
    for t in range(1, len(values)):
        pairs = list(product(values[:t], values[t:]))
        assert detector._up[t - 1] == sum(sign((after - delta) - before) for before, after in pairs)
        assert detector._down[t - 1] == sum(sign(before - (after + delta)) for before, after in pairs)


def test_perfect_split_first_alarms_at_sixteen_points() -> None:
    def p(count: int) -> float:
        evidence = statistic.pettitt_evidence(count * count // 4, count)
        return statistic.p_value(evidence, count, "pettitt", "pointwise")

    assert p(15) > 0.01 >= p(16)


@pytest.mark.parametrize("control", ["pointwise", "anytime"])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 1e-6])
def test_critical_value_is_the_least_that_reaches_alpha(alpha: float, control: statistic.Control) -> None:
    for count in [16, 17, 100, 1023, 1024, 100_000, 3_000_000]:
        k = statistic.critical_value(alpha, count, control)
        below, at = (
            statistic.p_value(statistic.pettitt_evidence(candidate, count), count, "pettitt", control)
            for candidate in (k - 1, k)
        )
        assert at <= alpha < below


def test_epochs_of_anytime_control_spend_alpha_once() -> None:
    weights = [1 / ((k - 3) * (k - 2)) for k in range(statistic.FIRST_EPOCH, 100_000)]
    assert math.isclose(sum(weights), 1.0, rel_tol=1e-4)


@pytest.mark.parametrize("kind", ["pettitt", "standardized"])
def test_tail_of_anytime_control_bounds_simulated_segments(kind: statistic.Statistic) -> None:
    """Sup of L over an epoch on noise of its own seed, straight from the definition of U."""
    rng = np.random.default_rng(77)
    streams, longest = 4_000, 63
    values = rng.random((streams, longest))
    sums = np.zeros((streams, longest), dtype=np.int64)
    highest = {4: np.zeros(streams), 5: np.zeros(streams)}
    for count in range(2, longest + 1):
        newest, old = values[:, count - 1 : count], values[:, : count - 1]
        sums[:, : count - 1] += np.cumsum(np.sign(newest - old), axis=1).astype(np.int64)
        absolute, t = np.abs(sums[:, : count - 1]), np.arange(1, count)
        k, score = absolute.max(axis=1), (absolute / np.sqrt(t * (count - t))).max(axis=1)
        evidence = 6.0 * k**2 / (count**3 + count**2) if kind == "pettitt" else 1.5 * score**2 / (count + 1)
        if count >= 16:
            epoch = count.bit_length() - 1
            highest[epoch] = np.maximum(highest[epoch], evidence)
    for epoch, reached in highest.items():
        for level in (3.0, 4.0, 5.0, 6.0):
            share = float((reached >= level).mean())
            bound = statistic.tail(level, epoch, kind)
            noise = 4.0 * math.sqrt(bound / streams)
            assert share <= bound + noise
            assert bound <= 1.2 * share + noise + 0.002  # and not by far too high


def test_autocorrelation_matches_its_formula_and_is_clipped() -> None:
    residuals = [1.0, 0.8, 0.2, -0.5, -0.9, 0.4, -0.1, 0.6, -1.0, -0.5] * 3
    r = sum(a * b for a, b in pairwise(residuals)) / sum(e * e for e in residuals)
    assert 0 < (30 * r + 4) / 24 < 0.99
    assert statistic.autocorrelation(residuals) == pytest.approx((30 * r + 4) / 24)
    assert statistic.autocorrelation([1.0, -1.0] * 10) == 0.0
    assert statistic.autocorrelation([1.0] * 100) == 0.99
    assert statistic.autocorrelation([0.0] * 100) == 0.0
