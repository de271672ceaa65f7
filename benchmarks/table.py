"""Prints what `benchmarks/run` measured, and draws it: per case ours over each competitor's.

Usage: python -m benchmarks.table RESULT.json [--plot FILE.svg]. Exit status: 0 if every limit was met, else 1.
"""

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.verdict import Case, Verdict, bytes_ratio, verdicts

NAMES = {
    "ours-scalar": "our own without AVX2",
    "pillow": "Pillow",
    "pillow-simd": "pillow-simd without AVX2",
    "pillow-simd-avx2": "pillow-simd",
    "opencv": "OpenCV",
    "pyvips": "pyvips",
    "sharp": "sharp",
}


def groups(report: dict[str, Any]) -> Iterator[tuple[str, list[Case]]]:
    """The cases that :func:`benchmarks.compare.compare` recorded, by group, in the order of the run."""
    found: dict[str, list[Case]] = {}
    for benchmark in report["benchmarks"]:
        if "others" in benchmark["extra_info"]:
            found.setdefault(benchmark["group"], []).append(benchmark["extra_info"])
    yield from found.items()


def competitors(cases: list[Case]) -> list[str]:
    known = dict.fromkeys(name for case in cases for name in case["others"])
    return sorted(known, key=lambda name: list(NAMES).index(name) if name in NAMES else len(NAMES))


def table(group: str, cases: list[Case]) -> Table:
    names = competitors(cases)
    result = Table(title=f"{group}: CPU time, ours / theirs")
    for heading in ("case", "ours, ms", *(NAMES.get(name, name) for name in names)):
        result.add_column(heading, justify="right")
    for case in cases:
        cells = [_cell(case, name) for name in names]
        result.add_row(str(case["case"]), f"{case['ours_ms']:.2f}", *cells)
    return result


def _cell(case: Case, name: str) -> str:
    """The ratio and its limit; where both wrote files, the ratio of their sizes behind it."""
    other = case["others"].get(name)
    if other is None:
        return "-"
    ratio = other["ratio"]
    text = _judged(f"{ratio:{'.2f' if ratio >= 0.05 else '.2g'}}", ratio, case.get("limits", {}).get(name))
    size = bytes_ratio(case, name)
    if math.isnan(size):
        return text
    return f"{text} ({_judged(f'{size:.2f}', size, case.get('bytes_limits', {}).get(name))} bytes)"


def _judged(text: str, value: float, limit: float | None) -> str:
    if limit is None:
        return text
    return f"{text} <= {limit:g}" if value <= limit else f"[bold red]{text} > {limit:g} MISSED[/]"


def figures(report: dict[str, Any]) -> Table | None:
    """What is no ratio of times, or ``None`` if the run had no such case."""
    cases = [benchmark["extra_info"] for benchmark in report["benchmarks"] if "figure" in benchmark["extra_info"]]
    if not cases:
        return None
    result = Table(title="Other figures")
    for heading in ("case", "ours", "", "others"):
        result.add_column(heading, justify="right" if heading == "ours" else "left")
    for case in cases:
        beside = ", ".join(f"{NAMES.get(name, name)} {value:g}" for name, value in case["beside"].items())
        ours = _judged(f"{case['figure']:.4g}", case["figure"], case["limit"])
        result.add_row(case["case"], ours, case["unit"], beside)
    return result


def versions(report: dict[str, Any]) -> str:
    found = {
        name: version for _, cases in groups(report) for case in cases for name, version in case["versions"].items()
    }
    cpu = report["machine_info"]["cpu"].get("brand_raw", "")
    words = [f"{NAMES.get(name, name)} {version}" for name, version in found.items()]
    return f"{report['datetime'][:10]}, {cpu}, Python {report['machine_info']['python_version']}; {', '.join(words)}"


def judgement(found: list[Verdict]) -> str:
    """How many limits were met, and every one that was not."""
    missed = [str(verdict) for verdict in found if not verdict.met]
    return "\n".join([f"Limits: {len(found) - len(missed)} met, {len(missed)} missed", *missed])


def main(arguments: list[str]) -> int:
    report = json.loads(Path(arguments[0]).read_text())
    console = Console(width=None if sys.stdout.isatty() else 240)
    for group, cases in groups(report):
        console.print(table(group, cases))
    if (other := figures(report)) is not None:
        console.print(other)
    found = list(verdicts(report))
    console.print(judgement(found), markup=False, highlight=False)
    console.print(versions(report), markup=False)
    if arguments[1:2] == ["--plot"]:
        from benchmarks.plot import draw

        draw(report, Path(arguments[2]))
    return int(not all(verdict.met for verdict in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
