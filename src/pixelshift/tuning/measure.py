"""Runs a workload at every memory size, with AVX2 and without, and chooses among what came of it."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from pixelshift.errors import InternalError, InvalidRequestError
from pixelshift.tuning.price import Price, billed_ms
from pixelshift.tuning.share import Limiter, alone_ms, share_of
from pixelshift.value import frozen

SIZES_MB = (128, 256, 512, 768, 1024, 1536, 1769, 3008)
LEAST_MB, MOST_MB = 128, 10_240
_COMPLAINT_BYTES = 4_096
_UNDISTURBED = 0.8
_AS_FAST = 1.03
"""Durations that differ by less than this are one: the cheaper is chosen."""


@frozen
class Point:
    """One memory size with one kind of kernels."""

    memory_mb: int
    cpu: str
    """``avx2``, ``neon`` or ``scalar``."""
    duration_ms: float
    """Median of the runs, and what a request waits for beside the CPU."""
    derived: bool
    """Others took CPU that was meant for it: the duration is what its CPU time would have taken alone."""
    peak_mb: float
    """The process's own memory; a size below it does not do."""
    held: float
    """CPU time over wall time while it ran: the share that was really had, where the CPU was all it wanted."""
    million_usd: float

    @property
    def fits(self) -> bool:
        """Whether Lambda would not end it for its memory."""
        return self.peak_mb <= self.memory_mb

    @property
    def billed_ms(self) -> int:
        """What is paid for."""
        return billed_ms(self.duration_ms)


@frozen
class Choice:
    """The points that somebody could want."""

    cheapest: Point
    fastest: Point
    balanced: Point
    """The smallest product of duration and price."""


@frozen
class Experiment:
    """What is run, where, and how often."""

    workload: Mapping[str, Any]
    """For :mod:`pixelshift.tuning.worker`."""
    price: Price
    limiter: Limiter
    sizes_mb: Sequence[int] = SIZES_MB
    levels: Sequence[str] = ("avx2", "scalar")
    runs: int = 7
    wait_ms: float = 0.0
    """What a request waits for beside the CPU, such as S3; it does not shrink with memory."""

    def points(self, tell: Callable[[Point], None] = lambda _point: None) -> list[Point]:
        """Measures everything; ``tell`` hears of each point as it is there.

        :raises InvalidRequestError: a size that Lambda does not have, or a workload that does not run.
        """
        for size in self.sizes_mb:
            if not LEAST_MB <= size <= MOST_MB:
                raise InvalidRequestError(f"Lambda has no {size} MB: sizes go from {LEAST_MB} to {MOST_MB}")
        found = []
        for level in self.levels:
            with _worker(self.workload, level) as worker:
                for size in sorted(self.sizes_mb):
                    point = self._point(worker, size, level)
                    tell(point)
                    found.append(point)
        return found

    def _point(self, worker: "subprocess.Popen[str]", memory_mb: int, level: str) -> Point:
        with self.limiter.hold(worker.pid, share_of(memory_mb)):
            _run(worker)  # the first under a new share still has what the last left over
            runs = [_run(worker) for _ in range(self.runs)]
        share = share_of(memory_mb)
        held = sum(run["cpu_ms"] for run in runs) / sum(run["wall_ms"] for run in runs)
        derived = held < _UNDISTURBED * min(1.0, share)
        took_ms = statistics.median(alone_ms(run["cpu_ms"], share) if derived else run["wall_ms"] for run in runs)
        return Point(
            memory_mb=memory_mb,
            cpu=level,
            duration_ms=took_ms + self.wait_ms,
            derived=derived,
            peak_mb=max(run["peak_mb"] for run in runs),
            held=held,
            million_usd=self.price.million_usd(took_ms + self.wait_ms, memory_mb),
        )


def choose(points: Sequence[Point]) -> Choice:
    """The best of those that fit.

    :raises InvalidRequestError: none does.
    """
    fitting = [point for point in points if point.fits]
    if not fitting:
        raise InvalidRequestError("the workload needs more memory than any of these sizes has")
    least_ms = _AS_FAST * min(point.duration_ms for point in fitting)
    return Choice(
        cheapest=min(fitting, key=lambda point: (point.million_usd, point.duration_ms)),
        fastest=min((point for point in fitting if point.duration_ms <= least_ms), key=lambda point: point.million_usd),
        balanced=min(fitting, key=lambda point: (point.billed_ms * point.million_usd, point.million_usd)),
    )


@contextmanager
def _worker(workload: Mapping[str, Any], level: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that has run the workload once."""
    environment = {**os.environ, "PIXELSHIFT_CPU": level, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # What it complains of goes into a file: nobody reads a pipe while it runs, and a full one would stop it.
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "pixelshift.tuning.worker"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        try:
            if _ask(process, json.dumps(workload)) != "ready":
                raise InternalError("the worker says something else")
            yield process
        except _SilentError:
            process.wait()
            raise InvalidRequestError(f"the workload does not run: {_last_line(complaints)}") from None
        finally:
            process.kill()
            process.communicate()


def _run(worker: "subprocess.Popen[str]") -> dict[str, float]:
    figures: dict[str, float] = json.loads(_ask(worker, "go"))
    return figures


class _SilentError(Exception):
    """The worker has ended."""


def _ask(worker: "subprocess.Popen[str]", line: str) -> str:
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(line + "\n")
        worker.stdin.flush()
        answer = worker.stdout.readline().strip()
    except BrokenPipeError:
        answer = ""
    if not answer:
        raise _SilentError
    return answer


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - _COMPLAINT_BYTES))
    said = complaints.read().decode(errors="replace").strip().splitlines()
    return said[-1] if said else "no reason given"
