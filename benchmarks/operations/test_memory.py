"""What a worker holds at most while it makes 12 megapixels small: ours all in all, others above what they had loaded.

Ours is a process that imports the library, reads the file and edits it once; a bare interpreter is taken off. The
others, whose workers import more than they need, are given the kinder figure: how far the peak rose above the memory
that they had before the work, the file of 5 MB included.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.compare import record_figure
from benchmarks.peers.client import COMMANDS, Edit, Peer

LIMIT_MB = 40.0
CODE = """
import sys
from pathlib import Path

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

bare = kilobytes("VmRSS")
from pixelshift.imaging import edit
edit(Path(sys.argv[1]).read_bytes(), {"resize": {"width": 800}, "jpeg": {"quality": 80}})
print(kilobytes("VmHWM") - bare)
"""


def ours_mb(path: Path) -> float:
    run = subprocess.run([sys.executable, "-c", CODE, path], capture_output=True, text=True, check=True)
    return int(run.stdout) / 1000


@pytest.mark.timeout(300)
def test_the_memory_of_a_worker(benchmark: BenchmarkFixture, files: Callable[[str], Path]) -> None:
    path = files("photo-12mp.jpg")
    beside = {}
    for name in COMMANDS:
        if name != "ours-scalar":
            peer = Peer(name)
            rise = peer.peak_rise_mb(Edit(path, (800, 600)))
            peer.close()
            if rise is not None:
                beside[name] = rise
    taken: list[float] = []
    benchmark.group = "memory"
    benchmark.pedantic(lambda: taken.append(ours_mb(path)), rounds=3)
    record_figure(
        benchmark,
        "12 MP to 800, peak of a worker",
        max(taken),
        "MB above a bare interpreter",
        limit=LIMIT_MB,
        others=beside,
    )
