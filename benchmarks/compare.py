"""One measured comparison: ours against every competitor that offers the work.

Per round every engine runs once, one after the other, so that what else the machine does hits all alike; times are CPU
times of the process; a ratio is the median of the rounds' own ratios.
"""

import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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
    rounds: int = ROUNDS,
) -> dict[str, float]:
    """Measure, record for the table, and return competitor -> our time over theirs.

    ``in_process`` are further engines called here, such as our own kernels on another level. Competitors without the
    operation are left out.
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
        cpu=platform.processor() or platform.machine(),
    )
    return {name: float(summary["ratio"]) for name, summary in summaries.items() if summary["ratio"] is not None}


def summary(ours: Sequence[float], theirs: Rounds) -> dict[str, float | int | None]:
    """Their median in ms, ours over theirs round by round, the size of their result."""
    ratios = [mine / other for mine, other in zip(ours, theirs.ms, strict=False)]
    return {
        "median_ms": round(statistics.median(theirs.ms), 3),
        "ratio": round(statistics.median(ratios), 3),
        "bytes": theirs.size_bytes,
    }


def missed(ratios: Mapping[str, float], limits: Mapping[str, float]) -> str:
    """The limits that were not met, for an assertion to show; empty if all were."""
    over = [f"{name} {ratios[name]:.2f} > {limit:.2f}" for name, limit in limits.items() if ratios[name] > limit]
    return ", ".join(over)
