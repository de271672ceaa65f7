"""What libwebp's effort costs and gives on several photographs: the numbers behind our default (docs/design/codecs.md).

Run: python -m benchmarks.operations.webp_effort

Each photograph is reduced to 800 pixels and written at each effort. SSIMULACRA2 compares with the reduced original.
Bytes are compared at equal score: between two qualities the logarithm of the size is taken as linear in the score.
"""

import statistics
import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.pictures import grained, scaled
from benchmarks.score import bytes_at, scorer
from pixelshift._native import _engine

PHOTOGRAPHS = ("mountains.jpg", "dogs.jpg", "fig.jpg", "dandelions.jpg")
EFFORTS = range(7)
QUALITIES = (72, 80, 88)
ROUNDS = 5
BASE = 4


def times(pixels: NDArray[np.uint8]) -> dict[int, float]:
    """CPU milliseconds at quality 80, efforts interleaved."""
    taken: dict[int, list[float]] = {effort: [] for effort in EFFORTS}
    for _ in range(ROUNDS):
        for effort, record in taken.items():
            start = time.process_time()
            _engine.encode(pixels, sink="webp", options={"effort": effort})
            record.append((time.process_time() - start) * 1e3)
    return {effort: min(record) for effort, record in taken.items()}


def main() -> None:
    cost: dict[int, list[float]] = {effort: [] for effort in EFFORTS}
    size: dict[int, list[float]] = {effort: [] for effort in EFFORTS}
    with scorer() as by:
        for photograph in PHOTOGRAPHS:
            picture = grained(scaled(photograph, (800, 600)), 2.0)
            original = by.original(picture)
            pixels = np.asarray(picture)
            points: dict[int, list[tuple[float, int]]] = {effort: [] for effort in EFFORTS}
            for effort in EFFORTS:
                for quality in QUALITIES:
                    body = _engine.encode(pixels, sink="webp", options={"effort": effort, "quality": quality})
                    points[effort].append((by.score(original, body), len(body)))
            taken = times(pixels)
            wanted, base = points[BASE][1]
            for effort in EFFORTS:
                cost[effort].append(taken[effort] / taken[BASE])
                size[effort].append(bytes_at(wanted, points[effort]) / base)
                print(photograph, effort, f"time {cost[effort][-1]:.2f}", f"bytes {size[effort][-1]:.3f}", flush=True)
    for effort in EFFORTS:
        print(f"effort {effort}: time x{statistics.median(cost[effort]):.2f}", end=", ")
        print(f"bytes at equal score x{statistics.mean(size[effort]):.3f} (worst x{max(size[effort]):.3f})")


if __name__ == "__main__":
    main()
