"""One long stream without a change, and what an observation costs each detector.

Per round every detector runs once, one after the other, so that what else the machine does hits all alike; times are
CPU times of the process, a ratio is the median of the rounds' own ratios. Each library is called the way its manual
calls it: ours takes the block, river one Python float at a time, ruptures a finished series. What would take minutes
is measured on a part of the work and scaled to an observation:

* NumPy's and numba's recursion at ten lengths spread over the stream (their cost is linear in the length);
* KSWIN on the first 2,000 observations (its cost is flat);
* ruptures' Pelt on 1,000 (offline, so it would have to start again at every observation; one run is counted).
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import record_figure
from pixelshift import _native
from pixelshift.changepoint import Detector
from pixelshift.changepoint.detector import native_core
from pixelshift.changepoint.parameters import Parameters

Values = NDArray[np.float64]
LENGTH = 100_000
ROUNDS = 7
# At most this share of the competitor's time per observation.
LIMITS = {"river ADWIN": 1.5, "our O(T) pass, AVX2": 1 / 60, "NumPy recursion": 1 / 1000}

pytestmark = [
    pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest"),
    # river imports what pandas announces to drop.
    pytest.mark.filterwarnings("default"),
]


def null_stream(length: int) -> Values:
    return np.random.default_rng(20_260_101).normal(size=length)


def per_observation_us(run: Callable[[], object], observations: int) -> float:
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1e6 / observations


def ours(values: Values, threshold: float = 0.0) -> float:
    detector = Detector(threshold=threshold)
    return per_observation_us(lambda: detector.extend(values), len(values))


def our_plain_pass(values: Values) -> float:
    core = native_core(Parameters(startup=LENGTH + 1), plain=True)
    return per_observation_us(lambda: core.extend(values), len(values))


def river(name: str, observations: int) -> Callable[[Values], float]:
    import river.drift

    def run(values: Values) -> float:
        detector, floats = getattr(river.drift, name)(), values[:observations].tolist()

        def update_all() -> None:
            for value in floats:
                detector.update(value)

        return per_observation_us(update_all, observations)

    return run


def numpy_step(values: Values, sums: NDArray[np.int64], value: float) -> None:
    sums += np.cumsum(np.sign(value - values)).astype(np.int64)
    np.abs(sums).max()


def at_ten_lengths(step: Callable[[Values, NDArray[np.int64], float], object]) -> Callable[[Values], float]:
    def run(values: Values) -> float:
        spent = []
        for length in range(LENGTH // 20, LENGTH, LENGTH // 10):
            sums = np.zeros(length, np.int64)
            held, fresh = values[:length], values[-5:]

            def push_all(held: Values = held, sums: NDArray[np.int64] = sums, fresh: Values = fresh) -> None:
                for value in fresh:
                    step(held, sums, value)

            spent.append(per_observation_us(push_all, len(fresh)))
        return statistics.mean(spent)

    return run


def numba_step() -> Callable[[Values, NDArray[np.int64], float], object]:
    import numba

    @numba.njit(cache=False)
    def step(values: Values, sums: NDArray[np.int64], value: float) -> int:
        prefix = highest = 0
        for i in range(values.size):
            prefix += int(values[i] < value) - int(values[i] > value)
            sums[i] += prefix
            highest = max(highest, abs(sums[i]))
        return highest

    step(np.zeros(3), np.zeros(3, np.int64), 1.0)
    compiled: Callable[[Values, NDArray[np.int64], float], object] = step
    return compiled


def pelt(values: Values) -> float:
    import ruptures

    part = values[:1_000]
    return per_observation_us(lambda: ruptures.Pelt("l2").fit(part).predict(pen=3 * np.log(len(part))), len(part))


def competitors() -> dict[str, tuple[Callable[[Values], float], int]]:
    """Name -> one measurement in us per observation, and how many rounds of it tell enough."""
    return {
        "river ADWIN": (river("ADWIN", LENGTH), ROUNDS),
        "river PageHinkley": (river("PageHinkley", LENGTH), 3),
        "river KSWIN": (river("KSWIN", 2_000), 1),
        "our O(T) pass, AVX2": (our_plain_pass, 2),
        "numba recursion": (at_ten_lengths(numba_step()), 3),
        "NumPy recursion": (at_ten_lengths(numpy_step), 3),
        "ruptures Pelt": (pelt, 1),
    }


def versions() -> dict[str, str]:
    import numba
    import river as river_package
    import ruptures.version

    return {
        "river": river_package.__version__,
        "ruptures": ruptures.version.version,
        "NumPy": np.__version__,
        "numba": numba.__version__,
    }


@pytest.mark.timeout(600)
def test_observation_costs_what_adwin_takes(benchmark: BenchmarkFixture) -> None:
    values = null_stream(LENGTH)
    runs = competitors()
    theirs: dict[str, list[float]] = {name: [] for name in runs}
    mine: list[float] = []

    def run_others() -> None:
        for name, (measure, rounds) in runs.items():
            if len(theirs[name]) < rounds:
                theirs[name].append(measure(values))

    benchmark.group = f"change points: a stream of {LENGTH:,} observations, per 1,000"
    ours(values)
    benchmark.pedantic(lambda: mine.append(ours(values)), setup=run_others, rounds=ROUNDS)
    benchmark.extra_info.update(
        case="threshold 0",
        ours_ms=round(statistics.median(mine), 4),
        others={
            name: {
                "median_ms": round(statistics.median(times), 4),
                "ratio": round(statistics.median(m / t for m, t in zip(mine, times, strict=False)), 6),
            }
            for name, times in theirs.items()
        },
        versions=versions(),
        limits=LIMITS,
    )


@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_cost_grows_little_with_the_length(benchmark: BenchmarkFixture, threshold: float) -> None:
    streams = {length: null_stream(length) for length in (10_000, 100_000, 1_000_000)}
    spent = {length: min(ours(values, threshold) for _ in range(3)) for length, values in streams.items()}
    benchmark.group = "change points: per 1,000 observations by length"
    benchmark.pedantic(lambda: ours(streams[10_000], threshold), rounds=3)
    growth = {length: took / spent[10_000] for length, took in spent.items()}
    record_figure(
        benchmark,
        f"an observation at threshold {threshold:g}, a million of them over 10,000",
        growth[1_000_000],
        "times",
        limit=5.0,
        others={"100,000 of them": growth[100_000]},
    )
