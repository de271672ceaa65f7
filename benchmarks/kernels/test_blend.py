"""Laying one picture on another, both 2560x1600, in memory: ours against libvips and, where it can, Pillow."""

from itertools import product
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import compare
from benchmarks.peers.client import Operation, Peer
from benchmarks.peers.our_kernels import blend_call
from pixelshift import _native

CASES = [("RGB", "watermark"), *product(["RGBA"], ["over", "multiply", "screen", "soft-light", "dest-in"])]

pytestmark = pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("base", "mode"), CASES)
def test_blend(
    benchmark: BenchmarkFixture, peers: dict[str, Peer], pictures: dict[str, Path], base: str, mode: str
) -> None:
    benchmark.group = "blend, RGBA on all of a 2560x1600 picture"
    below, above = pictures[base], pictures["RGBA"]
    work = Operation("blend", (("base", str(below)), ("overlay", str(above)), ("mode", mode)))
    compare(benchmark, f"{mode} on {base}", blend_call(below, above, mode), work, peers, rounds=5)
