"""The measured figures as a page and a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

HEAD = """# Calibration of the change-point detector

Written by `make calibrate`; the figures are in [calibration.json](calibration.json). A rate is followed by its standard
error. Nothing here was tuned on public data: the recommended preset was chosen on simulated suites of other seeds.

![False alarms by length and by autocorrelation](calibration.svg)
"""
FALSE_ALARMS = """## False alarms on independent noise

P(at least one alarm by n). `pointwise` is the published rule, p <= alpha at every observation, so repetition inflates
it without limit; `anytime` keeps the whole segment at or below alpha.
"""
DISTRIBUTIONS = """### By distribution, alpha = .01, n = 1,000

Ranks know no distribution; ties (Poisson) only make the test more careful.
"""
AUTOCORRELATION = """## False alarms on autocorrelated noise

AR(1), n = 1,000, alpha = .01 (recommended: its own .02): P(at least one alarm) and mean alarms per series.
"""
DELAYS = """## Delay and location

Normal noise, one shift of the mean, 300 observations after it. Delay counts the observations of the new level up to
the alarm; both medians are over the series whose first alarm came after the shift. `early` is the share of series that
alarmed before it, `missed` the share that never did. PageHinkley and KSWIN name no position but that of the alarm;
Binseg is offline and sees the whole series. Settings are defaults unless named, so false-alarm rates differ: read the
columns together.
"""
SCORES = """## Scores on simulated series

Covering and F1 (margin 5, position 0 counts as found) over {kinds} kinds of series, {per_kind} of each, every kind
weighing the same; seed {seed}, which the choice of the preset had not seen. The blog's defaults do worse here than
reporting no changes at all: they take autocorrelation, trends and seasons for changes of level.
"""
ECONOMY = """## Scores on short economic series

The same for `pixelshift.changepoint.economy`: 15 to 500 observations, yearly to daily, trending and autocorrelated,
with few steps, bends and slides; {economy_per_kind} series of each kind, seed {seed}, likewise unseen. A detector of
levels finds steps well and bends badly: compare the rows.
"""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def rate(row: Row | None) -> str:
    return "-" if row is None else f"{row['rate']:.4f} ± {row['standard_error']:.4f}"


def _false_alarms(rows: Sequence[Row]) -> str:
    normal = {(row["setting"], row["alpha"], row["n"]): row for row in rows if row["noise"] == "normal"}
    lengths = sorted({n for _, _, n in normal})
    settings = list(dict.fromkeys((setting, alpha) for setting, alpha, _ in normal))
    body = [
        [f"`{setting}`", f"{alpha:g}", *(rate(normal.get((setting, alpha, n))) for n in lengths)]
        for setting, alpha in settings
    ]
    return table(["control", "alpha", *(f"n = {n:,}" for n in lengths)], body)


def _distributions(rows: Sequence[Row]) -> str:
    chosen = [row for row in rows if row["n"] == 1_000 and row["alpha"] == 0.01]
    cells = {(row["noise"], row["setting"]): row for row in chosen}
    noises = list(dict.fromkeys(row["noise"] for row in chosen))
    settings = ("pointwise", "anytime", "standardized, anytime")
    body = [[noise, *(rate(cells.get((noise, setting))) for setting in settings)] for noise in noises]
    return table(["noise", *(f"`{setting}`" for setting in settings)], body)


def _autocorrelation(rows: Sequence[Row]) -> str:
    cells = {(row["setting"], row["phi"]): row for row in rows}
    phis = sorted({row["phi"] for row in rows})
    body = [
        [
            f"`{setting}`",
            *(f"{rate(cells[setting, phi])} / {cells[setting, phi]['alarms_per_series']:.2f}" for phi in phis),
        ]
        for setting in dict.fromkeys(row["setting"] for row in rows)
    ]
    return table(["setting", *(f"phi = {phi:g}" for phi in phis)], body)


def _delays(rows: Sequence[Row]) -> str:
    parts = []
    for change in dict.fromkeys(row["change"] for row in rows):
        for size in dict.fromkeys(row["size"] for row in rows):
            body = [
                [
                    f"`{row['detector']}`",
                    number(row["median_delay"]),
                    number(row["median_location_error"]),
                    f"{row['early']:.2f}",
                    f"{max(0.0, 1.0 - row['early'] - row['detected']):.2f}",
                    str(row["repeats"]),
                ]
                for row in rows
                if (row["change"], row["size"]) == (change, size)
            ]
            heads = ["detector", "median delay", "median location error", "early", "missed", "series"]
            parts.append(f"### Shift of {size:g} deviations after {change:,} observations\n\n{table(heads, body)}")
    return "\n".join(parts)


def _scores(rows: Sequence[Row]) -> str:
    overall = [[f"`{row['detector']}`", f"{row['covering']:.3f}", f"{row['f1']:.3f}"] for row in rows]
    kinds = list(rows[0]["by_kind"])
    chosen = [row for row in rows if row["detector"] in {"no changes at all", "defaults (the blog's)", "recommended"}]
    by_kind = [[kind, *("{:.2f} / {:.2f}".format(*row["by_kind"][kind]) for row in chosen)] for kind in kinds]
    heads = ["kind: covering / F1", *(f"`{row['detector']}`" for row in chosen)]
    return table(["detector", "covering", "F1"], overall) + "\n" + table(heads, by_kind)


def write_markdown(report: Row, path: Path) -> None:
    """The page with every table."""
    suite = report["suite"]
    scores = SCORES.format(kinds=len(report["scores"][0]["by_kind"]), **suite)
    parts = [
        HEAD,
        FALSE_ALARMS,
        _false_alarms(report["false_alarms"]),
        DISTRIBUTIONS,
        _distributions(report["false_alarms"]),
        AUTOCORRELATION,
        _autocorrelation(report["autocorrelation"]),
        DELAYS,
        _delays(report["delays"]),
        scores,
        _scores(report["scores"]),
        ECONOMY.format(**suite),
        _scores(report["economy_scores"]),
    ]
    path.write_text("\n".join(parts))


def write_plot(report: Row, path: Path) -> None:
    """Two panels: false alarms by length, and by autocorrelation."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "pixelshift"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for setting in ("pointwise", "anytime"):
        rows = [row for row in report["false_alarms"] if row["noise"] == "normal" and row["alpha"] == 0.01]
        rows = [row for row in rows if row["setting"] == setting]
        errors = [row["standard_error"] for row in rows]
        left.errorbar([row["n"] for row in rows], [row["rate"] for row in rows], errors, marker="o", label=setting)
    left.axhline(0.01, color="grey", linewidth=0.8, linestyle="--")
    left.set(xscale="log", xlabel="observations", ylabel="P(any alarm)", title="independent noise, alpha = .01")
    for setting in dict.fromkeys(row["setting"] for row in report["autocorrelation"]):
        rows = [row for row in report["autocorrelation"] if row["setting"] == setting]
        right.plot([row["phi"] for row in rows], [row["rate"] for row in rows], marker="o", label=setting)
    right.set(xlabel="phi of AR(1) noise", title="n = 1,000", ylim=(-0.03, 1.03))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
