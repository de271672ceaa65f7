"""Duration and price over memory, as one picture of two panels."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pixelshift.errors import InvalidRequestError
from pixelshift.tuning.measure import Choice, Point
from pixelshift.tuning.price import Price
from pixelshift.tuning.share import FULL_MB

_INK, _MUTED, _GRID = "#1a2028", "#64707d", "#e3e8ed"
_COLOURS = {"avx2": "#1763b8", "neon": "#1763b8", "scalar": "#c4500a"}
_NAMES = {"avx2": "with AVX2", "neon": "with NEON", "scalar": "scalar kernels"}


def check(file: Path) -> None:
    """Before minutes of measuring: whether there can be a plot.

    :raises InvalidRequestError: neither a .png nor a .svg, no such folder, or no matplotlib.
    """
    if file.suffix.lower() not in (".png", ".svg"):
        raise InvalidRequestError(f"a plot's name ends in .png or .svg, not {file.name!r}")
    if not os.access(file.parent, os.W_OK) or file.is_dir():
        raise InvalidRequestError(f"a plot cannot be written to {file}")
    try:
        import matplotlib.figure  # noqa: F401  only whether it is there
    except ImportError as error:
        raise InvalidRequestError("plots need matplotlib: install pixelshift[analysis]") from error


def draw(points: Sequence[Point], choice: Choice, price: Price, title: str, file: Path) -> None:
    """Writes a .png or .svg.

    :raises InvalidRequestError: see :func:`check`.
    """
    check(file)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 7.2), dpi=150, facecolor="white", layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    for level in dict.fromkeys(point.cpu for point in points):
        line = [point for point in points if point.cpu == level]
        _line(above, line, [point.duration_ms for point in line])
        _line(below, line, [point.million_usd for point in line])
    _dress(above, "Duration of one invocation, ms (log)")
    _dress(below, "US dollars for a million requests", lowest=choice.cheapest.million_usd)
    _marks(above, below, choice)
    _axis(below, sorted({point.memory_mb for point in points}))
    above.legend(frameon=False, labelcolor=_INK, loc="upper right", bbox_to_anchor=(1, 1.17), ncols=2)
    figure.suptitle(title, x=0.02, ha="left", fontsize=14, fontweight="bold", color=_INK)
    note = f"{price.region}, {price.architecture}, prices of {price.as_of}; hollow: needs more memory than that; "
    note += "~ derived from CPU time"
    below.annotate(note, (0, -0.24), xycoords="axes fraction", fontsize=8.5, color=_MUTED)
    figure.savefig(file)


def _line(axes: Any, line: Sequence[Point], values: Sequence[float]) -> None:
    colour = _COLOURS.get(line[0].cpu, _INK)
    sizes = [point.memory_mb for point in line]
    axes.plot(sizes, values, color=colour, linewidth=2, label=_NAMES.get(line[0].cpu, line[0].cpu), zorder=2)
    faces = [colour if point.fits else "white" for point in line]
    axes.scatter(sizes, values, c=faces, edgecolors=colour, s=34, linewidths=1.6, zorder=3)


def _marks(above: Any, below: Any, choice: Choice) -> None:
    """Names the choices, those that fall on one point together; above on the duration, below on the price."""
    names: dict[Point, list[str]] = {}
    for name in ("cheapest", "fastest", "balanced"):
        names.setdefault(getattr(choice, name), []).append(name)
    for point, said in names.items():
        for axes, value, text in (
            (above, point.duration_ms, f"{', '.join(said)}\n{'~' if point.derived else ''}{point.billed_ms} ms"),
            (below, point.million_usd, f"{', '.join(said)}\n${point.million_usd:.2f}"),
        ):
            ring = {"s": 170, "facecolors": "none", "edgecolors": _INK, "linewidths": 1.3}
            axes.scatter([point.memory_mb], [value], zorder=4, **ring)
            axes.annotate(
                text,
                (point.memory_mb, value),
                xytext=(0, 15 if point.cpu == "scalar" else -30),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=_INK,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
                zorder=5,
            )


def _dress(axes: Any, title: str, lowest: float | None = None) -> None:
    """A logarithmic scale, or with ``lowest`` one from 0, with room for that point's name below it."""
    axes.set_title(title, loc="left", fontsize=10.5, color=_MUTED)
    if lowest is None:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        axes.set_ylim(low / 2, high * 1.5)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(lambda value, _place: f"{value:g}" if f"{value:e}"[0] in "25" else "")
    else:
        high = axes.get_ylim()[1] * 1.1
        axes.set_ylim(-0.2 * high if lowest < 0.25 * high else 0, high)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= high])
        axes.axhline(0, color=_MUTED, linewidth=0.8)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=_MUTED, length=0)
    axes.axvline(FULL_MB, color=_MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)


def _axis(axes: Any, sizes: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size}" for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("Memory, MB (dotted: one whole vCPU)", color=_MUTED)
