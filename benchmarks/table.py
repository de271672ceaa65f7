"""Prints what `benchmarks/run` measured: per case our milliseconds, and ours over each competitor's."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main(path: Path) -> None:
    report = json.loads(path.read_text())
    console = Console(width=None if sys.stdout.isatty() else 160)
    groups: dict[str, list[dict[str, object]]] = {}
    for benchmark in report["benchmarks"]:
        groups.setdefault(benchmark["group"], []).append(benchmark["extra_info"])
    cpu = report["machine_info"]["cpu"].get("brand_raw", "")
    for group, cases in groups.items():
        names = list(cases[0]["others"])  # type: ignore[call-overload]
        table = Table(title=f"{group}: ratio of CPU time, ours / theirs")
        for heading in ("to", "ours (AVX2), ms", *names):
            table.add_column(heading, justify="right")
        for case in cases:
            ratios = [f"{case['others'][name]['ratio']:.2f}" for name in names]  # type: ignore[index]
            table.add_row(str(case["case"]), f"{case['ours_ms']:.2f}", *ratios)
        console.print(table)
        versions = cases[0]["versions"]
        console.print(", ".join(f"{name} {version}" for name, version in versions.items()))  # type: ignore[attr-defined]
    console.print(f"{report['datetime'][:10]}, {cpu}, Python {report['machine_info']['python_version']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
