"""One measured comparison: ours against every competitor that offers the work.

Per round every engine runs once, one after the other, so that what else the machine does hits all alike; times are CPU
times of the process; a ratio is the median of the rounds' own ratios.
"""

import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.peers.client import Peer, Work

ROUNDS = 9
# These take a second where ours takes milliseconds: fewer rounds tell enough.
SLOW_MS = 400.0
SLOW_ROUNDS = 3


@dataclass
class Rounds:
    """What one engine took, round by round."""

    ms: list[float] = field(default_factory=list)
    size_bytes: int | None = None

    @property
    def enough(self) -> bool:
        return len(self.ms) >= SLOW_ROUNDS and statistics.median(self.ms) > SLOW_MS


def timed(run: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1e3


def compare(
    benchmark: BenchmarkFixture,
    case: str,
    ours: Callable[[], object],
    work: Work,
    peers: Mapping[str, Peer],
    *,
    in_process: Mapping[str, Callable[[], object]] | None = None,
    limits: Mapping[str, float] = MappingProxyType({}),
    bytes_limits: Mapping[str, float] = MappingProxyType({}),
    rounds: int = ROUNDS,
) -> None:
    """Measure, and record for the table.

    ``in_process`` are further engines called here, such as our own kernels on another level. Competitors without the
    operation are left out. ``limits`` (competitor -> our time over theirs, at most) and ``bytes_limits`` (the same of
    the results' sizes) are recorded with the case; benchmarks.verdict judges them.
    """
    first = ours()
    calls = dict(in_process or {})
    offered = {name: peer for name, peer in peers.items() if peer.measure(work) is not None}
    others = {name: Rounds() for name in (*calls, *offered)}

    def run_others() -> None:
        for name, record in others.items():
            if record.enough:
                continue
            if name in calls:
                record.ms.append(timed(calls[name]))
            else:
                taken = offered[name].measure(work)
                assert taken is not None
                record.ms.append(taken.ms)
                record.size_bytes = taken.size_bytes

    mine: list[float] = []
    benchmark.pedantic(lambda: mine.append(timed(ours)), setup=run_others, rounds=rounds)
    summaries = {name: summary(mine, record) for name, record in others.items()}
    benchmark.extra_info.update(
        case=case,
        ours_ms=round(statistics.median(mine), 3),
        ours_bytes=len(first) if isinstance(first, bytes) else None,
        others=summaries,
        versions={name: peer.version for name, peer in offered.items()},
        limits=dict(limits),
        bytes_limits=dict(bytes_limits),
        cpu=platform.processor() or platform.machine(),
    )


def summary(ours: Sequence[float], theirs: Rounds) -> dict[str, float | int | None]:
    """Their median in ms, ours over theirs round by round, the size of their result."""
    ratios = [mine / other for mine, other in zip(ours, theirs.ms, strict=False)]
    return {
        "median_ms": round(statistics.median(theirs.ms), 3),
        "ratio": round(statistics.median(ratios), 3),
        "bytes": theirs.size_bytes,
    }


def record_figure(
    benchmark: BenchmarkFixture,
    case: str,
    value: float,
    unit: str,
    *,
    limit: float | None = None,
    others: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Record what is no ratio of times, such as memory: ours, its unit and limit, and others beside it."""
    benchmark.extra_info.update(
        case=case, figure=round(value, 3), unit=unit, limit=limit, beside={k: round(v, 3) for k, v in others.items()}
    )
