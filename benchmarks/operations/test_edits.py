"""Whole edits, from an encoded file to an encoded file in memory: what an image service does all day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import compare
from benchmarks.peers.client import Edit, Peer
from benchmarks.peers.ours import edit_call
from pixelshift import _native

SIMD = "pillow-simd-avx2"
KERNELS = ("linear", "cubic", "lanczos3")


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    source: str
    size: tuple[int, int]
    limits: Mapping[str, float] = field(default_factory=dict)
    """Competitor -> our time over theirs, at most."""
    bytes_limits: Mapping[str, float] = field(default_factory=dict)
    """Competitor -> our result's bytes over theirs, at most."""
    kernel: str = "lanczos3"
    format: str = "jpeg"
    quality: int | None = 80
    shrink: bool = True
    crop: tuple[int, int, int, int] | None = None
    sharpen: float | None = None
    mark: str | None = None

    def __str__(self) -> str:
        return f"{self.group}-{self.name}".replace(" ", "-")

    def work(self, files: Callable[[str], Path]) -> Edit:
        return Edit(
            files(self.source),
            self.size,
            kernel=self.kernel,
            format=self.format,
            quality=self.quality,
            shrink=self.shrink,
            crop=self.crop,
            sharpen=self.sharpen,
            watermark=None if self.mark is None else (files(self.mark), 24, 24),
        )


PILLOW = {"linear": 0.30, "cubic": 0.25, "lanczos3": 0.20}
SEED = [
    Case(
        "seed",
        f"4 MP to 256x128 {kernel}",
        "photo-4mp.jpg",
        (256, 128),
        {SIMD: 0.50, "pillow": PILLOW[kernel], "sharp": 0.65},
        kernel=kernel,
        shrink=False,
    )
    for kernel in KERNELS
]
JPEG = [
    Case("jpeg", "12 MP to 800", "photo-12mp.jpg", (800, 600), {SIMD: 0.55, "sharp": 0.50}),
    Case("jpeg", "4 MP to 256x128", "photo-4mp.jpg", (256, 128), {"sharp": 0.65}),
    Case("jpeg", "2 MP to 400", "photo-2mp.jpg", (400, 312), {"sharp": 0.42}),
    Case("jpeg", "2.5 MP to 512", "photo-2.5mp.jpg", (512, 341), {"sharp": 0.42}),
    Case("jpeg", "progressive 12 MP to 800", "photo-12mp-progressive.jpg", (800, 600)),
    Case("jpeg", "progressive 2 MP to 400", "photo-2mp-progressive.jpg", (400, 312)),
    Case("jpeg", "odd 1 MP to 611x401", "photo-odd.jpg", (611, 401)),
    Case("jpeg", "noise 2 MP to 400", "noise-2mp.jpg", (400, 312)),
    Case("jpeg", "screenshot 2 MP to 400", "screenshot-2mp.jpg", (400, 312)),
]
OTHERS = [
    Case(
        "png",
        "2 MP RGBA to 400",
        "photo-2mp-alpha.png",
        (400, 312),
        {"sharp": 0.40},
        {"sharp": 0.80},
        format="png",
        quality=None,
    ),
    Case("png", "odd 1 MP to 611x401", "photo-odd-alpha.png", (611, 401), format="png", quality=None),
    Case("png", "logo with alpha to 501x125", "logo-large.png", (501, 125), format="png", quality=None),
    Case("png", "screenshot 2 MP to 400", "screenshot-2mp.png", (400, 312), format="png", quality=None),
    # Bytes at equal quality: benchmarks.quality.
    Case("webp", "12 MP to 800", "photo-12mp.jpg", (800, 600), {"sharp": 0.55}, format="webp"),
    Case("webp", "2 MP to 400", "photo-2mp.jpg", (400, 312), format="webp"),
    Case("webp", "odd 1 MP to 611x401", "photo-odd.jpg", (611, 401), format="webp"),
    Case("webp", "screenshot 2 MP to 400", "screenshot-2mp.png", (400, 312), format="webp"),
    Case(
        "watermark", "2.5 MP to 800", "photo-2.5mp.jpg", (800, 533), {SIMD: 0.50, "sharp": 0.25}, mark="logo-small.png"
    ),
    Case("watermark", "odd 1 MP to 611x401", "photo-odd.jpg", (611, 401), mark="logo-small.png"),
    Case(
        "crop",
        "1280 of 4 MP to 600, sharpened",
        "photo-4mp.jpg",
        (600, 600),
        {SIMD: 0.45, "sharp": 0.25},
        crop=(640, 160, 1920, 1440),
        sharpen=1.0,
    ),
    Case("crop", "777x555 of 4 MP to 333x238", "photo-4mp.jpg", (333, 238), crop=(641, 163, 1418, 718)),
]

pytestmark = pytest.mark.skipif(_native.CPU_LEVEL != "avx2", reason="compares AVX2 with the rest")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", SEED + JPEG + OTHERS, ids=str)
def test_edit(benchmark: BenchmarkFixture, peers: dict[str, Peer], files: Callable[[str], Path], case: Case) -> None:
    work = case.work(files)
    benchmark.group = f"{case.group}: whole edits"
    compare(benchmark, case.name, edit_call(work), work, peers, limits=case.limits, bytes_limits=case.bytes_limits)
