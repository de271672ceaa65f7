"""The competitors as seen from the benchmarks: persistent workers behind pipes."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Resample:
    """Scale an array to ``size`` (width, height)."""

    picture: Path
    """An .npy file of shape (height, width, channels)."""
    size: tuple[int, int]
    kernel: str
    """By our name."""

    operation = "resample"


@dataclass(frozen=True)
class Edit:
    """A file to a file, both in memory: cut, scale to exactly ``size``, sharpen, lay a watermark on, encode."""

    source: Path
    size: tuple[int, int]
    kernel: str = "lanczos3"
    format: str = "jpeg"
    quality: int | None = 80
    """``None``: the library's default."""
    shrink: bool = True
    """Whether a decoder may deliver a smaller picture. sharp and libvips do as they like."""
    crop: tuple[int, int, int, int] | None = None
    """left, top, right, bottom"""
    sharpen: float | None = None
    """Sigma of a mild sharpening, each library's own."""
    watermark: tuple[Path, int, int] | None = None
    """An opaque or translucent PNG, and where it goes: left, top."""

    operation = "edit"


@dataclass(frozen=True)
class Operation:
    """Any other operation that some competitors have, by the name of its method in their workers."""

    operation: str
    arguments: tuple[tuple[str, object], ...]


Work = Resample | Edit | Operation


@dataclass(frozen=True)
class Taken:
    """What one call took."""

    ms: float
    """CPU time of the process."""
    size_bytes: int | None
    """Of the encoded result."""


def _python(environment: str, module: str) -> list[str]:
    return [str(ROOT / environment / "bin" / "python"), str(FOLDER / "worker.py"), module]


# Name -> (command, further environment variables).
COMMANDS: dict[str, tuple[Sequence[str], dict[str, str]]] = {
    "ours-scalar": (_python(".venv", "pixelshift"), {"PIXELSHIFT_CPU": "scalar"}),
    "pillow": (_python(".peers/pillow", "pillow"), {}),
    "pillow-simd": (_python(".peers/pillow-simd", "pillow"), {}),
    "pillow-simd-avx2": (_python(".peers/pillow-simd-avx2", "pillow"), {}),
    "opencv": (_python(".peers/opencv", "opencv"), {}),
    "pyvips": (_python(".peers/pyvips", "pyvips"), {}),
    "sharp": ([str(ROOT / ".peers/sharp/bin/node"), str(FOLDER / "sharp.mjs"), str(ROOT / ".peers/sharp")], {}),
}


class Peer:
    """One competitor in its own environment and process, started when first asked."""

    def __init__(self, name: str) -> None:
        self._command, self._variables = COMMANDS[name]
        self._process: subprocess.Popen[str] | None = None
        self._version = ""

    @property
    def version(self) -> str:
        self._running()
        return self._version

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            if not Path(self._command[0]).exists():
                raise FileNotFoundError(f"{self._command[0]} is missing: run benchmarks/peers/build")
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | self._variables,
            )
            self._version = str(self._answer(self._process))
        return self._process

    @staticmethod
    def _answer(process: "subprocess.Popen[str]") -> object:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"a competitor died: exit status {process.wait()}")
        return json.loads(line)

    def measure(self, work: Work, save: Path | None = None) -> Taken | None:
        """One call, after an unmeasured one if the work is new; ``None`` where the library has no such operation.

        ``save`` gets the encoded result of the unmeasured call.
        """
        process = self._running()
        arguments = dict(work.arguments) if isinstance(work, Operation) else asdict(work)
        assert process.stdin is not None
        request = [work.operation, arguments, None if save is None else str(save)]
        process.stdin.write(json.dumps(request, default=str) + "\n")
        process.stdin.flush()
        answer = self._answer(process)
        return Taken(answer["ms"], answer["bytes"]) if isinstance(answer, dict) else None

    def peak_rise_mb(self, work: Work) -> float | None:
        """How far two calls raise the worker's peak of memory above what it holds now; ``None`` as for measuring."""
        pid = self._running().pid
        before = _status_kb(pid, "VmRSS")
        return None if self.measure(work) is None else (_status_kb(pid, "VmHWM") - before) / 1000

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=10)


def _status_kb(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
