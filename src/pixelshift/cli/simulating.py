"""The walk behind `pixelshift simulate`."""

import json
import time
from pathlib import Path
from typing import TextIO

from pixelshift.changepoint import ChangePoint
from pixelshift.cli.watching import write_plot
from pixelshift.errors import InvalidRequestError
from pixelshift.streams.detection import Detection
from pixelshift.streams.envelope import Envelope
from pixelshift.streams.plot import Mark, Panel
from pixelshift.streams.simulate import Score, Simulation, score, simulated
from pixelshift.value import frozen

FORMATS = ("csv", "ndjson", "lines")


@frozen
class Simulate:
    """What one `pixelshift simulate` is to do."""

    plan: Simulation
    detection: Detection
    out: str
    rate: float
    truth: Path | None
    check: bool
    plot: Path | None


def run(order: Simulate, out: TextIO) -> None:
    """Writes the series, or with ``check`` what the detector made of it."""
    if order.out not in FORMATS:
        raise InvalidRequestError(f"no format {order.out!r}; there are: {', '.join(FORMATS)}")
    if order.plot is not None and order.plot.suffix.lower() not in (".svg", ".png"):
        raise InvalidRequestError(f"--plot takes a name that ends in .svg or .png, not {order.plot}")
    detector = order.detection.detector() if order.check or order.plot else None
    truth: list[int] = []
    findings: list[ChangePoint] = []
    values = Envelope()
    if order.out == "csv" and not order.check:
        print("index,value", file=out)
    begun = time.monotonic()
    for i, (value, is_change) in enumerate(simulated(order.plan)):
        if is_change:
            truth.append(i)
        if detector is not None:
            values.push(value)
            change = detector.push(value)
            if change is not None:
                findings.append(change)
        if not order.check:
            if order.rate:
                time.sleep(max(0.0, begun + i / order.rate - time.monotonic()))
            print(_line(order.out, i, value), file=out, flush=bool(order.rate))
    if order.truth is not None:
        order.truth.write_text(json.dumps({"changes": truth}) + "\n")
    if order.plot is not None:
        marks = [Mark(f.index, f.detected_at, f.offset, f.before, f.after) for f in findings]
        write_plot(order.plot, [Panel(f"simulated, seed {order.plan.seed}", values, marks, truth)])
    if order.check:
        _show(truth, findings, out)


def _line(kind: str, index: int, value: float) -> str:
    if kind == "ndjson":
        return json.dumps({"index": index, "value": value})
    return f"{index},{value!r}" if kind == "csv" else repr(value)


def _show(truth: list[int], findings: list[ChangePoint], out: TextIO) -> None:
    result: Score = score(truth, findings)
    print(f"true changes     {result.changes:,}", file=out)
    print(f"found            {result.found:,}", file=out)
    print(f"missed           {result.changes - result.found:,}", file=out)
    print(f"false alarms     {result.false_alarms:,}", file=out)
    if result.median_delay is not None:
        print(f"median delay     {result.median_delay:g} observations", file=out)
        print(f"location error   {result.median_error:g} (median), {result.mean_error:.2f} (mean)", file=out)
