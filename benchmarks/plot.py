"""The ratios of the image work as a picture: a row a case, a dot a competitor, on a logarithmic scale.

Limits are short strokes in the colour of the competitor whom they are about; a dot beyond its limit has a red ring.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmarks.table import NAMES, groups, versions
from benchmarks.verdict import Case

COLOURS = {
    "ours-scalar": "#8a94a6",
    "pillow": "#e0a030",
    "pillow-simd": "#d58fb0",
    "pillow-simd-avx2": "#c2407a",
    "opencv": "#3f9c74",
    "pyvips": "#7d6bd0",
    "sharp": "#2f7fd6",
}
TICKS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0)
# What is drawn: heading -> the groups below it. The rest is in the table.
HEADINGS: dict[str, tuple[str, ...]] = {
    "Whole edits, file to file": ("whole edits",),
    "The service, per request": ("service: CPU per request",),
    "Resampling 2560x1600 RGB": ("resample RGB 2560x1600",),
    "Resampling 2560x1600 RGBA": ("resample RGBA 2560x1600",),
}
ROW_INCHES = 0.23


def rows(report: dict[str, Any]) -> Iterator[tuple[str, Case | None]]:
    """(label, case) from top to bottom; headings have no case."""
    found = list(groups(report))
    for heading, endings in HEADINGS.items():
        below = [(group, case) for group, cases in found if group.endswith(endings) for case in cases]
        if below:
            yield heading, None
        for group, case in below:
            kind = f"{group.split(':')[0]}: " if group.endswith("whole edits") else ""
            yield f"{kind}{case['case']}", case


def _draw_case(axes: Axes, at: int, case: Case) -> None:
    limits = case.get("limits", {})
    for name, other in case["others"].items():
        if name not in COLOURS:
            continue
        limit = limits.get(name)
        is_missed = limit is not None and other["ratio"] > limit
        ring = "#d00000" if is_missed else "white"
        axes.plot(other["ratio"], at, "o", color=COLOURS[name], ms=6.5, mec=ring, mew=1.6 if is_missed else 0.5)
        if limit is not None:
            axes.plot([limit, limit], [at - 0.42, at + 0.42], color=COLOURS[name], lw=1.6, zorder=1)


def _legend() -> list[Line2D]:
    dots = [Line2D([], [], marker="o", ls="", color=colour, label=NAMES[name]) for name, colour in COLOURS.items()]
    stroke = Line2D([], [], marker="|", ls="", color="#444", ms=9, mew=1.6, label="limit")
    ring = Line2D([], [], marker="o", ls="", color="white", mec="#d00000", mew=1.6, label="limit missed")
    return [*dots, stroke, ring]


def draw(report: dict[str, Any], path: Path) -> None:
    """Write the plot as SVG."""
    lines = list(rows(report))
    figure, axes = plt.subplots(figsize=(9, ROW_INCHES * len(lines) + 1.5), layout="constrained")
    for at, (label, case) in enumerate(lines):
        if case is None:
            axes.text(0.0, at, label, transform=axes.get_yaxis_transform(), fontsize=9, weight="bold", va="center")
            continue
        if at % 2:
            axes.axhspan(at - 0.5, at + 0.5, color="#f5f6f8", lw=0, zorder=0)
        _draw_case(axes, at, case)
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes.minorticks_off()
    axes.axvline(1.0, color="#333", linewidth=1)
    axes.set_yticks(range(len(lines)), ["" if case is None else label for label, case in lines], fontsize=8)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(axis="x", color="#ddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("CPU time, ours / theirs: left of 1 we are faster", loc="left", fontsize=9)
    figure.legend(handles=_legend(), loc="outside upper center", ncols=5, frameon=False, fontsize=8)
    figure.text(0.995, 0.002, versions(report).split(";")[0], ha="right", va="bottom", fontsize=7, color="#666")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
