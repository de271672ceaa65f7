"""Formulas of the test: evidence, p-values, correction for autocorrelation.

Segment ``x_1 .. x_T``, split after ``t``, threshold ``delta >= 0``::

    up_t   = sum_{i<=t<j<=T} sgn((x_j - delta) - x_i)
    down_t = sum_{i<=t<j<=T} sgn(x_i - (x_j + delta))
    K      = max(max_t up_t, max_t down_t)

Sources: Pettitt (1979), *A non-parametric approach to the change-point problem*, Applied Statistics 28; Ross, Tasoulis
and Adams (2011), *Nonparametric monitoring of data streams for changes in location and scale*, Technometrics 53;
Csörgő and Horváth (1997), *Limit theorems in change-point analysis*, equation 1.3.26, for the standardised maximum.
Where a published description of the recursive test is silent, the definition is ours.
"""

import itertools
import math
from collections.abc import Sequence
from functools import cache

from pixelshift.changepoint.parameters import Control, Statistic

FIRST_EPOCH = 4
"""Dyadic epochs ``floor(log2 T)`` of ``control="anytime"`` start here: below T = 16 nothing is tested."""

LEVEL_PARAMETERS = 4
LINE_PARAMETERS = 6
"""Parameters behind the residuals: two levels and the choice of the split, which costs as much again; with a line also
its slope and the joint choice. The figures are from simulation."""


def pettitt_evidence(k: int, count: int) -> float:
    """``L = 6 K^2 / (T^3 + T^2)``, 0 for ``K <= 0`` (Pettitt 1979); float64 in exactly this order of operations."""
    if k <= 0:
        return 0.0
    t = float(count)
    return 6.0 * float(k) * float(k) / (t * t * t + t * t)


def standardized_evidence(score: float, count: int) -> float:
    """``L = Z^2 / 2`` with ``Z^2 = 3 score^2 / (T + 1)`` and ``score = max_t U_t / sqrt(t (T - t))``.

    ``Z`` is the largest standardised Mann-Whitney statistic, ``Var U_t = t (T - t) (T + 1) / 3`` (Ross et al. 2011).
    """
    if score <= 0:
        return 0.0
    return 1.5 * score * score / (float(count) + 1.0)


def p_value(evidence: float, count: int, statistic: Statistic, control: Control) -> float:
    """Significance of ``L`` at segment length ``T``, in [0, 1]."""
    if control == "anytime":
        return _anytime(evidence, count, statistic)
    if statistic == "pettitt":
        return min(1.0, 2.0 * math.exp(-evidence))
    return _standardized(evidence, count)


def _standardized(evidence: float, count: int) -> float:
    """``phi(z) ((z - 1/z) D + 4/z)``, ``D = 2 ln(T - 1)``: Csörgő and Horváth 1.3.26 with both margins 1/T.

    The rank statistic stays below the Brownian limit near the margins, so this errs to the safe side.
    """
    z = math.sqrt(2.0 * evidence)
    if z <= 1.0 or count <= 2:
        return 1.0
    spread = 2.0 * math.log(float(count) - 1.0)
    return min(1.0, math.exp(-evidence) / math.sqrt(2.0 * math.pi) * ((z - 1.0 / z) * spread + 4.0 / z))


KNOT_STEP = 2.0
TAIL: dict[Statistic, tuple[tuple[float, ...], ...]] = {
    "pettitt": (
        (3.4, 2.9, 1.4, 0.4, 0.1, 0.1, 0.1),
        (4.0, 4.7, 4.05, 2.95, 2.05, 1.2, 1.2),
        (4.5, 6.1, 6.45, 6.3, 6.1, 6.1, 6.1),
        (4.8, 7.1, 8.5, 9.4, 9.6, 9.6, 9.6),
        (5.0, 7.9, 9.7, 11.3, 13.0, 17.0, 21.0),
        (5.2, 8.5, 11.0, 13.2, 17.0, 22.0, 27.0),
        (6.4, 10.8, 15.2, 19.6, 24.0, 28.4, 32.8),
    ),
    "standardized": (
        (0.37, 0.35, 0.17, 0.05, 0.02, 0.02, 0.02),
        (0.38, 0.39, 0.31, 0.21, 0.13, 0.09, 0.09),
        (0.39, 0.39, 0.37, 0.33, 0.27, 0.23, 0.23),
        (0.39, 0.39, 0.39, 0.37, 0.34, 0.33, 0.33),
        (0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4),
    ),
}
"""``c(l)`` of :func:`tail` for l = 2, 4, .. 14 by epoch from the fourth; the last row serves all later ones. Upper
bounds, two standard errors included, from 1,000,000 streams up to epoch 8, 160,000 up to 9 and 12,000 up to 11."""


def tail(evidence: float, epoch: int, statistic: Statistic) -> float:
    """Bound of ``P(L >= l somewhere in an epoch) <= c(l) e^-l`` on independent noise.

    ``c`` is linear between knots, constant before the first and proportional to ``l`` after the last. That of the
    standardised statistic doubles with every epoch: it has as many chances as the epoch has observations, while
    Pettitt's is scale-invariant. Measured, not proved.
    """
    rows = TAIL[statistic]
    knots = rows[min(epoch - FIRST_EPOCH, len(rows) - 1)]
    place = evidence / KNOT_STEP - 1.0
    if place <= 0.0:
        factor = knots[0]
    elif place >= float(len(knots) - 1):
        factor = knots[-1] * (evidence / (KNOT_STEP * float(len(knots))))
    else:
        left = int(place)
        factor = knots[left] + (knots[left + 1] - knots[left]) * (place - float(left))
    scale = 1.0 if statistic == "pettitt" else math.ldexp(1.0, epoch)
    return scale * factor * math.exp(-evidence)


def _anytime(evidence: float, count: int, statistic: Statistic) -> float:
    """P(any alarm in the segment, ever): epoch k = floor(log2 T) spends alpha / ((k-3)(k-2)), which sum to alpha."""
    epoch = count.bit_length() - 1
    if epoch < FIRST_EPOCH:
        return 1.0
    weight = 1.0 / float((epoch - 3) * (epoch - 2))
    return min(1.0, tail(evidence, epoch, statistic) / weight)


@cache
def least_evidence(alpha: float, count: int, statistic: Statistic, control: Control) -> float:
    """The smallest float64 ``L`` with ``p(L, T) <= alpha``; infinite where no evidence suffices."""

    def alarms(evidence: float) -> bool:
        return p_value(evidence, count, statistic, control) <= alpha

    low, high = 0.0, 2000.0
    if alarms(low):
        return low
    if not alarms(high):
        return math.inf
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return high
        low, high = (low, middle) if alarms(middle) else (middle, high)


def critical_value(alpha: float, count: int, control: Control = "pointwise") -> int:
    """The least integer ``K >= 1`` whose p-value at length ``T`` is at most ``alpha``; no change is K <= 0."""
    bound = least_evidence(alpha, 1 << (count.bit_length() - 1), "pettitt", control)
    if math.isinf(bound):
        return 2**62
    t = float(count)
    k = math.floor(math.sqrt(bound / 6.0 * (t * t * t + t * t)))
    while k > 1 and pettitt_evidence(k - 1, count) >= bound:
        k -= 1
    k = max(k, 1)
    while pettitt_evidence(k, count) < bound:
        k += 1
    return k


def autocorrelation(residuals: Sequence[float], fitted: int = LEVEL_PARAMETERS) -> float:
    """Lag-one autocorrelation ``r = sum e_i e_{i+1} / sum e_i^2``, made ``(T r + f) / (T - f - 2)``, in [0, .99].

    ``f`` is the number of fitted parameters: 4 for two levels and the split that was chosen because it looks best (with
    2, right for a split known beforehand, short stretches of a slow process alarm twice as often); 6 once a line was
    removed.

    Residuals are scaled by the largest first, so that huge values neither overflow nor vanish. Constant residuals
    give 0; so do fewer than ``f + 3``.
    """
    count = len(residuals)
    largest = max(map(abs, residuals), default=0.0)
    if count <= fitted + 2 or largest == 0.0 or math.isinf(largest):
        return 0.0
    scaled = [residual / largest for residual in residuals]
    square = product = 0.0
    for residual in scaled:
        square += residual * residual
    for left, right in itertools.pairwise(scaled):
        product += left * right
    corrected = (float(count) * (product / square) + float(fitted)) / (float(count) - float(fitted + 2))
    return min(max(corrected, 0.0), 0.99)


def discount(evidence: float, r: float) -> float:
    """Evidence that is left under AR(1) noise: ``L (1 - r) / (1 + r)``."""
    return evidence * (1.0 - r) / (1.0 + r)
