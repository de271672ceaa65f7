"""The stream functions against moto's DynamoDB, SNS and SQS, by boto3."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from pixelshift.aws.detector import DetectorHandler
from pixelshift.aws.recorder import RecorderHandler
from pixelshift.stream_wiring import stream_parts
from tests.support.devices import BASE
from tests.support.moto_server import moto_server
from tests.support.series import shifted

KEYS = [{"AttributeName": "device", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}]
TYPES = [{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in KEYS]


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, str], Any]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with moto_server() as url:
        session = boto3.session.Session(region_name="us-east-1")

        def client(service: str) -> Any:
            return session.client(service, endpoint_url=url)  # type: ignore[call-overload]  # the name is a variable

        for table in ("state", "changes", "outbox", "events"):
            client("dynamodb").create_table(
                TableName=table, KeySchema=KEYS, AttributeDefinitions=TYPES, BillingMode="PAY_PER_REQUEST"
            )
        topic = client("sns").create_topic(Name="changes")["TopicArn"]
        queues = {name: client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("told", "poison")}
        client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
        names = {"AWS_ENDPOINT_URL": url, "PIXELSHIFT_TOPIC_ARN": topic, "TOLD": queues["told"]}
        tables = {f"PIXELSHIFT_{name.upper()}_TABLE": name for name in ("state", "changes", "outbox")}
        yield (
            {
                **names,
                **tables,
                "PIXELSHIFT_POISON_QUEUE_URL": queues["poison"],
                "PIXELSHIFT_RECORDER_TARGET": "events",
            },
            client,
        )


def _event(values: list[float]) -> dict[str, Any]:
    rows = [json.dumps({"value": value}).encode() for value in values]
    rows[7] = b"not JSON"
    records = [
        {"kinesis": {"partitionKey": "d", "sequenceNumber": str(BASE + i), "data": base64.b64encode(row).decode()}}
        for i, row in enumerate(rows)
    ]
    return {"Records": records}


def test_records_become_states_changes_and_messages_once(cloud: tuple[dict[str, str], Any]) -> None:
    environment, client = cloud
    event = _event(shifted(sizes=(60, 60, 600, 60)))
    halves = [{"Records": event["Records"][:700]}, {"Records": event["Records"][650:]}]
    for half in [halves[0], halves[0], halves[1], halves[0]]:  # each time a cold start
        parts = stream_parts(environment)
        function = DetectorHandler(parts.service(), parts.poison(), parts.outbox())
        assert function(half, Context()) == {"batchItemFailures": []}
    dynamodb, sqs = client("dynamodb"), client("sqs")
    changes = dynamodb.scan(TableName="changes")["Items"]
    told = []
    while found := sqs.receive_message(QueueUrl=environment["TOLD"], MaxNumberOfMessages=10).get("Messages"):
        told += [json.loads(json.loads(message["Body"])["Message"])["id"] for message in found]
        for message in found:
            sqs.delete_message(QueueUrl=environment["TOLD"], ReceiptHandle=message["ReceiptHandle"])
    assert sorted(told) == sorted(item["id"]["S"] for item in changes)
    assert len(told) >= 2
    assert dynamodb.scan(TableName="outbox")["Count"] == 0
    poison = sqs.receive_message(QueueUrl=environment["PIXELSHIFT_POISON_QUEUE_URL"])["Messages"]
    assert json.loads(poison[0]["Body"])["seq"] == str(BASE + 7)


def test_raw_records_are_kept_once_as_they_came(cloud: tuple[dict[str, str], Any]) -> None:
    environment, client = cloud
    event = _event(shifted(sizes=(60,)))
    for _ in range(2):
        assert RecorderHandler(stream_parts(environment).raw())(event, None) == {"batchItemFailures": []}
    items = client("dynamodb").scan(TableName="events")["Items"]
    assert [item["item"]["S"].lstrip("0") for item in items] == [str(BASE + i) for i in range(60)]
    assert bytes(items[7]["data"]["B"]) == b"not JSON"
