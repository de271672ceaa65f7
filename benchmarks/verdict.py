"""Which of the limits in a run's records were met."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Case = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """One limit and what was measured; NaN where it was not."""

    group: str
    case: str
    what: str
    value: float
    limit: float

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        return f"{self.group}: {self.case}: {self.what} {self.value:.3g}, limit {self.limit:g}"


def verdicts(report: Mapping[str, Any]) -> Iterator[Verdict]:
    """One per limit of every case, in the order of the run."""
    for benchmark in report["benchmarks"]:
        yield from _of_case(benchmark["group"] or "", benchmark["extra_info"])


def _of_case(group: str, case: Case) -> Iterator[Verdict]:
    name = str(case.get("case", ""))
    if case.get("limit") is not None:
        yield Verdict(group, name, case["unit"], case["figure"], case["limit"])
    others = case.get("others", {})
    for other, limit in case.get("limits", {}).items():
        yield Verdict(group, name, f"time over {other}", _number(others.get(other, {}).get("ratio")), limit)
    for other, limit in case.get("bytes_limits", {}).items():
        yield Verdict(group, name, f"bytes over {other}", bytes_ratio(case, other), limit)


def bytes_ratio(case: Case, other: str) -> float:
    """Our result's size over theirs; NaN where either made no file."""
    sizes = case.get("ours_bytes"), case.get("others", {}).get(other, {}).get("bytes")
    return sizes[0] / sizes[1] if sizes[0] and sizes[1] else math.nan


def _number(value: float | None) -> float:
    return math.nan if value is None else value
