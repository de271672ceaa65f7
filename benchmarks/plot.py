"""The ratios of the image work as a picture: a row a case, a dot a competitor, on a logarithmic scale."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from benchmarks.table import NAMES, groups, versions

COLOURS = {
    "ours-scalar": "#8a94a6",
    "pillow": "#e0a030",
    "pillow-simd": "#d58fb0",
    "pillow-simd-avx2": "#c2407a",
    "opencv": "#3f9c74",
    "pyvips": "#7d6bd0",
    "sharp": "#2f7fd6",
}
TICKS = (0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0)


def draw(report: dict[str, Any], path: Path) -> None:
    """Write the plot as SVG."""
    rows = [(group, case) for group, cases in groups(report) for case in cases if set(case["others"]) <= set(NAMES)]
    figure, axes = plt.subplots(figsize=(10, 0.32 * len(rows) + 1.8), layout="constrained")
    names: dict[str, None] = {}
    for at, (_, case) in enumerate(rows):
        for name, other in case["others"].items():
            label = None if name in names else NAMES[name]
            names[name] = None
            axes.plot(other["ratio"], at, "o", color=COLOURS[name], label=label, markersize=6, alpha=0.9)
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes.minorticks_off()
    axes.axvline(1.0, color="#333", linewidth=1)
    labels = [f"{group.split(':')[0]}: {case['case']}" for group, case in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", color="#ddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("CPU time, ours / theirs: left of 1 we are faster", loc="left")
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    figure.text(0.995, 0.002, versions(report).split(";")[0], ha="right", va="bottom", fontsize=7, color="#666")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
