"""A fleet's records through an emulated Kinesis, the functions, DynamoDB, SNS and SQS: exactly the expected changes."""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pixelshift.aws.detector import DetectorHandler
from pixelshift.aws.invoke import LocalFunction
from pixelshift.aws.mapping import MappingOptions
from pixelshift.aws.outbox import OutboxHandler
from pixelshift.aws.poller import StreamPoller
from pixelshift.aws.recorder import RecorderHandler
from pixelshift.cli import app
from pixelshift.store.kinesis import PUT_RECORDS
from pixelshift.stream_wiring import stream_parts
from pixelshift.streams.detection import Detection
from pixelshift.streams.fleet import Observation, Sender, expected, simulated_fleet
from pixelshift.streams.simulate import Simulation
from tests.support.cloud import Cloud, cloud
from tests.support.emulators import kinesis_local

pytestmark = [pytest.mark.moto, pytest.mark.kinesis_local]

PLAN = Simulation(120, 45, shift_low=4.0, shift_high=6.0, seed=3)
OPTIONS = MappingOptions(batch_size=100, parallel=3, bisect=True, retries=3, report_failures=True)


@pytest.fixture(scope="module")
def kinesis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kinesis_local(tmp_path_factory.mktemp("kinesis")) as url:
        yield url


@pytest.fixture
def account(kinesis: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    with cloud(monkeypatch, kinesis=kinesis) as made:
        made.environment["STREAM"] = made.stream(f"s{abs(hash(request.node.name)) % 10**9}", 2)
        yield made


def _detector(account: Cloud) -> DetectorHandler:
    parts = stream_parts(account.environment)
    return DetectorHandler(parts.service(), parts.poison(), parts.outbox())


def _poll(account: Cloud, function: Any, options: MappingOptions = OPTIONS, **settings: Any) -> StreamPoller:
    stream = stream_parts(account.environment).stream(account.environment["STREAM"])
    poller = StreamPoller(stream, options, function, until_idle=True, **settings)
    poller.run()
    return poller


def _send(account: Cloud, observations: Iterator[Observation] | list[Observation]) -> None:
    Sender(stream_parts(account.environment).stream(account.environment["STREAM"]), call_records=PUT_RECORDS).send(
        observations
    )


def _stored(account: Cloud) -> dict[str, list[dict[str, Any]]]:
    """Changes by device, as the detector stated them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for item in sorted(account.items("changes"), key=lambda item: str(item["item"]["S"])):
        body = json.loads(item["body"]["S"])
        plain = {name: body[name] for name in body if name not in {"id", "device", "kind", "seq"}}
        found.setdefault(item["device"]["S"], []).append(plain)
    return found


def _is_as_expected(account: Cloud, rows: list[Observation]) -> None:
    truth = {name: device.changes for name, device in expected(rows, Detection()).items() if device.changes}
    assert len(truth) > 1
    assert _stored(account) == truth
    told = account.told(account.environment["TOLD"])
    assert sorted(body["id"] for body in told) == sorted(item["id"]["S"] for item in account.items("changes"))
    assert not account.items("outbox")


def test_a_fleet_through_the_whole_system_gives_exactly_the_expected_changes(account: Cloud) -> None:
    rows = list(simulated_fleet(PLAN, 4))
    _send(account, rows)
    recorder = LocalFunction(RecorderHandler(stream_parts(account.environment).raw()))
    workers = [
        threading.Thread(target=_poll, args=(account, function))
        for function in (recorder, LocalFunction(_detector(account)))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    _is_as_expected(account, rows)
    kept = account.items("events")
    assert sorted(bytes(item["data"]["B"]) for item in kept) == sorted(row.payload() for row in rows)


class Unsteady:
    """A function that ends with an error now and then, before, during or after its work, and starts cold then."""

    def __init__(self, account: Cloud, seed: int) -> None:
        self.parts = stream_parts(account.environment)
        self.source = random.Random(seed)
        self.lock = threading.Lock()
        self.failures = 0

    def __call__(self, event: Mapping[str, Any]) -> Any:
        with self.lock:
            fate = self.source.random()
            self.failures += fate < 0.4
        if fate < 0.1:
            raise RuntimeError("out of memory")
        half = {"Records": event["Records"][: len(event["Records"]) // 2]} if fate < 0.2 else event
        cold = DetectorHandler(self.parts.service(), self.parts.poison(), self.parts.outbox())
        answer = LocalFunction(cold)(half)
        if fate < 0.4:
            raise RuntimeError("timed out")
        return answer


def test_failing_invocations_change_nothing_and_what_is_left_is_sent_by_the_outbox_function(account: Cloud) -> None:
    rows = list(simulated_fleet(PLAN, 3))
    _send(account, rows)
    unsteady = Unsteady(account, 5)
    letters: list[Mapping[str, Any]] = []
    poller = _poll(account, unsteady, MappingOptions(batch_size=20, parallel=2, bisect=True), tell=letters.append)
    assert unsteady.failures > 5
    assert not letters
    assert sum(counts.delivered for counts in poller.counts) == len(rows)
    OutboxHandler(stream_parts(account.environment).outbox())(None, None)
    _is_as_expected(account, rows)


def test_splitting_and_merging_shards_midway_keeps_every_device_in_order(account: Cloud) -> None:
    rows = list(simulated_fleet(PLAN, 4))
    third = len(rows) // 3
    name = account.environment["STREAM"].rpartition("/")[2]
    kinesis = account.client("kinesis")
    _send(account, rows[:third])
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]
    keys = shard["HashKeyRange"]
    middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
    kinesis.split_shard(StreamName=name, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
    account.settled(name)
    _send(account, rows[third : 2 * third])
    halves = [s for s in kinesis.list_shards(StreamName=name)["Shards"] if s.get("ParentShardId") == shard["ShardId"]]
    kinesis.merge_shards(StreamName=name, ShardToMerge=halves[0]["ShardId"], AdjacentShardToMerge=halves[1]["ShardId"])
    account.settled(name)
    _send(account, rows[2 * third :])
    assert len(kinesis.list_shards(StreamName=name)["Shards"]) == 5
    _poll(account, LocalFunction(_detector(account)))
    _is_as_expected(account, rows)


def test_the_commands_generate_poll_and_validate_work_together(
    account: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    stream = account.environment["STREAM"].rpartition("/")[2]
    series = ["--devices", "2", "--points", "120", "--every", "45", "--shift", "4", "6", "--seed", "8"]
    run = CliRunner()
    sent = run.invoke(app, ["aws", "generate", stream, *series])
    assert "240 records sent" in sent.stderr, sent.output
    assert run.invoke(app, ["aws", "validate", *series]).exit_code == 1
    polled = run.invoke(app, ["aws", "poll", stream, "pixelshift.aws.detector:handler", "--until-idle"])
    assert "240 records delivered, 0 dropped" in polled.stderr, polled.output
    plot = tmp_path / "fleet.svg"
    checked = run.invoke(app, ["aws", "validate", *series, "--plot", str(plot)])
    assert checked.exit_code == 0, checked.output
    assert "0 devices differ" in checked.stdout
    assert plot.read_text().count("as expected") >= 2
    other = run.invoke(app, ["aws", "validate", *series[:-1], "9"])
    assert other.exit_code == 1
    assert "device-0001: missing:" in other.stdout
