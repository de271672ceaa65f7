"""How many series and points the series service takes, what a series costs in memory, how it comes back from kill -9.

    python -m benchmarks.service.series_scale [--series 10000] [--points 1000] [--batch 100]

Starts `pixelshift serve-series` as a process of its own on a new store that waits for the disk, and posts to it over
loopback with keep-alive, each request a batch of one series, series in turn: every series is touched again only after
all others, as metrics collectors do it. Client and server share the machine; the client's share is told. A tenth of the
series has a shift of three standard deviations in the middle, the rest is noise. At the end the store is compared with
what was sent. Prints one JSON object.
"""

import argparse
import http.client
import json
import os
import platform
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.series_process import SeriesProcess

from pixelshift import _native
from pixelshift.changepoint import detect

NOISE = 1 << 16
CHECKED = 40


def values(number: int, points: int, noise: list[float]) -> list[float]:
    """The series of this number: a stretch of shared noise, shifted in the middle for every tenth."""
    start = number * 7_919 % (NOISE - points)
    stretch = noise[start : start + points]
    if number % 10:
        return stretch
    return [round(x + (3.0 if i >= points // 2 else 0.0), 6) for i, x in enumerate(stretch)]


class Sender(threading.Thread):
    """Posts its share of the series, batch by batch, and keeps the times that answers took."""

    def __init__(self, port: int, numbers: range, batches: list[list[bytes]]) -> None:
        super().__init__()
        self._port, self._numbers, self._batches = port, numbers, batches
        self.seconds: list[float] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        for column in range(len(self._batches[0])):
            for place, number in enumerate(self._numbers):
                begun = time.perf_counter()
                headers = {"Content-Type": "application/json"}
                connection.request("POST", f"/series/s{number:05}/points", self._batches[place][column], headers)
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, body
                self.seconds.append(time.perf_counter() - begun)
        connection.close()


def send(port: int, bodies: list[list[bytes]], threads: int) -> tuple[float, list[float], float]:
    """Wall seconds, sorted answer times, and CPU seconds of this client."""
    size = -(-len(bodies) // threads)
    shares = [range(i, min(i + size, len(bodies))) for i in range(0, len(bodies), size)]
    senders = [Sender(port, share, bodies[share.start : share.stop]) for share in shares]
    begun, used = time.perf_counter(), time.process_time()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    wall = time.perf_counter() - begun
    return wall, sorted(s for sender in senders for s in sender.seconds), time.process_time() - used


def encoded(series: list[float], start: int, batch: int) -> Iterator[bytes]:
    """Bodies of a series from the number ``start`` on."""
    for i in range(0, len(series), batch):
        rows = ",".join(f'{{"value":{x!r},"seq":{start + i + j}}}' for j, x in enumerate(series[i : i + batch]))
        yield f"[{rows}]".encode()


def memory_bytes(pid: int) -> int:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no such process")


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def check(port: int, count: int, points: int, noise: list[float]) -> int:
    """Compares the store with what was sent; how many changes it holds."""
    changes, after = 0, ""
    while after is not None:
        page = get(port, f"/series?limit=1000&after={after}")
        assert all(s["position"] == points and s["counts"]["accepted"] == points for s in page["series"])
        changes += sum(s["counts"]["changes"] for s in page["series"])
        after = page["next"]
    for number in range(0, count, max(1, count // CHECKED)):
        kept = get(port, f"/series/s{number:05}/changes?limit=1000")["changes"]
        expected = [(c.index, c.offset) for c in detect(values(number, points, noise))]
        assert [(c["index"], c["offset"]) for c in kept] == expected, number
    return changes


def measure(count: int, points: int, batch: int, threads: int, folder: Path) -> dict[str, Any]:
    """The whole run."""
    source = random.Random(1)
    noise = [round(source.gauss(0, 1), 6) for _ in range(NOISE)]
    bodies = [list(encoded(values(i, points, noise), 0, batch)) for i in range(count)]
    process = SeriesProcess(folder / "series.db")
    port, empty = int(process.url.rsplit(":", 1)[1]), memory_bytes(process.pid)
    wall, seconds, client_s = send(port, bodies, threads)
    full, server_s = memory_bytes(process.pid), cpu_s(process.pid)
    changes = check(port, count, points, noise)
    process.kill()
    stored = sum(file.stat().st_size for file in folder.iterdir())

    begun = time.perf_counter()
    process = SeriesProcess(folder / "series.db")
    answering = time.perf_counter() - begun
    port = int(process.url.rsplit(":", 1)[1])
    one_more = [[f'{{"value":0,"seq":{points}}}'.encode()] for _ in range(count)]
    again, touches, _ = send(port, one_more, threads)
    process.stop()
    return {
        "series": count,
        "points": count * points,
        "batch": batch,
        "client_threads": threads,
        "wall_s": round(wall, 1),
        "points_per_s": round(count * points / wall),
        "requests_per_s": round(len(seconds) / wall),
        "answer_ms_p50": round(seconds[len(seconds) // 2] * 1e3, 2),
        "answer_ms_p99": round(seconds[len(seconds) * 99 // 100] * 1e3, 2),
        "server_cpu_s": round(server_s, 1),
        "client_cpu_s": round(client_s, 1),
        "memory_empty_mib": round(empty / 2**20, 1),
        "memory_per_series_bytes": round((full - empty) / count),
        "store_bytes_per_point": round(stored / (count * points), 1),
        "changes": changes,
        "answering_after_kill_s": round(answering, 2),
        "all_series_in_memory_again_s": round(again, 1),
        "first_touch_ms_p50": round(touches[len(touches) // 2] * 1e3, 2),
        "first_touch_ms_p99": round(touches[len(touches) * 99 // 100] * 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--threads", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given.series, given.points, given.batch, given.threads, Path(folder))
    machine = {
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "kernels": _native.available_levels()[-1],
    }
    print(json.dumps({**result, **machine}, indent=1))


if __name__ == "__main__":
    main()
