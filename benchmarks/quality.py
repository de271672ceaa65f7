"""What the results of the speed cases look like: SSIMULACRA2 of ours and of every competitor on several photographs.

    python -m benchmarks.quality

Each photograph is made small by a Lanczos filter in floating point before any codec has seen it: that is the original.
Its JPEG (quality 85) goes through the same work as in operations/test_edits.py at quality 80, each library with its own
way of shrinking on load. Higher is better; sizes over ours stand behind the scores. The last column compares sizes as
they should be: ours over sharp's, ours being brought to sharp's score. Exit status: 0 if every limit at
the end was met.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peers.client import Edit, Peer
from benchmarks.peers.ours import edit_call
from benchmarks.pictures import grained, jpeg, scaled
from benchmarks.score import Scorer, bytes_at, scorer
from benchmarks.table import NAMES
from benchmarks.verdict import Verdict

PHOTOGRAPHS = ("mountains", "dogs", "fig", "dandelions")
PEERS = ("sharp", "pyvips", "pillow", "pillow-simd-avx2", "opencv")
QUALITIES = (74, 80, 86)


@dataclass(frozen=True)
class Row:
    """Work of a limit, by its number of pixels."""

    name: str
    source: tuple[int, int]
    size: tuple[int, int]
    format: str


ROWS = (
    Row("12 MP to 800", (4000, 3000), (800, 600), "jpeg"),
    Row("2 MP to 400", (1600, 1250), (400, 312), "jpeg"),
    Row("2.5 MP to 512", (1920, 1280), (512, 341), "jpeg"),
    Row("12 MP to 800", (4000, 3000), (800, 600), "webp"),
)


@dataclass(frozen=True)
class Result:
    photograph: str
    row: Row
    scores: dict[str, tuple[float, int]]
    """Engine -> (score, bytes)."""
    bytes_over_sharp: float
    """At sharp's score."""


def reduced(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """By a Lanczos filter on floating point, a channel at a time."""
    channels = []
    for channel in picture.split():
        real = Image.fromarray(np.asarray(channel).astype(np.float32))
        made = np.asarray(real.resize(size, Image.Resampling.LANCZOS))
        channels.append(Image.fromarray(np.clip(made + 0.5, 0, 255).astype(np.uint8)))
    return Image.merge("RGB", channels)


def measure(photograph: str, row: Row, peers: dict[str, Peer], by: Scorer, folder: Path) -> Result:
    """One photograph through one row, by everybody."""
    picture = grained(scaled(f"{photograph}.jpg", row.source))
    original = by.original(reduced(picture, row.size))
    # Workers know work that is not new by its arguments, so each picture has a name of its own.
    source, result = folder / f"{photograph}-{row.source[0]}.jpg", folder / "result"
    source.write_bytes(jpeg(picture))
    work = Edit(source, row.size, format=row.format)

    def scored(body: bytes) -> tuple[float, int]:
        return by.score(original, body), len(body)

    ours = {quality: scored(edit_call(replace(work, quality=quality))()) for quality in QUALITIES}
    scores = {"ours": ours[80]}
    for name, peer in peers.items():
        if peer.measure(work, save=result) is not None:
            scores[name] = scored(result.read_bytes())
    wanted, size = scores["sharp"]
    return Result(photograph, row, scores, bytes_at(wanted, list(ours.values())) / size)


def table(results: Sequence[Result]) -> str:
    """As Markdown."""
    headings = ["work", "photograph", "ours", *(NAMES[name] for name in PEERS), "bytes at sharp's score"]
    lines = [f"| {' | '.join(headings)} |", "|" + "---|" * len(headings)]
    for result in results:
        own_score, own_bytes = result.scores["ours"]
        cells = [f"{result.row.name} {result.row.format}", result.photograph, f"{own_score:.2f}"]
        for name in PEERS:
            score, size = result.scores[name]
            cells.append(f"{score:.2f} ({size / own_bytes:.2f})")
        lines.append(f"| {' | '.join(cells)} | {result.bytes_over_sharp:.2f} |")
    return "\n".join(lines)


def judged(results: Sequence[Result]) -> Iterator[Verdict]:
    """How far a JPEG may fall below sharp's score (not at all), and what a WebP may weigh more at its score."""
    for result in results:
        if result.row.format == "jpeg":
            below = result.scores["sharp"][0] - result.scores["ours"][0]
            yield Verdict(result.row.name, result.photograph, "points below sharp", below, 0.0)
    weights = [result.bytes_over_sharp for result in results if result.row.format == "webp"]
    yield Verdict("12 MP to 800 webp", "on average", "bytes over sharp", statistics.mean(weights), 1.03)


def main(progress: Callable[[str], None]) -> int:
    peers = {name: Peer(name) for name in PEERS}
    results = []
    with scorer() as by, tempfile.TemporaryDirectory() as name:
        for row in ROWS:
            for photograph in PHOTOGRAPHS:
                results.append(measure(photograph, row, peers, by, Path(name)))
                progress(f"{row.name} {row.format} {photograph}")
    print(table(results))
    found = list(judged(results))
    print("", *found, sep="\n")
    print(", ".join(f"{NAMES[name]} {peer.version}" for name, peer in peers.items()))
    for peer in peers.values():
        peer.close()
    return int(not all(verdict.met for verdict in found))


if __name__ == "__main__":
    sys.exit(main(lambda done: print(done, file=sys.stderr, flush=True)))
