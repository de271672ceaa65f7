"""How good an encoded picture looks beside what it was made from, and what it weighs at equal looks."""

import io
import json
import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from benchmarks.peers.client import FOLDER, ROOT

COMMAND = [str(ROOT / ".peers/quality/bin/python"), str(FOLDER / "score.py")]


class Scorer:
    """SSIMULACRA2 of files against originals, by a worker process."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder = process, folder

    def original(self, picture: Image.Image) -> Path:
        """Where this picture lies from now on, until the next one."""
        path = self._folder / "original.png"
        picture.convert("RGB").save(path)
        return path

    def score(self, original: Path, body: bytes) -> float:
        """100 for no difference, below 50 for what everybody sees."""
        decoded = self._folder / "decoded.png"
        with Image.open(io.BytesIO(body)) as picture:
            picture.convert("RGB").save(decoded)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(original), str(decoded)]), file=self._process.stdin, flush=True)
        return float(json.loads(self._process.stdout.readline()))


@contextmanager
def scorer() -> Iterator[Scorer]:
    """Builds the measure's environment where it is missing."""
    subprocess.run([FOLDER / "build", "quality"], check=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        yield Scorer(process, Path(folder))


def bytes_at(wanted: float, points: Sequence[tuple[float, int]]) -> float:
    """The size at that score, along the line through the nearest two (score, bytes), sizes by their logarithms."""
    (low, small), (high, large) = sorted(sorted(points, key=lambda point: abs(point[0] - wanted))[:2])
    if low == high:
        return float(small)
    share = (wanted - low) / (high - low)
    return math.exp(math.log(small) + share * (math.log(large) - math.log(small)))
