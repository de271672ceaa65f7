"""What the start of each function costs: CPU time of importing its handler, above that of a bare interpreter.

Usage: python -m benchmarks.cold_start [ROUNDS]. Bytecode is compiled first, as an image ships it; the interpreters take
turns, and medians count. `first picture` is the import and one photograph, from the file to the answer.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EVENT = {"path": "/fit-in/400x400/dandelions.jpg", "httpMethod": "GET", "requestContext": {}}
PICTURE = f"""
class Context:
    aws_request_id = "r"
    def get_remaining_time_in_millis(self):
        return 60_000
from pixelshift.aws.image import handler
assert handler({EVENT!r}, Context())["statusCode"] == 200
"""
BARE = "bare interpreter"
STARTS = {
    BARE: "",
    "image": "import pixelshift.aws.image",
    "image, first picture": PICTURE,
    "detector": "import pixelshift.aws.detector",
    "recorder": "import pixelshift.aws.recorder",
    "replay": "import pixelshift.aws.replay",
    "outbox": "import pixelshift.aws.outbox",
    "extension": "import pixelshift.aws.extension.__main__",
    "(awslambdaric)": "import awslambdaric.bootstrap",
    "(boto3 and a client)": "import boto3; boto3.client('s3', region_name='us-east-1')",
    "(fastapi)": "import fastapi",
    "(numpy)": "import numpy",
}


def measured(names: Sequence[str], rounds: int) -> dict[str, float]:
    """Median CPU milliseconds of these starts above that of a bare interpreter."""
    times: dict[str, list[float]] = {name: [] for name in (BARE, *names)}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(rounds + 1):
            for name, found in times.items():
                took_ms = _cpu_ms(STARTS[name], cache)
                if turn:  # the first compiled the bytecode
                    found.append(took_ms)
    bare_ms = statistics.median(times[BARE])
    return {name: statistics.median(times[name]) - bare_ms for name in names}


def main(rounds: int = 15) -> None:
    """Prints milliseconds of CPU time."""
    for name, above_ms in measured([name for name in STARTS if name != BARE], rounds).items():
        print(f"{name:24} {above_ms:8.1f} ms")


def _cpu_ms(code: str, cache: str) -> float:
    """CPU time of the whole process."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"PYTHONPYCACHEPREFIX": cache, "PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(ROOT / "samples")}
    before_s = _children_s()
    subprocess.run([sys.executable, "-c", code], env={**kept, **own}, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return (_children_s() - before_s) * 1000


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
