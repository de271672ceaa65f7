"""Prints what `benchmarks/run` measured, and draws it: per case ours over each competitor's.

Usage: python -m benchmarks.table RESULT.json [--plot FILE.svg]
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Case = dict[str, Any]
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
        cells = [_cell(case, case["others"].get(name)) for name in names]
        result.add_row(str(case["case"]), f"{case['ours_ms']:.2f}", *cells)
    return result


def _cell(case: Case, other: dict[str, Any] | None) -> str:
    """The ratio; where both wrote files, the ratio of their sizes behind it."""
    if other is None:
        return "-"
    sizes = case.get("ours_bytes"), other.get("bytes")
    behind = f" ({sizes[0] / sizes[1]:.2f} bytes)" if all(sizes) and sizes[0] and sizes[1] else ""
    return f"{other['ratio']:{'.2f' if other['ratio'] >= 0.05 else '.2g'}}{behind}"


def versions(report: dict[str, Any]) -> str:
    found = {
        name: version for _, cases in groups(report) for case in cases for name, version in case["versions"].items()
    }
    cpu = report["machine_info"]["cpu"].get("brand_raw", "")
    words = [f"{NAMES.get(name, name)} {version}" for name, version in found.items()]
    return f"{report['datetime'][:10]}, {cpu}, Python {report['machine_info']['python_version']}; {', '.join(words)}"


def main(arguments: list[str]) -> None:
    report = json.loads(Path(arguments[0]).read_text())
    console = Console(width=None if sys.stdout.isatty() else 200)
    for group, cases in groups(report):
        console.print(table(group, cases))
    console.print(versions(report))
    if arguments[1:2] == ["--plot"]:
        from benchmarks.plot import draw

        draw(report, Path(arguments[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
