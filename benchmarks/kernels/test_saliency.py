"""Where to cut: attention and entropy on a 2560x1600 picture, against libvips' smartcrop, which also cuts."""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import compare
from benchmarks.peers.client import Operation, Peer
from benchmarks.peers.our_kernels import saliency_call
from pixelshift import _native

pytestmark = pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("strategy", ["attention", "entropy"])
def test_saliency(
    benchmark: BenchmarkFixture, peers: dict[str, Peer], pictures: dict[str, Path], strategy: str, mode: str
) -> None:
    benchmark.group = "smart crop, 800x800 of 2560x1600"
    picture = pictures[mode]
    arguments = (("picture", str(picture)), ("strategy", strategy), ("width", 800), ("height", 800))
    ours = saliency_call(picture, strategy, 800, 800)
    compare(benchmark, f"{strategy} {mode}", ours, Operation("saliency", arguments), peers, rounds=5)
