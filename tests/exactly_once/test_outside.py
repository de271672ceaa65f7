"""The plan of tests for exactly-once effects, 10 to 15: replay, states, clocks, files, upgrades, and a long soak."""

import json
import random
import signal
import subprocess
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from pixelshift.aws.mapping import MappingOptions
from pixelshift.aws.replay import ReplayHandler
from pixelshift.changepoint import Parameters
from pixelshift.errors import InvalidRequestError, NotFoundError, OriginError, OverloadedError
from pixelshift.store.device import StoredHead
from pixelshift.store.raw import RawRecord
from pixelshift.streams.detection import Detection
from pixelshift.streams.device import CHUNK_POINTS, Arrival
from pixelshift.streams.device_service import DeviceService
from pixelshift.streams.device_state import decode_chunk
from pixelshift.streams.outbox import Retry
from pixelshift.streams.statefile import read_state, write_state
from pixelshift.value import replace
from tests.support.devices import CrashError, MemoryDeviceStore, arrivals
from tests.support.world import World, at_random, records, undisturbed

ROWS = records(poison=(7, 64, 149))
WHOLE = undisturbed(ROWS)
HERE = Path(__file__).parent


@dataclass
class Queue:
    sent: list[tuple[str, int, dict[str, int | str]]] = field(default_factory=list)

    def send(self, body: str, *, delay_s: int = 0, attributes: Any = None) -> None:
        self.sent.append((body, delay_s, dict(attributes or {})))


@dataclass
class Raw:
    kept: dict[tuple[str, int], bytes] = field(default_factory=dict)
    refusals: int = 0

    def keep(self, rows: Sequence[RawRecord]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise OverloadedError("throttled")
        self.kept |= {(row.device_id, row.seq): row.data for row in rows}


def _replay(raw: Raw, attempts: int = 8) -> ReplayHandler:
    def read(info: Any) -> list[RawRecord]:
        first, last = int(info["startSequenceNumber"]), int(info["endSequenceNumber"])
        found = [row for row in ROWS if first <= row.seq <= last]
        if not found:
            raise NotFoundError("the stream no longer has these records")
        return found

    return ReplayHandler(raw, read, Queue(), Queue(), Retry(attempts, 5.0, 1e9), random.Random(10))


def _message(body: str, attempt: int = 0) -> dict[str, Any]:
    return {"messageId": "m", "body": body, "messageAttributes": {"attempt": {"stringValue": str(attempt)}}}


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_10_replay_of_dead_letters_never_reaches_the_detector(when: str) -> None:
    letters: list[dict[str, Any]] = [{"KinesisBatchInfo": {"startSequenceNumber": "0", "endSequenceNumber": "9" * 60}}]
    letters += [{"device": r.device_id, "seq": str(r.seq), "reason": "x", "data": ""} for r in ROWS[:20]]
    raw, world = Raw(), World()
    handler = _replay(raw)

    def replay(_step: str = "") -> None:
        event = {"Records": [_message(json.dumps(letter)) for letter in letters]}
        assert handler(event, None) == {"batchItemFailures": []}

    if when == "before":
        replay()
    if when == "during":
        world.fault = lambda step: replay() if step == "commit" else None
    world.feed(ROWS)
    if when == "after":
        replay()
    assert set(raw.kept) == {(row.device_id, row.seq) for row in ROWS}
    assert world.outcome() == WHOLE


def test_10_attempts_are_counted_and_the_last_one_goes_to_people() -> None:
    raw = Raw(refusals=99)
    handler = _replay(raw, attempts=4)
    queue, people = handler.queue, handler.people
    body = json.dumps({"KinesisBatchInfo": {"startSequenceNumber": "0", "endSequenceNumber": "9" * 60}})
    handler({"Records": [_message(body)]}, None)
    while queue.sent:  # type: ignore[attr-defined]  # the test's queue
        sent, _, attributes = queue.sent.pop()  # type: ignore[attr-defined]
        handler({"Records": [_message(sent, attributes["attempt"])]}, None)
    assert raw.refusals == 95
    assert [(sent, attributes["attempt"]) for sent, _, attributes in people.sent] == [(body, 4)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("attempt", range(7))
def test_10_delays_are_uniform_up_to_their_cap_and_never_above_900_s(attempt: int) -> None:
    raw = Raw(refusals=10_000)
    handler = _replay(raw)
    body = json.dumps({"KinesisBatchInfo": {"startSequenceNumber": "0", "endSequenceNumber": "9" * 60}})
    handler = replace(handler, retry=Retry(8, 40.0, 900.0))
    handler({"Records": [_message(body, attempt)] * 2_000}, None)
    delays = [delay for _, delay, _ in handler.queue.sent]  # type: ignore[attr-defined]
    cap = min(900.0, 40.0 * 2 ** (attempt + 1))
    assert len(delays) == 2_000
    assert 0 <= min(delays) <= max(delays) <= min(900, cap)
    # Whole seconds: spread them again before comparing with the continuous law.
    spread = [delay + handler.source.uniform(-0.5, 0.5) for delay in delays]
    assert stats.kstest(spread, stats.uniform(0, cap).cdf).pvalue > 1e-4


@pytest.mark.parametrize("count", [CHUNK_POINTS * n + extra for n in (1, 2, 3) for extra in (-1, 0, 1)])
def test_11_states_at_the_edges_of_chunks_survive_a_cold_start_and_a_crash(count: int) -> None:
    detection = Detection("blog", Parameters(alpha=1e-12))
    batch = arrivals(sizes=(count + 40,))
    whole, broken = MemoryDeviceStore(), MemoryDeviceStore()
    DeviceService(whole, detection).push("d", batch)
    for piece in (batch[:count], batch[count:]):
        for fails in (True, False):
            broken.fault = lambda step, fails=fails: _crash() if fails and step == "commit" else None  # type: ignore[misc]  # bound here
            try:
                DeviceService(broken, detection).push("d", piece)
            except CrashError:
                continue
    broken.fault = lambda _step: None
    assert DeviceService(broken, detection).state("d") == DeviceService(whole, detection).state("d")
    assert broken.kept == whole.kept


def _crash() -> None:
    raise CrashError


def test_11_every_byte_of_a_chunk_and_of_a_head_is_guarded() -> None:
    store = MemoryDeviceStore()
    DeviceService(store, Detection("blog", Parameters(alpha=1e-12))).push("d", arrivals(sizes=(CHUNK_POINTS + 9,)))
    chunk = store.kept["d", 0]
    for at in range(len(chunk)):
        with pytest.raises(InvalidRequestError):
            decode_chunk(chunk[:at])
        with pytest.raises(InvalidRequestError):
            decode_chunk(chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1 :])
    head = store.heads["d"]
    for at in range(len(head.body)):
        store.heads["d"] = replace(head, body=head.body[:at])
        with pytest.raises(InvalidRequestError):
            DeviceService(store, Detection()).state("d")


def test_11_a_segment_of_more_than_400_kb_is_kept_in_items_that_fit() -> None:
    detection = Detection("blog", Parameters(alpha=1e-12))
    batch = arrivals(sizes=(55_000,))
    store = MemoryDeviceStore()  # refuses heads above DynamoDB's 400 KB and transactions above 100 items
    service = DeviceService(store, detection)
    for begin in range(0, len(batch), 2_000):
        service.push("d", batch[begin : begin + 2_000])
    state = DeviceService(store, detection).state("d")
    assert state is not None
    assert len(state.detector) > 400_000
    assert max(map(len, store.kept.values())) < 5_000


def test_11_a_state_of_an_unknown_version_stops_its_device_and_no_other() -> None:
    world = World()
    world.feed(ROWS[:60])
    before = world.store.heads["d1"]
    record = json.loads(zlib.decompress(before.body)) | {"format": 2}
    world.store.heads["d1"] = replace(before, body=zlib.compress(json.dumps(record).encode()))
    world._process = None
    delivery = world.feed(ROWS[60:], MappingOptions(batch_size=20, report_failures=True, bisect=True, retries=2))
    assert delivery.counts.dropped >= 30, "its records end at the on-failure destination"
    world.store.heads["d1"] = before
    for device in ("d0", "d2"):
        assert world.outcome().states[device] == WHOLE.states[device]


@pytest.mark.parametrize("seed", range(3))
def test_11_a_change_of_parameters_mid_segment_is_one_reset_event_whatever_breaks(seed: int) -> None:
    other = Detection("blog", Parameters(alpha=0.001))
    half = len(ROWS) // 2

    def run(world: World) -> World:
        world.feed(ROWS[:half])
        world.detection, world._process = other, None
        world.feed(ROWS[half - 15 :])
        return world

    faulty = World(fault=at_random(random.Random(seed), 15, CrashError(), OverloadedError("throttled")))
    outcome = run(faulty).outcome()
    assert outcome == run(World()).outcome()
    resets = [json.loads(body) for body in outcome.events.values() if json.loads(body)["kind"] == "reset"]
    assert sorted(reset["device"] for reset in resets) == ["d0", "d1", "d2"]
    assert all(reset["detector"] == {"alpha": 0.001} for reset in resets)


def test_12_clock_skew_and_duplicate_timestamps_change_no_finding() -> None:
    source = random.Random(12)

    def skewed(row: RawRecord) -> RawRecord:
        if row.data == b"\xff":
            return row
        times: list[Any] = [0, "2020-01-01", "2020-01-01", -1e9, 4e9]
        data = json.loads(row.data) | {"time": source.choice(times)}
        return replace(row, data=json.dumps(data).encode(), arrived_at_s=source.uniform(0, 2e9))

    world = World()
    world.feed([skewed(row) for row in ROWS])
    outcome = world.outcome()
    assert set(outcome.events) == set(WHOLE.events)
    for name, body in outcome.events.items():
        assert json.loads(body) | {"detected_time": None} == json.loads(WHOLE.events[name]) | {"detected_time": None}
    assert outcome.states == WHOLE.states, "states hold no times"


SAVER = """
import os, signal, sys
from pathlib import Path
from pixelshift.streams import statefile

step, wanted = [0], int(sys.argv[2])

def deadly(call):
    def run(*given, **named):
        for after in (False, True):
            if after:
                result = call(*given, **named)
            if step[0] == wanted:
                os.kill(os.getpid(), signal.SIGKILL)
            step[0] += 1
        return result
    return run

statefile.tempfile.mkstemp = deadly(statefile.tempfile.mkstemp)
os.fsync = deadly(os.fsync)
os.replace = deadly(os.replace)
Path.replace = deadly(Path.replace)
statefile.write_state(Path(sys.argv[1]), {"place": "new", "padding": "x" * 100_000})
"""


def test_13_kill_9_at_every_step_of_a_checkpoint_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    """Steps: before and after making the file, flushing it, renaming it, flushing the folder."""
    places, kills = [], 0
    for step in range(20):
        path = tmp_path / str(step) / "state"
        path.parent.mkdir()
        write_state(path, {"place": "old"})
        done = subprocess.run([sys.executable, "-c", SAVER, str(path), str(step)], check=False, timeout=240)
        state = read_state(path)
        assert state is not None
        places.append(state["place"])
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        kills += 1
    assert kills >= 8
    assert places == sorted(places, reverse=True), "once the new state is there it stays"
    assert places.index("new") > 4
    assert places[-1] == "new"


def test_14_a_state_of_the_first_format_is_read_and_goes_on() -> None:
    """``state-1.json`` was written by the release that introduced format 1; never write it anew."""
    kept = json.loads((HERE / "state-1.json").read_text())
    batch = [Arrival(int(seq), value, None, number) for seq, value, number in kept["rows"]]
    place = kept["place"]
    store, whole = MemoryDeviceStore(), MemoryDeviceStore()
    detection = Detection()
    for name, head in kept["heads"].items():
        store.heads[name] = StoredHead(head["version"], bytes.fromhex(head["body"]))
    store.kept = {("d", int(number)): bytes.fromhex(body) for number, body in kept["chunks"].items()}
    found = DeviceService(store, detection).push("d", batch[place:])
    DeviceService(whole, detection).push("d", batch)
    assert DeviceService(store, detection).state("d") == DeviceService(whole, detection).state("d")
    assert [event.id for event in found] == kept["later"]
    assert len(found) > 0


def _soak(events: int, seed: int, every: int) -> None:
    source = random.Random(seed)
    rows = records(5, tuple(source.randint(30, 300) for _ in range(max(1, events // 5 // 165))), seed=seed)
    poison = set(source.sample(range(len(rows)), len(rows) // 200))
    rows = [replace(row, data=b"?") if i in poison else row for i, row in enumerate(rows)]
    errors = (CrashError(), OverloadedError("throttled"), OriginError("the answer was lost"))
    world = World(fault=at_random(source, every, *errors))
    place = injected = 0
    while place < len(rows):
        back, size = min(place, source.randint(0, 15)), source.randint(20, 120)
        window = rows[place - back : place + size]
        fresh = {row.device_id for row in rows[place : place + size]}
        # A device whose repetitions come without anything new is not written to, so they are not counted.
        injected += sum(row.device_id in fresh for row in rows[place - back : place])
        world.feed(window, MappingOptions(batch_size=len(window), report_failures=True))
        place += size
    assert world.crashes > events // 5_000
    outcome = world.outcome()
    # In other batches than those that broke: these must not matter, and large ones are quick.
    assert outcome == undisturbed(rows, MappingOptions(batch_size=1_000, report_failures=True))
    assert len(outcome.poison) == len(poison)
    states = [DeviceService(world.store, Detection()).state(f"d{i}") for i in range(5)]
    assert sum(state.tally.duplicates for state in states if state) == injected
    assert sum(state.tally.accepted for state in states if state) == len(rows)
    assert sum(state.tally.changes for state in states if state) == len(outcome.events)


@pytest.mark.parametrize("seed", range(2))
def test_15_soak_with_random_faults_counts_what_was_injected(seed: int) -> None:
    _soak(5_000, seed, 20)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_15_long_soak_of_a_million_events_counts_what_was_injected() -> None:
    _soak(1_000_000, 15, 60)
