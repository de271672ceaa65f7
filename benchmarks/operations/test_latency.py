"""What one edit takes while another Python thread is busy, over what it takes alone: wall time, ours and Pillow's.

A library that takes the GIL back on its way waits up to a switch interval (5 ms) each time.
"""

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import record_figure
from benchmarks.peers.client import Edit
from benchmarks.peers.ours import edit_call

ROUNDS = 25
LIMIT = 1.2
PYTHONS_OWN_MS = 5
"""The switch interval unless a process sets another."""
LONG_S = 1.0
"""A switch interval beside which nothing else counts."""


@contextmanager
def busy_thread() -> Iterator[None]:
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wall_ms(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def beside_ms(run: Callable[[], object]) -> float:
    with busy_thread():
        return wall_ms(run)


def pillow_call(source: bytes) -> Callable[[], object]:
    def run() -> bytes:
        image = Image.open(io.BytesIO(source))
        image.draft(None, (1600, 1200))
        body = io.BytesIO()
        image.resize((800, 600), Image.Resampling.LANCZOS).save(body, "jpeg", quality=80)
        return body.getvalue()

    return run


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@pytest.mark.parametrize("interval_ms", [PYTHONS_OWN_MS, 1])
@pytest.mark.timeout(300)
def test_a_busy_thread_hardly_slows_an_edit(
    benchmark: BenchmarkFixture, files: Callable[[str], Path], interval_ms: int
) -> None:
    """By Python's own interval, which has the limit, and by one that a process that cares may choose."""
    path = files("photo-12mp.jpg")
    runs = {"ours": edit_call(Edit(path, (800, 600))), "Pillow": pillow_call(path.read_bytes())}
    alone: dict[str, list[float]] = {name: [] for name in runs}
    beside: dict[str, list[float]] = {name: [] for name in runs}

    def others() -> None:
        for name, run in runs.items():
            alone[name].append(wall_ms(run))
        beside["Pillow"].append(beside_ms(runs["Pillow"]))

    runs["ours"]()
    benchmark.group = "latency beside a busy thread"
    with switch_interval(interval_ms / 1e3):
        benchmark.pedantic(lambda: beside["ours"].append(beside_ms(runs["ours"])), setup=others, rounds=ROUNDS)
    # The shortest of the rounds: what else the machine does only ever adds.
    slowdown = {name: min(beside[name]) / min(alone[name]) for name in runs}
    record_figure(
        benchmark,
        f"12 MP to 800 beside a busy Python thread, switch interval {interval_ms} ms",
        slowdown["ours"],
        "times alone",
        limit=LIMIT if interval_ms == PYTHONS_OWN_MS else None,
        others={"Pillow": slowdown["Pillow"]},
    )


@pytest.mark.timeout(300)
def test_an_edit_waits_for_the_gil_once(benchmark: BenchmarkFixture, files: Callable[[str], Path]) -> None:
    """One wait is the least that a call without the GIL can do: its answer is a Python object."""
    run = edit_call(Edit(files("photo-12mp.jpg"), (800, 600)))
    run()
    alone_ms = min(wall_ms(run) for _ in range(5))
    beside: list[float] = []
    benchmark.group = "latency beside a busy thread"
    with switch_interval(LONG_S):
        benchmark.pedantic(lambda: beside.append(beside_ms(run)), rounds=3)
    waits = (min(beside) - alone_ms) / (LONG_S * 1e3)
    benchmark.extra_info.update(waits=round(waits, 2), alone_ms=round(alone_ms, 1))
    assert round(waits) == 1
