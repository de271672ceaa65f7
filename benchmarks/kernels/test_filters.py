"""The filters on arrays in memory: ours against the same filter of every competitor that has it.

Where a competitor has no such filter but one of that name (greyscale on encoded levels, a Gaussian out of box blurs),
it is the nearest it offers, and its worker says so.
"""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import compare
from benchmarks.peers.client import Operation, Peer
from benchmarks.peers.our_kernels import FILTERS, ROTATION, filter_call
from pixelshift import _native

pytestmark = pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [*FILTERS, ROTATION])
def test_filter(benchmark: BenchmarkFixture, peers: dict[str, Peer], pictures: dict[str, Path], name: str) -> None:
    benchmark.group = "filters, RGB 2560x1600"
    picture = pictures["RGB"]
    work = Operation("filter", (("picture", str(picture)), ("name", name)))
    compare(benchmark, name, filter_call(picture, name), work, peers, rounds=5)
