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


@pytest.mark.timeout(300)
def test_a_busy_thread_hardly_slows_an_edit(benchmark: BenchmarkFixture, files: Callable[[str], Path]) -> None:
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
    benchmark.pedantic(lambda: beside["ours"].append(beside_ms(runs["ours"])), setup=others, rounds=ROUNDS)
    # The shortest of the rounds: what else the machine does only ever adds.
    slowdown = {name: min(beside[name]) / min(alone[name]) for name in runs}
    record_figure(
        benchmark,
        "12 MP to 800 beside a busy Python thread",
        slowdown["ours"],
        "times alone",
        limit=LIMIT,
        others={"Pillow": slowdown["Pillow"]},
    )


@pytest.mark.timeout(300)
def test_an_edit_waits_for_the_gil_once(benchmark: BenchmarkFixture, files: Callable[[str], Path]) -> None:
    """One wait is the least that a call without the GIL can do: its answer is a Python object."""
    run = edit_call(Edit(files("photo-12mp.jpg"), (800, 600)))
    run()
    alone_ms = min(wall_ms(run) for _ in range(5))
    usual_s = sys.getswitchinterval()
    beside: list[float] = []
    sys.setswitchinterval(LONG_S)
    try:
        benchmark.group = "latency beside a busy thread"
        benchmark.pedantic(lambda: beside.append(beside_ms(run)), rounds=3)
    finally:
        sys.setswitchinterval(usual_s)
    waits = (min(beside) - alone_ms) / (LONG_S * 1e3)
    benchmark.extra_info.update(waits=round(waits, 2), alone_ms=round(alone_ms, 1))
    assert round(waits) == 1
