"""An account in emulators: what the stream functions need, made and named as a deployment names it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from tests.support.moto_server import moto_server

REGION = "us-east-1"
KEYS = [{"AttributeName": "device", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}]
TYPES = [{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in KEYS]


@dataclass
class Cloud:
    """One account. ``environment`` is what a function's configuration would set."""

    urls: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """boto3's client of a service."""
        if service not in self._clients:
            session = boto3.session.Session(region_name=REGION)
            url = self.urls.get(service, self.urls[""])
            self._clients[service] = session.client(service, endpoint_url=url)  # type: ignore[call-overload]  # a variable
        return self._clients[service]

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        return [item for page in pages for item in page["Items"]]

    def messages(self, queue_url: str) -> list[dict[str, Any]]:
        """Takes everything out of a queue."""
        found = []
        while messages := self._receive(queue_url):
            found += messages
            for message in messages:
                self.client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def sqs_event(self, queue_url: str) -> dict[str, Any]:
        """Takes everything out of a queue, in the shape in which Lambda hands it to a function."""
        found = self.messages(queue_url)
        return {"Records": [_sqs_record(message) for message in found]}

    def told(self, queue_url: str) -> list[dict[str, Any]]:
        """Bodies of a topic's messages that a queue got."""
        return [json.loads(json.loads(message["Body"])["Message"]) for message in self.messages(queue_url)]

    def _receive(self, queue_url: str) -> list[dict[str, Any]]:
        answer = self.client("sqs").receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(answer.get("Messages", ()))

    def table(self, name: str) -> str:
        """A table with our two keys."""
        self.client("dynamodb").create_table(
            TableName=name, KeySchema=KEYS, AttributeDefinitions=TYPES, BillingMode="PAY_PER_REQUEST"
        )
        return name

    def stream(self, name: str, shards: int = 1) -> str:
        """A stream, once it is there; its ARN."""
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.settled(name)
        return str(kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"])

    def settled(self, stream: str) -> None:
        """Waits until a stream has taken its new shape."""
        wait_for(lambda: self._status(stream) == "ACTIVE")

    def _status(self, stream: str) -> str:
        summary = self.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        return str(summary["StreamStatus"])


def _sqs_record(message: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    named = {"messageId": message["MessageId"], "body": message["Body"], "messageAttributes": attributes}
    return {**named, "receiptHandle": message["ReceiptHandle"], "eventSource": "aws:sqs"}


def wait_for(condition: Callable[[], object], limit_s: float = 30.0) -> None:
    """Until a condition holds; fails when it never does."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail("waited in vain")
        time.sleep(0.02)


@contextmanager
def cloud(monkeypatch: pytest.MonkeyPatch, **urls: str) -> Iterator[Cloud]:
    """Moto for everything but the services whose endpoints are given; topic, queues and tables are there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with moto_server() as url:
        made = Cloud({"": url, **urls})
        topic = made.client("sns").create_topic(Name="changes")["TopicArn"]
        queues = {
            name: made.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("told", "poison", "people")
        }
        made.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
        made.environment |= {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": url,
            **{f"AWS_ENDPOINT_URL_{service.upper()}": other for service, other in urls.items()},
            "PIXELSHIFT_TOPIC_ARN": topic,
            "PIXELSHIFT_POISON_QUEUE_URL": queues["poison"],
            "PIXELSHIFT_PEOPLE_QUEUE_URL": queues["people"],
            "PIXELSHIFT_RECORDER_TARGET": made.table("events"),
            **{f"PIXELSHIFT_{name.upper()}_TABLE": made.table(name) for name in ("state", "changes", "outbox")},
            "TOLD": queues["told"],
        }
        yield made
