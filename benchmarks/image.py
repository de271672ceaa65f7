"""What the Lambda image costs: its size, and how long each function takes to start in it.

Usage, after `make test-container` has built the image: python -m benchmarks.image [ROUNDS]. The emulator's own INIT is
wall time and tells of whatever else the machine does; beside it stands the CPU time of the function's process once it
has answered its first event. Functions take turns, and medians count; the first round only warms the page cache.
"""

import re
import statistics
import sys
from pathlib import Path

from tests.support.containers import container, inspect, wait_for_answer
from tests.support.function_process import Emulated

IMAGE = "localhost/pixelshift-lambda"
BASE = "docker.io/library/debian:bookworm-slim"
HANDLERS = ("image", "detector", "recorder", "replay", "outbox")
ENVIRONMENT = {
    "PIXELSHIFT_ORIGIN": "folder",
    "PIXELSHIFT_FOLDER": "/var/task",
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
}
TICK_MS = 10
"""Of /proc's clock."""


def main(rounds: int = 5) -> None:
    """Prints megabytes and milliseconds."""
    print(
        f"{IMAGE}: {inspect(IMAGE)['Size'] / 1e6:.0f} MB, of which the base image {inspect(BASE)['Size'] / 1e6:.0f} MB"
    )
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in HANDLERS}
    for turn in range(rounds + 1):
        for name in HANDLERS:
            found = start(f"pixelshift.aws.{name}.handler")
            if turn:
                times[name].append(found)
    print(f"{'':12}{'INIT, ms':>10}{'CPU, ms':>10}   medians of {rounds}")
    for name, rows in times.items():
        init_ms, cpu_ms = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:12}{init_ms:10.0f}{cpu_ms:10.0f}")


def start(handler: str) -> tuple[float, float]:
    """INIT by the emulator, and CPU time of the process after an event without anything in it, in milliseconds."""
    with container(IMAGE, handler, inner_port=8080, environment=ENVIRONMENT) as made:
        wait_for_answer(made.port)
        Emulated(f"http://127.0.0.1:{made.port}", Path("/dev/null"))({"Records": []})
        said = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", made.log())
        assert said is not None, made.log()
        stats = made.inside("sh", "-c", "cat /proc/[0-9]*/stat").splitlines()
        # After the name in brackets come state, parent and so on: the 12th and 13th are user and system time.
        fields = [line.rpartition(") ")[2].split() for line in stats if "(python" in line]
        return float(said[1]), max((int(row[11]) + int(row[12])) * TICK_MS for row in fields)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
