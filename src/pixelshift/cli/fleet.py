"""The walks behind `pixelshift aws generate`, `validate` and `poll`."""

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pixelshift.aws.invoke import function_at
from pixelshift.aws.mapping import MappingOptions
from pixelshift.aws.poller import StreamPoller
from pixelshift.cli.watching import PANELS, Stop, write_plot
from pixelshift.errors import InvalidRequestError
from pixelshift.store.kinesis import PUT_RECORDS
from pixelshift.stream_wiring import StreamParts, stream_parts
from pixelshift.streams.detection import Detection
from pixelshift.streams.envelope import Envelope
from pixelshift.streams.fleet import (
    Comparison,
    Expected,
    Observation,
    Sender,
    compare,
    expected,
    rows_of_fleet,
    simulated_fleet,
)
from pixelshift.streams.plot import Mark, Panel
from pixelshift.streams.row import Columns
from pixelshift.streams.simulate import Simulation
from pixelshift.streams.source import Reading, Source
from pixelshift.value import frozen

_LOOK_S = 0.5
_SHOWN = 5


@frozen
class Given:
    """The series that are sent or compared: simulated ones, or those of a file."""

    points: int
    every: int
    shift: tuple[float, float]
    seed: int
    devices: int
    name: str
    file: Path | None
    columns: tuple[str | None, str | None, str | None]
    """Of the file: value, time, device."""

    @contextmanager
    def observations(self) -> Iterator[Iterator[Observation]]:
        """The observations, in the order in which they are sent.

        :raises InvalidRequestError: they cannot be drawn or read.
        """
        if self.file is None:
            low, high = self.shift
            plan = Simulation(self.points, self.every, shift_low=low, shift_high=high, seed=self.seed)
            yield simulated_fleet(plan, self.devices, self.name)
            return
        with Source(self.file, Reading(Columns(*self.columns)), stdin=sys.stdin.buffer) as source:
            yield rows_of_fleet(source.rows, self.name)


def send(stream: str, given: Given, rate: float, out: TextIO) -> None:
    """Puts the series on a stream."""
    sender = Sender(stream_parts().stream(stream), rate, PUT_RECORDS)
    with given.observations() as observations:
        sender.send(observations)
    print(f"{sender.sent:,} records sent, {sender.refused:,} of them more than once", file=out)


def check(given: Given, detection: Detection, wait_s: float, plot: Path | None, out: TextIO) -> bool:
    """Whether the table of changes holds what the detector finds here."""
    if plot is not None and plot.suffix.lower() not in (".svg", ".png"):
        raise InvalidRequestError(f"--plot takes a name that ends in .svg or .png, not {plot}")
    parts = stream_parts()
    with given.observations() as observations:
        devices = expected(observations, detection)
    results = _compared(parts, devices, wait_s)
    for result in results:
        _tell(result, out)
    if plot is not None:
        write_plot(plot, [_panel(devices[result.device_id], result) for result in results[:PANELS]])
    wrong = sum(not result.agrees for result in results)
    total = sum(len(result.expected) for result in results)
    print(f"{len(results):,} devices, {total:,} changes expected, {wrong:,} devices differ", file=out)
    return not wrong


def _compared(parts: StreamParts, devices: dict[str, Expected], wait_s: float) -> list[Comparison]:
    """Looks until all agree or time is up."""
    changes, end_s = parts.changes(), time.monotonic() + wait_s
    while True:
        results = [
            compare(name, device, [json.loads(event.body) for event in changes.of(name)])
            for name, device in devices.items()
        ]
        if time.monotonic() >= end_s or all(result.agrees for result in results):
            return results
        time.sleep(_LOOK_S)


def _tell(result: Comparison, out: TextIO) -> None:
    if result.agrees:
        return
    for word, changes in (("missing", result.missing), ("unexpected", result.unexpected)):
        for change in changes[:_SHOWN]:
            print(f"{result.device_id}: {word}: {json.dumps(change)}", file=out)
        if len(changes) > _SHOWN:
            print(f"{result.device_id}: {word}: {len(changes) - _SHOWN:,} more", file=out)
    if not result.missing and not result.unexpected:
        print(f"{result.device_id}: the same changes in another order or number", file=out)


def _panel(device: Expected, result: Comparison) -> Panel:
    values = Envelope()
    values.extend(math.nan if value is None else value for value in device.values)
    marks = [
        Mark(found["index"], found["detected_at"], found["offset"], found["before"], found["after"])
        for found in result.found
        if "detected_at" in found
    ]
    verdict = "as expected" if result.agrees else "not as expected"
    return Panel(f"{result.device_id}: {len(marks)} changes in the table, {verdict}", values, marks, device.truth)


def feed(
    stream: str, function: tuple[str, float], options: MappingOptions, on_failure: str | None, until_idle: bool
) -> None:
    """Runs a function, given with its time-out, over a stream until a signal, or until nothing new is left."""
    parts = stream_parts()
    queue = parts.queue(on_failure) if on_failure else None
    tell = (lambda letter: queue.send(json.dumps(letter))) if queue else None
    stop = Stop()
    poller = StreamPoller(
        parts.stream(stream), options, function_at(*function), tell, stop=stop.event, until_idle=until_idle
    )
    with stop.installed():
        poller.run()
    counts = poller.counts
    print(
        f"{sum(c.invocations for c in counts):,} calls, {sum(c.errors for c in counts):,} errors, "
        f"{sum(c.delivered for c in counts):,} records delivered, {sum(c.dropped for c in counts):,} dropped, "
        f"iterator age at most {max((c.iterator_age_s for c in counts), default=0.0):.1f} s",
        file=sys.stderr,
    )
