"""Resampling alone, on arrays in memory: our kernels on each level against the competitors.

Per round every engine runs once, one after the other, so that what else the machine does hits all alike; times are
CPU times of the process; a ratio is the median of the rounds' own ratios. Results are written into memory that was
touched before, ours and (by its block cache) Pillow's.
"""

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.peers.client import Peer, Work
from pixelshift import _native
from pixelshift._native import _resample

SIZES = [(320, 200), (2048, 1280), (5478, 3424), (256, 128), (853, 533)]
KERNELS = ["linear", "cubic", "lanczos3"]
ROUNDS = 9
# These take a second and more where ours takes milliseconds: fewer rounds tell enough.
SLOW = {"ours-scalar", "pillow", "pyvips"}
SLOW_ROUNDS = 3
LIMITS = {"RGB": 0.60, "RGBA": 0.60}


@dataclass(frozen=True)
class Case:
    mode: str
    size: tuple[int, int]
    kernel: str

    def __str__(self) -> str:
        return f"{self.mode}-{self.size[0]}x{self.size[1]}-{self.kernel}"


CASES = [Case(*case) for case in product(LIMITS, SIZES, KERNELS)]

pytestmark = pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest")


def timed(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1e3


def summary(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Their median in ms, and ours over theirs, round by round."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=False)]
    return {"median_ms": round(statistics.median(theirs), 3), "ratio": round(statistics.median(ratios), 3)}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_resample(benchmark: BenchmarkFixture, peers: dict[str, Peer], pictures: dict[str, Path], case: Case) -> None:
    source = np.load(pictures[case.mode])
    target = np.zeros((case.size[1], case.size[0], source.shape[2]), np.uint8)
    work = Work(pictures[case.mode], case.size, case.kernel)
    others: dict[str, list[float]] = {name: [] for name in ("ours-scalar", *peers)}

    def run_others() -> None:
        for name, times in others.items():
            if name in SLOW and len(times) >= SLOW_ROUNDS:
                continue
            if name == "ours-scalar":
                times.append(timed(lambda: _resample.resize(target, source, kernel=case.kernel, cpu="scalar")))
            else:
                times.append(peers[name].measure(work))

    ours: list[float] = []
    benchmark.group = f"resample {case.mode} 2560x1600"
    _resample.resize(target, source, kernel=case.kernel)
    benchmark.pedantic(
        lambda: ours.append(timed(lambda: _resample.resize(target, source, kernel=case.kernel))),
        setup=run_others,
        rounds=ROUNDS,
    )
    benchmark.extra_info.update(
        case=f"{case.size[0]}x{case.size[1]} {case.kernel}",
        ours_ms=round(statistics.median(ours), 3),
        others={name: summary(ours, times) for name, times in others.items()},
        versions={name: peer.version for name, peer in peers.items()},
        cpu=platform.processor() or platform.machine(),
    )
    assert benchmark.extra_info["others"]["pillow-simd-avx2"]["ratio"] <= LIMITS[case.mode]
