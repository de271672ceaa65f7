"""The service of series: observations in, events out, each effect once for each (series, number) whatever crashes.

Points, detector state, events and outbox rows of a batch go to the store in one step that is taken only if the series
still is as it was read. The state is not written with every batch: it lags behind by a bounded number of points, which
are pushed again when a series is loaded; a detector gives the same answers however its stream is cut.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from math import isfinite, nan
from typing import Any

from pixelshift.changepoint import ChangePoint, Detector
from pixelshift.errors import ForbiddenError, InternalError, InvalidRequestError, NotFoundError, OverloadedError
from pixelshift.store.base import Commit, Committed, Counts, Event, Head, NewEvent, Point, SeriesStore
from pixelshift.streams.detection import Detection, detection_of
from pixelshift.streams.envelope import Envelope
from pixelshift.streams.feed import Feed
from pixelshift.streams.intake import Observation, added, sort
from pixelshift.streams.plot import Mark, Panel, plot_svg
from pixelshift.value import field, frozen, mutable, replace

ID_LENGTH = 128
_ID_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~:@-")
STRIPES = 256
TRIES = 6
PAGE = 10_000


@frozen
class ServiceLimits:
    """Upper bounds on what clients may ask of one service."""

    series: int = 100_000
    batch_rows: int = 10_000
    segment_points: int = 100_000
    """Observations that one detector holds; also the default of ``max_points``."""
    keep_points: int = 1_000_000
    keep_changes: int = 100_000
    warm_series: int = 20_000
    """Detectors that stay in memory between batches."""
    warm_points: int = 50_000_000
    """Observations that they hold together, at most."""
    plot_points: int = 100_000
    state_lag: int = 256
    """Points that may be in the store ahead of the detector state; more for long segments, in proportion."""


@frozen
class SeriesSettings:
    """How one series is watched and how much of it is kept."""

    detection: Detection = field(default_factory=Detection)
    keep_points: int = 100_000
    keep_changes: int = 10_000

    def as_dict(self) -> dict[str, Any]:
        """As JSON; :func:`settings_of` reads it back."""
        return {
            "detector": self.detection.changed(),
            "keep_points": self.keep_points,
            "keep_changes": self.keep_changes,
        }


def settings_of(given: Mapping[str, Any], limits: ServiceLimits) -> SeriesSettings:
    """Settings from a JSON object; what is not given keeps its default.

    :raises InvalidRequestError: an unknown name, or a value out of range.
    """
    known = ("detector", "keep_points", "keep_changes")
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise InvalidRequestError(f"unknown setting {unknown[:40]!r}; there are: {', '.join(known)}")
    detector = given.get("detector", {})
    if not isinstance(detector, dict):
        raise InvalidRequestError("the setting 'detector' must be an object")
    plain = SeriesSettings()
    return SeriesSettings(
        detection_of(detector),
        _count(given, "keep_points", plain.keep_points, limits.keep_points),
        _count(given, "keep_changes", plain.keep_changes, limits.keep_changes),
    )


def _count(given: Mapping[str, Any], name: str, plain: int, most: int) -> int:
    value = given.get(name, min(plain, most))
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidRequestError(f"the setting {name!r} must be a whole number from 1 to {most:,}")
    return value


@frozen
class Outcome:
    """What became of a batch."""

    counts: Counts
    head: Head
    events: Sequence[Event] = ()


@mutable
class _Live:
    """A series in memory: its head as stored and the detector at exactly that place."""

    head: Head
    settings: SeriesSettings
    detector: Detector
    segment: int = 0
    """Observations since the detector last began anew: at least what it holds."""
    state_bytes: int = 0
    """Size of the last state written."""
    trimmed_at: int = 0
    """Position at which old points were last dropped."""


class SeriesService:
    """Use cases of series, over a store. Thread-safe; several services may share a store.

    ``sinks`` names the sinks that every event is put into the outbox for; ``on_events`` is called after a commit that
    brought some.
    """

    def __init__(
        self,
        store: SeriesStore,
        *,
        limits: ServiceLimits | None = None,
        sinks: Sequence[str] = (),
        on_events: Callable[[], None] = lambda: None,
        feed: Feed | None = None,
    ) -> None:
        self.store = store
        self.limits = limits or ServiceLimits()
        self.feed = feed or Feed()
        self._sinks = tuple(sinks)
        self._on_events = on_events
        self._locks = [threading.Lock() for _ in range(STRIPES)]
        self._warm: OrderedDict[str, _Live] = OrderedDict()
        self._warm_points = 0
        self._warm_lock = threading.Lock()

    # Taking observations

    def push(self, series_id: str, rows: Sequence[Observation]) -> Outcome:
        """Takes a batch; every effect of it is stored when this returns, or none is.

        :raises InvalidRequestError: an id that is none, a number that is too large.
        :raises ForbiddenError: a new series beyond the limit.
        :raises OverloadedError: the store is busy, or others keep writing to this series.
        """
        check_id(series_id)
        if len(rows) > self.limits.batch_rows:
            raise InvalidRequestError(f"a batch may hold {self.limits.batch_rows:,} rows; send this one in parts")
        with self._locks[hash(series_id) % STRIPES]:
            for _ in range(TRIES):
                live = self._take_warm(series_id) or self._load(series_id)
                outcome = self._step(live, rows)
                if outcome is not None:
                    return outcome
        raise OverloadedError("others keep writing to this series", retry_after_s=1)

    def _step(self, live: _Live, rows: Sequence[Observation]) -> Outcome | None:
        """One try: works on a series that is out of the warm ones, and goes back to them only when all went well."""
        head, store = live.head, self.store
        batch = sort(head, rows, lambda a, b, most: store.points_between(head.series_id, a, b, most))
        changes = live.detector.extend([nan if p.value is None else p.value for p in batch.points])
        events = [self._event(live, change, batch.points) for change in changes]
        counts = replace(batch.counts, changes=len(changes))
        after = replace(head, counts=added(head.counts, counts), position=head.position + len(batch.points))
        if batch.points:
            newest = batch.points[-1]
            after = replace(after, last_seq=newest.seq, last_value=newest.value, last_time=newest.time)
        behind = after.position - head.state_position
        state = None
        if behind >= max(self.limits.state_lag, live.state_bytes // 32):
            state = live.detector.to_bytes()
            after = replace(after, state_position=after.position)
        committed = store.commit(Commit(head, after, batch.points, state, events, self._sinks))
        if committed is None:
            return None
        live.head = committed.head
        live.segment = after.position - head.base - changes[-1].index if changes else live.segment + len(batch.points)
        live.state_bytes = live.state_bytes if state is None else len(state)
        self._keep_warm(live)
        self._announce(committed, batch.points)
        self._trim_sometimes(live)
        return Outcome(counts, committed.head, committed.events)

    def _event(self, live: _Live, change: ChangePoint, batch: Sequence[Point]) -> NewEvent:
        base, position = live.head.base, live.head.position
        found = batch[base + change.detected_at - position]
        at = base + change.index
        first: Point | None
        if at >= position:
            first = batch[at - position]
        else:
            stored = self.store.points(live.head.series_id, from_position=at, limit=1)
            first = stored[0] if stored and stored[0].position == at else None
        return NewEvent(found.seq, "change", json.dumps(_change_record(change, at, first, found)))

    def _announce(self, committed: Committed, points: Sequence[Point]) -> None:
        if points:
            self.feed.moved(committed.head, points)
        if committed.events:
            self._on_events()

    def _trim_sometimes(self, live: _Live) -> None:
        """Old points go in large pieces: when a quarter more than asked for has gathered."""
        keep = live.settings.keep_points
        if live.head.position - live.trimmed_at >= keep + max(1_000, keep // 4):
            self.store.trim(live.head.series_id, keep_points=keep, keep_events=live.settings.keep_changes)
            live.trimmed_at = live.head.position - keep

    # Series in memory

    def _take_warm(self, series_id: str) -> _Live | None:
        with self._warm_lock:
            live = self._warm.pop(series_id, None)
            if live is not None:
                self._warm_points -= live.segment
            return live

    def _keep_warm(self, live: _Live) -> None:
        with self._warm_lock:
            self._warm[live.head.series_id] = live
            self._warm_points += live.segment
            while len(self._warm) > self.limits.warm_series or self._warm_points > self.limits.warm_points:
                _, coldest = self._warm.popitem(last=False)
                self._warm_points -= coldest.segment

    def _load(self, series_id: str) -> _Live:
        """The series as stored: the last state, and every point behind it pushed once more."""
        head = self.store.head(series_id)
        if head is None:
            return self._new(series_id)
        settings = self._settings(head)
        detector, state_bytes = self._detector(head, settings)
        position, segment = head.state_position, state_bytes // 8
        while position < head.position:
            points = self.store.points(series_id, from_position=position, limit=min(PAGE, head.position - position))
            if not points or points[0].position != position:
                raise InternalError("a series cannot be loaded", detail=f"{series_id}: points missing at {position}")
            changes = detector.extend([nan if point.value is None else point.value for point in points])
            position = points[-1].position + 1
            segment = position - head.base - changes[-1].index if changes else segment + len(points)
        return _Live(head, settings, detector, segment, state_bytes, max(0, head.position - settings.keep_points))

    def _new(self, series_id: str) -> _Live:
        if self.store.count() >= self.limits.series:
            raise ForbiddenError(f"there are {self.limits.series:,} series already", code="TooManySeries")
        settings = settings_of({}, self.limits)
        head = Head(series_id, settings=json.dumps(settings.as_dict()))
        return _Live(head, settings, self._fresh(settings))

    def _detector(self, head: Head, settings: SeriesSettings) -> tuple[Detector, int]:
        if head.state_position == head.base:
            return self._fresh(settings), 0
        state = self.store.state(head.series_id)
        try:
            return Detector.from_bytes(state or b""), len(state or b"")
        except InvalidRequestError as error:
            detail = f"{head.series_id}: {error.message}"
            raise InternalError("the stored state of a series cannot be read", detail=detail) from error

    def _fresh(self, settings: SeriesSettings) -> Detector:
        return settings.detection.bounded(self.limits.segment_points).detector()

    def _settings(self, head: Head) -> SeriesSettings:
        return settings_of(json.loads(head.settings), self.limits)

    # Settings and deletion

    def configure(self, series_id: str, given: Mapping[str, Any]) -> SeriesSettings:
        """Gives a series its settings, whole; another detector begins anew here and leaves a ``reset`` event.

        :raises InvalidRequestError: settings that are none; the series stays as it is.
        """
        check_id(series_id)
        settings = settings_of(given, self.limits)
        with self._locks[hash(series_id) % STRIPES]:
            for _ in range(TRIES):
                live = self._take_warm(series_id) or self._load(series_id)
                if self._configure(live, settings):
                    return settings
        raise OverloadedError("others keep writing to this series", retry_after_s=1)

    def _configure(self, live: _Live, settings: SeriesSettings) -> bool:
        head = live.head
        after = replace(head, settings=json.dumps(settings.as_dict()))
        events = []
        if settings.detection != live.settings.detection and head.position > head.base and head.last_seq is not None:
            record = {"index": head.position, "detector": settings.detection.changed()}
            events = [NewEvent(head.last_seq, "reset", json.dumps(record))]
            after = replace(after, base=head.position, state_position=head.position)
        committed = self.store.commit(Commit(head, after, events=events, sinks=self._sinks))
        if committed is not None and events:
            self._on_events()
        return committed is not None

    def settings(self, series_id: str) -> SeriesSettings:
        """The settings of a series.

        :raises NotFoundError: there is none of this name.
        """
        return self._settings(self.head(series_id))

    def delete(self, series_id: str) -> None:
        """Forgets a series.

        :raises NotFoundError: there is none of this name.
        """
        check_id(series_id)
        with self._locks[hash(series_id) % STRIPES]:
            self._take_warm(series_id)
            if not self.store.delete(series_id):
                raise _no_series()

    def revive(self, number: int) -> bool:
        """A dead letter goes out again; false when there is none of this number."""
        revived = self.store.revive(number, now_s=time.time())
        if revived:
            self._on_events()
        return revived

    # Looking

    def head(self, series_id: str) -> Head:
        """Where a series stands.

        :raises NotFoundError: there is none of this name.
        """
        check_id(series_id)
        head = self.store.head(series_id)
        if head is None:
            raise _no_series()
        return head

    def plot(self, series_id: str, *, points: int, theme: str = "light") -> str:
        """The last ``points`` observations with the changes that lie among them, as SVG."""
        head = self.head(series_id)
        start = max(0, head.position - min(points, self.limits.plot_points))
        drawn: Envelope | None = None
        while start < head.position:
            page = self.store.points(series_id, from_position=start, limit=min(PAGE, head.position - start))
            if not page:
                break
            drawn = drawn or Envelope(page[0].position)
            drawn.extend(nan if point.value is None else point.value for point in page)
            start = page[-1].position + 1
        events = self.store.latest_events(series_id, limit=1_000, kind="change")
        marks = [_mark(json.loads(event.body)) for event in events]
        return plot_svg([Panel(series_id, drawn or Envelope(), marks)], theme=theme)


def check_id(series_id: str) -> None:
    """Refuses what is no name of a series.

    :raises InvalidRequestError: empty, longer than 128, or with signs other than letters, digits and ``._~:@-``.
    """
    if not 1 <= len(series_id) <= ID_LENGTH or not _ID_SIGNS.issuperset(series_id) or set(series_id) == {"."}:
        raise InvalidRequestError("a series id has 1 to 128 of: letters, digits, . _ ~ : @ -")


def _no_series() -> NotFoundError:
    return NotFoundError("there is no such series", code="NoSuchSeries")


def _change_record(change: ChangePoint, at: int, first: Point | None, found: Point) -> dict[str, Any]:
    record = {
        "index": at,
        "seq": None if first is None else first.seq,
        "time": None if first is None else first.time,
        "detected_at": found.position,
        "detected_seq": found.seq,
        "detected_time": found.time,
        "direction": change.direction,
        "offset": change.offset,
        "offset_low": change.offset_low,
        "offset_high": change.offset_high,
        "before": change.before,
        "after": change.after,
        "p_value": change.p_value,
        "n_before": change.n_before,
        "n_after": change.n_after,
    }
    # JSON has no words for infinities and NaN.
    return {name: None if isinstance(x, float) and not isfinite(x) else x for name, x in record.items()}


def _mark(record: Mapping[str, Any]) -> Mark:
    levels = {name: nan if record[name] is None else record[name] for name in ("offset", "before", "after")}
    note = f"{record['offset']:+.4g} at {record['time'] or record['seq']}, p = {record['p_value']:.2g}"
    return Mark(record["index"], record["detected_at"], **levels, note=note)
