"""The walk behind `pixelshift watch`: rows in, findings out, state put down at safe places, a verdict at the end."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Any, BinaryIO

from pixelshift.cli.report import Complaints, Printer, Verdict, summary
from pixelshift.errors import InvalidRequestError
from pixelshift.streams.detection import Detection
from pixelshift.streams.envelope import Envelope
from pixelshift.streams.plot import Mark, Panel, plot_png, plot_svg
from pixelshift.streams.row import BadRow, Row
from pixelshift.streams.source import Reading, Source, read_mark
from pixelshift.streams.statefile import read_state, write_state
from pixelshift.streams.watch import Finding, Watcher
from pixelshift.value import field, frozen, mutable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

PANELS = 12
MARKS = 2_000
STATE_EVERY_S = 2.0
PROGRESS_FROM_BYTES = 8 << 20
FOLLOW_EVERY_S = 0.2


class Stopped(Exception):  # noqa: N818  an event, not an error
    """A signal came while the next row was awaited."""


@mutable
class Stop:
    """Ends the walk between two rows, never within one: a signal while reading breaks off, else it waits its turn."""

    event: Event = field(default_factory=Event)
    is_reading: bool = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        again = self.event.is_set()
        self.event.set()
        if self.is_reading or again:
            raise Stopped

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Takes SIGINT and SIGTERM for the time of the walk."""
        before = {number: signal.signal(number, self) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@frozen
class Watch:
    """What one `pixelshift watch` is to do."""

    path: Path | None
    reading: Reading
    detection: Detection
    show: Printer
    verdict: Verdict
    stop_on_error: bool = False
    follow: bool = False
    state: Path | None = None
    plot: Path | None = None
    is_quiet: bool = False
    stdin: BinaryIO = field(default_factory=lambda: sys.stdin.buffer)


class Walk:
    """One run of a :class:`Watch`."""

    def __init__(self, watch: Watch, stop: Stop) -> None:
        self._watch = watch
        self._stop = stop
        self._watcher = Watcher(watch.detection)
        self._complaints = Complaints()
        self._findings = 0
        self._latest: dict[str, Finding] = {}  # by series: the last finding that may decide the verdict
        self._panels: dict[str, tuple[Envelope, list[Mark]]] = {}
        self._place = (0, 0)  # offset and number of the last row that was dealt with
        self._is_dirty = False
        self._saved_at = time.monotonic()
        self._source: Source

    def run(self) -> int:
        """The exit status: 0, or 1 when the verdict says so, or 2 when a row was refused under ``stop_on_error``."""
        watch = self._watch
        if watch.plot is not None and watch.plot.suffix.lower() not in (".svg", ".png"):
            raise InvalidRequestError(f"--plot takes a name that ends in .svg or .png, not {watch.plot}")
        kept = read_state(watch.state) if watch.state else None
        if kept is not None:
            self._watcher.restore(kept)
        since = read_mark(kept.get("source")) if kept is not None else None
        reading = self._followed(watch.reading) if watch.follow else watch.reading
        with Source(watch.path, reading, stdin=watch.stdin, since=since) as self._source:
            if since is not None:
                self._place = (int(since["offset"]), int(since["number"]))
            refused = self._walk()
            self._save()
        self._draw()
        counts = self._watcher.counts()
        if not watch.is_quiet:
            print(summary(counts, self._findings, self._complaints.count), file=sys.stderr)
        if refused:
            return 2
        return int(any(watch.verdict.fails(finding, counts[key]) for key, finding in self._latest.items()))

    def _followed(self, reading: Reading) -> Reading:
        def wait() -> bool:
            self._save_sometimes()
            return not self._stop.event.wait(FOLLOW_EVERY_S)

        return Reading(reading.columns, reading.kind, reading.line_limit_bytes, wait, whole=True)

    def _walk(self) -> bool:
        """Takes row after row; true when it ended at one that cannot be used."""
        rows = iter(self._source.rows)
        with self._progress() as advance:
            try:
                while not self._stop.event.is_set():
                    self._stop.is_reading = True
                    row = next(rows, None)
                    self._stop.is_reading = False
                    if row is None:
                        return False
                    if isinstance(row, BadRow):
                        self._complaints.add(row)
                        if self._watch.stop_on_error:
                            return True
                    else:
                        self._take(row)
                    self._place = (self._source.offset, row.number)
                    self._is_dirty = True
                    if row.number % 1_024 == 0:
                        advance(self._source.offset)
                        self._save_sometimes()
            except Stopped:
                pass
            finally:
                self._stop.is_reading = False
        return False

    def _take(self, row: Row) -> None:
        finding = self._watcher.push(row)
        if self._watch.plot is not None:
            self._remember(row, finding)
        if finding is None:
            return
        self._findings += 1
        self._watch.show(finding)
        if self._watch.verdict.fails(finding, finding.change.detected_at + 1):
            self._latest[finding.key] = finding

    def _remember(self, row: Row, finding: Finding | None) -> None:
        panel = self._panels.get(row.key)
        if panel is None:
            if len(self._panels) == PANELS:
                return
            start = self._watcher.counts()[row.key] - 1
            panel = self._panels[row.key] = (Envelope(start), [])
        panel[0].push(row.value)
        if finding is not None and len(panel[1]) < MARKS:
            panel[1].append(mark_of(finding))

    def _save_sometimes(self) -> None:
        if time.monotonic() - self._saved_at >= STATE_EVERY_S:
            self._save()

    def _save(self) -> None:
        if self._watch.state is not None and self._is_dirty:
            write_state(self._watch.state, self._watcher.state() | {"source": self._source.mark(*self._place)})
            self._is_dirty = False
        self._saved_at = time.monotonic()

    def _draw(self) -> None:
        path = self._watch.plot
        if path is None:
            return
        name = "standard input" if self._watch.path is None else self._watch.path.name
        panels = [Panel(key or name, values, marks) for key, (values, marks) in self._panels.items()]
        write_plot(path, panels or [Panel(name, Envelope())])

    def _progress(self) -> "AbstractContextManager[Callable[[int], None]]":
        size = self._source.size_bytes
        if size is None or size < PROGRESS_FROM_BYTES or self._watch.follow or not sys.stderr.isatty():
            return nullcontext(lambda _: None)
        return _bar(size)


@contextmanager
def _bar(size_bytes: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns: list[Any] = [TextColumn("watching"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("watching", total=size_bytes)
        yield lambda offset: progress.update(task, completed=offset)


def mark_of(finding: Finding) -> Mark:
    """A finding as it is drawn."""
    change = finding.change
    return Mark(change.index, change.detected_at, change.offset, change.before, change.after)


def write_plot(path: Path, panels: list[Panel]) -> None:
    """SVG or PNG, by the name's ending; replaced whole."""
    svg = plot_svg(panels)
    body = plot_png(svg) if path.suffix.lower() == ".png" else svg.encode()
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(body)
    partial.replace(path)
