"""Resampling alone, on arrays in memory: our kernels on each level against the competitors.

Results are written into memory that was touched before, ours and (by its block cache) Pillow's.
"""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import compare
from benchmarks.peers.client import Peer, Resample
from pixelshift import _native
from pixelshift._native import _exact, _resample

SIZES = [(320, 200), (2048, 1280), (5478, 3424), (256, 128), (853, 533)]
KERNELS = ["linear", "cubic", "lanczos3"]
LIMITS = {
    "RGB": {"pillow-simd-avx2": 0.45},
    "RGBA": {"pillow-simd-avx2": 0.50, "pyvips": 0.12},
}
EXACT_LIMITS = {"pillow-simd-avx2": 1.10}


@dataclass(frozen=True)
class Case:
    mode: str
    size: tuple[int, int]
    kernel: str

    def __str__(self) -> str:
        return f"{self.mode}-{self.size[0]}x{self.size[1]}-{self.kernel}"


CASES = [Case(*case) for case in product(LIMITS, SIZES, KERNELS)]

pytestmark = pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_resample(benchmark: BenchmarkFixture, peers: dict[str, Peer], pictures: dict[str, Path], case: Case) -> None:
    source = np.load(pictures[case.mode])
    target = np.zeros((case.size[1], case.size[0], source.shape[2]), np.uint8)
    benchmark.group = f"resample {case.mode} 2560x1600"
    compare(
        benchmark,
        f"{case.size[0]}x{case.size[1]} {case.kernel}",
        lambda: _resample.resize(target, source, kernel=case.kernel),
        Resample(pictures[case.mode], case.size, case.kernel),
        peers,
        in_process={"ours-scalar": lambda: _resample.resize(target, source, kernel=case.kernel, cpu="scalar")},
        limits=LIMITS[case.mode],
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", [case for case in CASES if case.mode == "RGB"], ids=str)
def test_pillows_bytes(
    benchmark: BenchmarkFixture, peers: dict[str, Peer], pictures: dict[str, Path], case: Case
) -> None:
    source = np.load(pictures[case.mode])
    target = np.zeros((case.size[1], case.size[0], source.shape[2]), np.uint8)
    benchmark.group = f"resample {case.mode} 2560x1600 to Pillow's bytes"
    compare(
        benchmark,
        f"{case.size[0]}x{case.size[1]} {case.kernel}",
        lambda: _exact.resize(target, source, kernel=case.kernel),
        Resample(pictures[case.mode], case.size, case.kernel),
        peers,
        in_process={"ours-scalar": lambda: _exact.resize(target, source, kernel=case.kernel, cpu="scalar")},
        limits=EXACT_LIMITS,
    )
