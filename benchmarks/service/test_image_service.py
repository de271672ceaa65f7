"""The image service against node http with sharp: CPU time of the server's processes per request, by real HTTP.

Requests come over kept-alive connections on loopback, a fixed number of them. The client's own time does not count.
"""

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import Rounds, summary
from benchmarks.peers.client import ROOT

# Renders come one after the other: simultaneous ones of one picture would be one render.
RENDERS, HITS, ROUNDS = 24, 4_000, 5
EDIT = "/photo.jpg?width=800&height=600&fit=fill"
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


class Server:
    """A running process and its children."""

    def __init__(self, pid: int, port: int) -> None:
        self._pid = pid
        self._port = port

    def cpu_ms(self) -> float:
        """What the processes have used so far."""
        return sum(_ticks(pid) for pid in (self._pid, *_children(self._pid))) * TICK_MS

    def _ask(self, path: str, count: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        for _ in range(count):
            connection.request("GET", path, headers={"Accept": "image/*"})
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body[:200]
            assert len(body) > 10_000
        connection.close()

    def measure(self, path: str, count: int, connections: int = 1) -> float:
        """CPU milliseconds per request."""
        before = self.cpu_ms()
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(lambda _: self._ask(path, count // connections), range(connections)))
        return (self.cpu_ms() - before) / count


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


@contextmanager
def ours(folder: Path, **variables: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "pixelshift", "serve", "--folder", str(folder), "--port", "0", "--workers", "2"]
    environment = os.environ | {"TERM": "dumb", "COLUMNS": "300"} | variables
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        try:
            port = next(int(found[1]) for line in process.stderr if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
            yield Server(process.pid, port)
        finally:
            process.terminate()


@contextmanager
def node(original: Path) -> Iterator[Server]:
    peer = ROOT / ".peers" / "sharp"
    command = [str(peer / "bin" / "node"), str(Path(__file__).with_name("sharp_server.mjs")), str(peer), str(original)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process.pid, int(process.stdout.readline()))
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, files: Callable[[str], Path]) -> Path:
    made = tmp_path_factory.mktemp("originals")
    (made / "photo.jpg").write_bytes(files("photo-12mp.jpg").read_bytes())
    return made


def _compare(
    benchmark: BenchmarkFixture,
    mine: Server,
    theirs: Server,
    paths: tuple[str, str],
    count: int,
    *,
    limit: float,
    connections: int = 1,
) -> None:
    benchmark.group = "service: CPU per request"
    mine.measure(paths[0], 1)
    theirs.measure(paths[1], 1)
    record = Rounds()
    spent: list[float] = []
    benchmark.pedantic(
        lambda: spent.append(mine.measure(paths[0], count, connections)),
        setup=lambda: record.ms.append(theirs.measure(paths[1], count, connections)),
        rounds=ROUNDS,
    )
    result = summary(spent, record)
    benchmark.extra_info.update(
        ours_ms=round(sorted(spent)[ROUNDS // 2], 3), others={"sharp": result}, versions={}, limits={"sharp": limit}
    )


@pytest.mark.timeout(600)
def test_a_picture_that_is_not_cached(benchmark: BenchmarkFixture, folder: Path) -> None:
    with ours(folder, PIXELSHIFT_CACHE_MEMORY_BYTES="0") as mine, node(folder / "photo.jpg") as theirs:
        benchmark.extra_info["case"] = "12 MP to 800, not cached"
        _compare(benchmark, mine, theirs, (EDIT, "/edit"), RENDERS, limit=0.65)


@pytest.mark.timeout(600)
def test_a_picture_that_is_cached(benchmark: BenchmarkFixture, folder: Path) -> None:
    with ours(folder) as mine, node(folder / "photo.jpg") as theirs:
        benchmark.extra_info["case"] = "cached"
        _compare(benchmark, mine, theirs, (EDIT, "/bytes"), HITS, limit=1.0, connections=4)
