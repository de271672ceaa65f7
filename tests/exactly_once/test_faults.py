"""The plan of tests for exactly-once effects, 1 to 9: faults of the function, its store, its stream and its records."""

import random

import pytest

from pixelshift.aws.mapping import MappingOptions
from pixelshift.aws.poller import StreamPoller
from pixelshift.errors import OriginError, OverloadedError, PixelshiftError
from pixelshift.streams.detection import Detection
from pixelshift.streams.device_service import DeviceService
from pixelshift.streams.record import read_record
from pixelshift.value import replace
from tests.support.devices import CrashError, Fault
from tests.support.fake_stream import FakeStream
from tests.support.interleaving import Turns, orders
from tests.support.world import STEPS, World, at_random, at_step, records, steps_of, undisturbed

ROWS = records(poison=(7, 64, 149))
WHOLE = undisturbed(ROWS)


def test_00_the_undisturbed_run_has_changes_poison_and_every_step() -> None:
    assert len(WHOLE.events) >= 3
    assert WHOLE.told == set(WHOLE.events)
    assert len(WHOLE.poison) == 3
    assert len(WHOLE.states) == 3
    assert set(steps_of(ROWS)) == set(STEPS)


@pytest.mark.parametrize("part", range(4))
def test_01_crash_before_and_after_each_step(part: int) -> None:
    steps = steps_of(ROWS)
    for number in range(part, len(steps), 4):
        world = World(fault=at_step(number, CrashError()))
        world.feed(ROWS)
        assert world.crashes == 1
        assert world.outcome() == WHOLE, (number, steps[number])


def test_01_crashes_at_two_steps_of_one_run() -> None:
    source, count = random.Random(1), len(steps_of(ROWS))
    for _ in range(60):
        faults = [at_step(source.randrange(count), CrashError()) for _ in range(2)]

        def fault(step: str, own: list[Fault] = faults) -> None:
            for one in own:
                one(step)

        world = World(fault=fault)
        world.feed(ROWS)
        assert world.outcome() == WHOLE


def test_02_duplicate_batches_overlapping_batches_and_replay_from_any_older_checkpoint() -> None:
    for checkpoint in range(0, len(ROWS), 13):
        world = World()
        world.feed(ROWS[: checkpoint + 40])
        world.feed(ROWS[checkpoint : checkpoint + 40])
        world.feed(ROWS[checkpoint:])
        world.feed(ROWS)
        assert world.outcome() == WHOLE, checkpoint


def test_02_batches_of_any_overlap() -> None:
    source = random.Random(2)
    for _ in range(30):
        world, reached = World(), 0
        while reached < len(ROWS):
            begin = source.randint(max(0, reached - 30), reached)
            reached = max(reached, min(len(ROWS), begin + source.randint(1, 50)))
            world.feed(ROWS[begin:reached])
        assert world.outcome() == WHOLE


@pytest.mark.parametrize("behind", [0, 3])
def test_03_two_workers_on_one_device_at_every_interleaving(behind: int) -> None:
    rows = records(1, (20, 20))
    expected = undisturbed(rows)
    arrivals = [read_record(row.device_id, row.seq, row.data) for row in rows]
    for order in orders(5, 5):
        world = World()
        world.feed(rows[:24])

        def work(end: int, world: World = world) -> None:
            # A process that believes to own the shard: nothing warm, and maybe not at the tip yet.
            DeviceService(world.store, Detection()).push("d0", arrivals[24:end])

        turns = Turns(lambda work=work: work(len(rows) - behind), lambda work=work: work(len(rows)))  # type: ignore[misc]  # bound here
        world.fault = turns.point
        turns.run(order)
        assert world.outcome() == expected, order


def test_04_partial_failure_at_each_position_with_mixed_devices() -> None:
    steps = steps_of(ROWS)
    positions = [i for i, step in enumerate(steps) if step in {"put aside", "read", "commit"}]
    assert len(positions) > 20
    for position in positions:
        world = World(fault=at_step(position, OverloadedError("throttled")))
        delivery = world.feed(ROWS)
        assert delivery.counts.errors == 0, "a partial failure is reported, not raised"
        assert delivery.counts.invocations == 9, "one batch came again, from its first failed record"
        assert world.outcome() == WHOLE, (position, steps[position])


def test_05_reshard_split_and_merge_mid_device() -> None:
    rows = [replace(row, device_id=f"d{i % 4}") for i, row in enumerate(records(4, (25, 25)))]
    expected = undisturbed(rows)
    stream = FakeStream()
    for i, row in enumerate(rows):
        if i == len(rows) // 3:
            stream.split("shardId-0", "d1")
        if i == 2 * len(rows) // 3:
            stream.merge("shardId-1", "shardId-2")
        stream.put(row)
    assert [len(shard.records) > 0 for shard in stream.all] == [True] * 4
    world = World()
    options = MappingOptions(batch_size=7, parallel=1, report_failures=True)
    StreamPoller(stream, options, world.invoke, until_idle=True).run()  # type: ignore[arg-type]  # the fake's shape
    assert world.outcome() == expected


def test_06_a_stale_warm_cache_writes_nothing() -> None:
    for place in (21, 60, 100):
        world = World()
        stale = world.handler()
        world._process = stale
        world.feed(ROWS[:place])
        world._process = None
        world.feed(ROWS[place : place + 40])
        world._process = stale  # the process that slept meanwhile gets the next batches
        world.feed(ROWS[place + 40 :])
        assert world.outcome() == WHOLE


def test_07_a_transaction_that_succeeded_and_whose_answer_was_lost() -> None:
    committed = [i for i, step in enumerate(steps_of(ROWS)) if step == "committed"]
    assert len(committed) > 20
    for number in committed:
        world = World(fault=at_step(number, OriginError("the answer was lost")))
        world.feed(ROWS)
        assert world.outcome() == WHOLE


@pytest.mark.parametrize("seed", range(4))
def test_08_storms_of_throttling_and_of_failed_conditions(seed: int) -> None:
    source = random.Random(seed)
    world = World()
    place = [0]
    busy: list[bool] = []

    def storm(step: str) -> None:
        if busy or step not in {"read", "commit"}:
            return
        if source.random() < 0.6:
            raise OverloadedError("throttled")
        if step == "commit" and source.random() < 0.5:
            busy.append(True)  # somebody else writes first, so that the condition fails
            place[0] = min(len(ROWS), place[0] + 9)
            try:
                for row in ROWS[: place[0]]:
                    DeviceService(world.store, Detection()).push(
                        row.device_id, [read_record(row.device_id, row.seq, row.data)]
                    )
            except PixelshiftError:
                pass
            busy.clear()

    world.fault = storm
    world.feed(ROWS)
    assert world.outcome() == WHOLE


@pytest.mark.parametrize("poison", [(0,), (75,), (149,), tuple(range(150))], ids=["first", "middle", "last", "all"])
@pytest.mark.parametrize("faulty", [False, True])
def test_09_poison_first_middle_last_and_all(poison: tuple[int, ...], faulty: bool) -> None:
    rows = records(poison=poison)
    expected = undisturbed(rows)
    assert len(expected.poison) == len(poison)
    world = World()
    if faulty:
        world.fault = at_random(random.Random(9), 12, CrashError(), OverloadedError("throttled"))
    delivery = world.feed(rows)
    assert delivery.counts.dropped == 0, "poison blocks nothing and loses nothing"
    assert world.outcome() == expected
    states = [DeviceService(world.store, Detection()).state(f"d{i}") for i in range(3)]
    assert sum(state.tally.poison for state in states if state) == len(poison)
    assert [state.position for state in states if state] == [50, 50, 50], "a gap takes its place in the stream"
