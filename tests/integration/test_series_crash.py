"""Killed at any moment, the series service loses nothing and does nothing twice."""

import json
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from pixelshift.changepoint import detect
from tests.support.http_server import RawServer, reply, say
from tests.support.series import shifted
from tests.support.series_process import SeriesProcess

SECRET = "a secret of enough length"
SERIES = ("cpu", "disk")
BATCH = 7


def _post_everything(
    process: SeriesProcess, place: dict[str, int], values: dict[str, list[float]], answered: Callable[[], None]
) -> None:
    """Sends batches from where the last answer was, until all is sent or the process is gone."""
    with httpx.Client(base_url=process.url, timeout=20) as client:
        while any(place[name] < len(values[name]) for name in SERIES):
            for name in SERIES:
                start = place[name]
                rows = [{"value": v, "seq": start + i} for i, v in enumerate(values[name][start : start + BATCH])]
                if not rows:
                    continue
                client.post(f"/series/{name}/points", json=rows).raise_for_status()
                place[name] = start + len(rows)
                answered()


class Killer:
    """Ends the process with kill -9 a moment after so many answers, wherever it is then."""

    def __init__(self, process: SeriesProcess, source: random.Random) -> None:
        self._left = source.randint(5, 30)
        self._timer = threading.Timer(source.uniform(0.0, 0.004), process.kill)

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._timer.start()

    def join(self) -> None:
        self._timer.join()


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    source = random.Random(11)
    values = {name: shifted(seed, (60,) * 12) for seed, name in enumerate(SERIES)}
    place = dict.fromkeys(SERIES, 0)
    hook = RawServer(say(reply(204)))
    environment = {
        "PIXELSHIFT_SERIES_EVENT_FILE": str(tmp_path / "events.ndjson"),
        "PIXELSHIFT_SERIES_WEBHOOK_URL": hook.url,
        "PIXELSHIFT_SERIES_WEBHOOK_SECRET": SECRET,
        "PIXELSHIFT_SERIES_DURABILITY": "process",
    }
    kills = 0
    while any(place[name] < len(values[name]) for name in SERIES):
        process = SeriesProcess(tmp_path / "series.db", **environment)
        killer = Killer(process, source) if kills < 5 else None
        try:
            _post_everything(process, place, values, killer or (lambda: None))
        except httpx.TransportError:
            assert killer is not None
            kills += 1
            killer.join()
            continue
        process.stop()
    assert kills == 5

    process = SeriesProcess(tmp_path / "series.db", **environment)
    expected = {name: [(c.index, c.detected_at, c.offset) for c in detect(values[name])] for name in SERIES}
    assert min(len(changes) for changes in expected.values()) >= 6
    delivered = _delivered(tmp_path / "events.ndjson", hook, sum(map(len, expected.values())))
    with httpx.Client(base_url=process.url, timeout=20) as client:
        for name in SERIES:
            changes = client.get(f"/series/{name}/changes?limit=1000").json()["changes"]
            assert [(c["index"], c["detected_at"], c["offset"]) for c in changes] == expected[name]
            points = client.get(f"/series/{name}/points?from=0&limit=1000").json()["points"]
            assert [(p[0], p[1], p[2]) for p in points] == [(i, i, v) for i, v in enumerate(values[name])]
            assert client.get(f"/series/{name}").json()["counts"]["accepted"] == len(values[name])
            assert [(e["index"], e["detected_at"], e["offset"]) for e in delivered if e["series"] == name] == (
                expected[name]
            )
    assert process.stop() == -signal.SIGTERM
    assert not (tmp_path / "series.db-wal").exists()  # the store was closed in good order
    hook.close()
    posted = {json.loads(seen.body)["id"] for seen in hook.seen}
    assert posted == {event["id"] for event in delivered}


def _delivered(path: Path, hook: RawServer, count: int) -> list[dict[str, Any]]:
    """The lines of the event file once all have come; each once, or this fails."""
    ready = threading.Event()
    for _ in range(400):
        events = [json.loads(line) for line in path.read_text().splitlines()]
        if len(events) >= count and len({json.loads(seen.body)["id"] for seen in hook.seen}) >= count:
            break
        ready.wait(0.05)
    assert max(Counter(event["id"] for event in events).values()) == 1
    assert len(events) == count
    return events


def test_a_service_told_to_end_does_so_though_somebody_listens(tmp_path: Path) -> None:
    process = SeriesProcess(tmp_path / "series.db")
    with httpx.stream("GET", f"{process.url}/events", timeout=20) as response:
        assert process.stop() == -signal.SIGTERM
        assert b"".join(response.iter_raw()).startswith(b"retry: 2000")


def test_settings_that_cannot_be_used_are_told_at_start(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from pixelshift.cli import app

    (tmp_path / "foreign").write_text("not a database, but long enough to be read as one" * 30)
    for store, environment, complaint in [
        (tmp_path / "foreign", {}, "is no series store"),
        (tmp_path / "no" / "folder.db", {}, "cannot be opened"),
        (tmp_path / "s.db", {"PIXELSHIFT_SERIES_WEBHOOK_URL": "http://a/"}, "needs PIXELSHIFT_SERIES_WEBHOOK_SECRET"),
        (tmp_path / "s.db", {"PIXELSHIFT_SERIES_EVENT_FILE": str(tmp_path)}, "cannot write events"),
    ]:
        result = CliRunner().invoke(app, ["serve-series", str(store)], env=environment)
        assert (result.exit_code, complaint in result.stderr) == (2, True), result.stderr
