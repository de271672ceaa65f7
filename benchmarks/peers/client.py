"""The competitors as seen from the benchmarks: persistent workers behind pipes."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Name -> what worker.py is to run in .peers/<name>.
LIBRARIES = {
    "pillow": "pillow",
    "pillow-simd": "pillow",
    "pillow-simd-avx2": "pillow",
    "opencv": "opencv",
    "pyvips": "pyvips",
}


@dataclass(frozen=True)
class Work:
    """One resize: the picture as an .npy file of shape (h, w, c), the result's (width, height), our kernel's name."""

    picture: Path
    size: tuple[int, int]
    kernel: str


class Peer:
    """One competitor in its own environment and process."""

    def __init__(self, name: str) -> None:
        python = ROOT / ".peers" / name / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(f"{python} is missing: run benchmarks/peers/build")
        command = [python, Path(__file__).with_name("worker.py"), LIBRARIES[name]]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = str(self._answer())

    def _answer(self) -> object:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a competitor died: exit status {self._process.wait()}")
        return json.loads(line)

    def measure(self, work: Work) -> float:
        """CPU milliseconds of one call, after an unmeasured one if the work is new."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(work.picture), work.size, work.kernel]) + "\n")
        self._process.stdin.flush()
        return float(str(self._answer()))

    def close(self) -> None:
        self._process.communicate(timeout=10)
