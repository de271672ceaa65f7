"""The stream functions against moto's DynamoDB, SNS and SQS, by boto3."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pixelshift.aws.detector import DetectorHandler
from pixelshift.aws.recorder import RecorderHandler
from pixelshift.aws.replay import ReplayHandler
from pixelshift.errors import OverloadedError
from pixelshift.store.raw import RawRecord
from pixelshift.stream_wiring import stream_parts
from pixelshift.streams.outbox import Retry
from tests.support.cloud import Cloud, cloud
from tests.support.devices import BASE
from tests.support.series import shifted
from tests.support.world import Context

pytestmark = pytest.mark.moto


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with cloud(monkeypatch) as made:
        yield made


def _event(values: list[float]) -> dict[str, Any]:
    rows = [json.dumps({"value": value}).encode() for value in values]
    rows[7] = b"not JSON"
    records = [
        {"kinesis": {"partitionKey": "d", "sequenceNumber": str(BASE + i), "data": base64.b64encode(row).decode()}}
        for i, row in enumerate(rows)
    ]
    return {"Records": records}


def test_records_become_states_changes_and_messages_once(account: Cloud) -> None:
    environment = account.environment
    event = _event(shifted(sizes=(60, 60, 600, 60)))
    halves = [{"Records": event["Records"][:700]}, {"Records": event["Records"][650:]}]
    for half in [halves[0], halves[0], halves[1], halves[0]]:  # each time a cold start
        parts = stream_parts(environment)
        function = DetectorHandler(parts.service(), parts.poison(), parts.outbox())
        assert function(half, Context()) == {"batchItemFailures": []}
    changes = account.items("changes")
    told = [body["id"] for body in account.told(environment["TOLD"])]
    assert sorted(told) == sorted(item["id"]["S"] for item in changes)
    assert len(told) >= 2
    assert not account.items("outbox")
    poison = account.messages(environment["PIXELSHIFT_POISON_QUEUE_URL"])
    assert {json.loads(letter["Body"])["seq"] for letter in poison} == {str(BASE + 7)}


def test_raw_records_are_kept_once_as_they_came(account: Cloud) -> None:
    event = _event(shifted(sizes=(60,)))
    for _ in range(2):
        function = RecorderHandler(stream_parts(account.environment).raw())
        assert function(event, None) == {"batchItemFailures": []}
    items = account.items("events")
    assert [item["item"]["S"].lstrip("0") for item in items] == [str(BASE + i) for i in range(60)]
    assert bytes(items[7]["data"]["B"]) == b"not JSON"


@pytest.mark.parametrize("again", [1, 2])
def test_raw_records_in_s3_are_lines_of_json_by_number(account: Cloud, again: int) -> None:
    account.client("s3").create_bucket(Bucket="raw")
    event = _event(shifted(sizes=(20,)))
    environment = account.environment | {"PIXELSHIFT_RECORDER": "s3", "PIXELSHIFT_RECORDER_TARGET": "raw"}
    for _ in range(again):
        assert RecorderHandler(stream_parts(environment).raw())(event, None) == {"batchItemFailures": []}
    listed = account.client("s3").list_objects_v2(Bucket="raw")["Contents"]
    assert len(listed) == 1, "the same batch is the same object"
    body = account.client("s3").get_object(Bucket="raw", Key=listed[0]["Key"])["Body"].read()
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["seq"] for line in lines] == [str(BASE + i) for i in range(20)]
    assert [base64.b64decode(line["data"]) for line in lines][7] == b"not JSON"


def test_raw_records_go_through_firehose(account: Cloud) -> None:
    account.client("s3").create_bucket(Bucket="raw")
    target = {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::raw"}
    account.client("firehose").create_delivery_stream(
        DeliveryStreamName="raw", ExtendedS3DestinationConfiguration=target
    )
    environment = account.environment | {"PIXELSHIFT_RECORDER": "firehose", "PIXELSHIFT_RECORDER_TARGET": "raw"}
    event = _event(shifted(sizes=(600,)))
    assert RecorderHandler(stream_parts(environment).raw())(event, None) == {"batchItemFailures": []}
    found = []
    for item in account.client("s3").list_objects_v2(Bucket="raw")["Contents"]:
        body = account.client("s3").get_object(Bucket="raw", Key=item["Key"])["Body"].read()
        found += [json.loads(line)["seq"] for line in body.splitlines()]
    assert sorted(found) == [str(BASE + i) for i in range(600)]


def test_a_letter_travels_with_its_attempts_and_ends_with_people(account: Cloud) -> None:
    """Through a real queue's attributes: the attempt is counted in them, whatever form they come back in."""
    parts = stream_parts(account.environment)
    queue, people = (account.environment[f"PIXELSHIFT_{name}_QUEUE_URL"] for name in ("POISON", "PEOPLE"))

    def busy(_info: object) -> list[RawRecord]:
        raise OverloadedError("throttled")

    no_pause = Retry(4, 0.0, 0.0)
    handler = ReplayHandler(parts.raw(), busy, parts.poison(), parts.people(), no_pause)
    letter = json.dumps({"KinesisBatchInfo": {}})
    account.client("sqs").send_message(QueueUrl=queue, MessageBody=letter)
    attempts = []
    while (event := account.sqs_event(queue))["Records"]:
        attempts += [record["messageAttributes"].get("attempt") for record in event["Records"]]
        assert handler(event, None) == {"batchItemFailures": []}
    numbers = [attempt and (attempt["stringValue"], attempt["dataType"]) for attempt in attempts]
    assert numbers == [None, ("1", "Number"), ("2", "Number"), ("3", "Number")]
    (given_up,) = account.sqs_event(people)["Records"]
    assert given_up["body"] == letter
    assert {name: value["stringValue"] for name, value in given_up["messageAttributes"].items()} == {
        "attempt": "4",
        "reason": "throttled",
    }
