"""What `pixelshift watch` prints: findings as they are made, complaints about rows, and the verdict for CI."""

import csv
import json
import sys
from collections.abc import Callable, Mapping
from io import StringIO
from math import isfinite
from typing import TYPE_CHECKING, Any, TextIO

from pixelshift.errors import InvalidRequestError
from pixelshift.value import field, frozen, mutable

if TYPE_CHECKING:
    from pixelshift.streams.row import BadRow
    from pixelshift.streams.watch import Finding

SHOWN_COMPLAINTS = 20

Printer = Callable[["Finding"], None]


def visible(text: str) -> str:
    """Text of an input for a terminal: what would steer it is spelled out (``\\x1b``)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printer(name: str, out: TextIO) -> Printer:
    """One line on ``out`` for each finding, flushed at once: ``table``, ``json`` (NDJSON) or ``csv``."""
    kinds: Mapping[str, Callable[[TextIO], Printer]] = {"table": _table, "json": _json, "csv": _csv}
    if name not in kinds:
        raise InvalidRequestError(f"no format {name!r}; there are: {', '.join(kinds)}")
    return kinds[name](out)


def _json(out: TextIO) -> Printer:
    def show(finding: "Finding") -> None:
        record = {name: _finite(value) for name, value in finding.record().items()}
        print(json.dumps(record), file=out, flush=True)

    return show


def _finite(value: object) -> object:
    """JSON has no words for infinities and NaN."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _csv(out: TextIO) -> Printer:
    header: list[str] = []

    def show(finding: "Finding") -> None:
        record = finding.record()
        text = StringIO()
        writer = csv.DictWriter(text, fieldnames=list(record), lineterminator="\n")
        if not header:
            header.extend(record)
            writer.writeheader()
        writer.writerow(record)
        print(text.getvalue(), end="", file=out, flush=True)

    return show


def _table(out: TextIO) -> Printer:
    from rich.console import Console

    console = Console(file=out, highlight=False, soft_wrap=True)
    line = "{:<22} {:>22} {:>12}  {:<26} {:>10}  {}"
    headed = False

    def show(finding: "Finding") -> None:
        nonlocal headed
        if not headed:
            headed = True
            head = line.format("changed at", "found at", "offset", "95 % interval", "p", "level")
            console.print(head.rstrip(), style="bold", markup=False)
        change = finding.change
        at = finding.at.time or f"row {finding.at.row}" if finding.at else f"index {change.index}"
        text = line.format(
            at,
            finding.found.time or f"row {finding.found.row}",
            f"{'▲' if change.direction == 'increase' else '▼'} {change.offset:+.4g}",
            f"{change.offset_low:+.4g} … {change.offset_high:+.4g}",
            f"{change.p_value:.2g}",
            f"{change.before:.6g} → {change.after:.6g}" + (f"  [{finding.key}]" if finding.key else ""),
        )
        console.print(
            visible(text), style="dark_orange" if change.direction == "increase" else "dodger_blue1", markup=False
        )
        out.flush()

    return show


@mutable
class Complaints:
    """Tells about rows that cannot be used: the first few one by one, then only their number."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    count: int = 0

    def add(self, bad: "BadRow") -> None:
        self.count += 1
        if self.count <= SHOWN_COMPLAINTS:
            place = f"row {bad.number}: " if bad.number else ""
            print(f"{place}{visible(bad.reason)}", file=self.out, flush=True)
        elif self.count == SHOWN_COMPLAINTS + 1:
            print("more rows that cannot be used: only counted from here on", file=self.out, flush=True)


@frozen
class Verdict:
    """Which findings make a build fail."""

    direction: str | None = None
    """``increase``, ``decrease``, ``any`` or ``None``: none does."""
    least: float = 0.0
    is_share: bool = False
    """``least`` is a share of the level before, not a difference."""
    last: int | None = None
    """Only changes that lie in the last so many observations of their series."""

    def fails(self, finding: "Finding", observations: int) -> bool:
        """Whether this finding counts, in a series of ``observations`` so far."""
        change = finding.change
        if self.direction is None or self.direction not in ("any", change.direction):
            return False
        least = self.least * abs(change.before) if self.is_share else self.least
        return abs(change.offset) >= least and (self.last is None or change.index >= observations - self.last)


def verdict_of(fail_on: str | None, min_change: str, last: int | None) -> Verdict:
    """From the command's options; ``min_change`` is a number or a percentage such as ``5%``."""
    if fail_on not in (None, "increase", "decrease", "any"):
        raise InvalidRequestError(f"--fail-on takes increase, decrease or any, not {fail_on!r}")
    is_share = min_change.endswith("%")
    try:
        least = float(min_change.removesuffix("%")) / (100 if is_share else 1)
    except ValueError:
        least = -1.0
    if not (least >= 0 and isfinite(least)):
        raise InvalidRequestError(f"--min-change takes a number or a percentage of 0 or more, not {min_change!r}")
    return Verdict(fail_on, least, is_share, last)


def summary(counts: Mapping[str, int], findings: int, bad: int) -> str:
    """One line about what was read and found."""
    parts: list[Any] = [f"{sum(counts.values()):,} observations"]
    if len(counts) > 1:
        parts.append(f"{len(counts):,} series")
    parts.append(f"{findings:,} change{'' if findings == 1 else 's'}")
    if bad:
        parts.append(f"{bad:,} row{'' if bad == 1 else 's'} refused")
    return ", ".join(parts)
