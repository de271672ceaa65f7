"""The parts of the stream functions, chosen by settings; apart from `wiring` so that they start without images."""

import json
import os
import time
from collections.abc import Mapping

from pixelshift.environment import load
from pixelshift.errors import InvalidRequestError, SettingsError
from pixelshift.net.boto import AwsClient, AwsSettings
from pixelshift.notify.sns import SnsSink
from pixelshift.notify.sqs import SqsQueue
from pixelshift.settings import Settings
from pixelshift.store.dynamodb import DeviceTables, DynamoChanges, DynamoDeviceStore
from pixelshift.store.kinesis import KinesisStream
from pixelshift.store.raw import DynamoRawStore, FirehoseRawStore, RawStore, S3RawStore
from pixelshift.store.stream import KinesisRange
from pixelshift.streams.detection import Detection, detection_of
from pixelshift.streams.device_service import DeviceOutbox, DeviceService
from pixelshift.value import field, frozen


@frozen
class StreamParts:
    """Builds what the functions need; no client is made before its first call."""

    settings: Settings
    environment: Mapping[str, str]
    _clients: dict[str, AwsClient] = field(default_factory=dict)
    """One of each service: they are slow to build and may be shared."""

    def service(self) -> DeviceService:
        """The detector's use case."""
        return DeviceService(self._store(), self._detection())

    def outbox(self) -> DeviceOutbox:
        """What carries events to the topic."""
        topic = _given("PIXELSHIFT_TOPIC_ARN", self.settings.stream.topic_arn)
        return DeviceOutbox(self._store(), SnsSink(self._client("sns"), topic))

    def poison(self) -> SqsQueue:
        """The queue that the replay function works over."""
        return SqsQueue(
            self._client("sqs"), _given("PIXELSHIFT_POISON_QUEUE_URL", self.settings.stream.poison_queue_url)
        )

    def people(self) -> SqsQueue:
        """The queue that people look at."""
        return SqsQueue(
            self._client("sqs"), _given("PIXELSHIFT_PEOPLE_QUEUE_URL", self.settings.stream.people_queue_url)
        )

    def read_range(self) -> KinesisRange:
        """What reads lost batches again."""
        return KinesisRange(self._client("kinesis"))

    def raw(self) -> RawStore:
        """Where raw records are kept."""
        chosen = self.settings.stream
        target = _given("PIXELSHIFT_RECORDER_TARGET", chosen.recorder_target)
        if chosen.recorder == "s3":
            return S3RawStore(self._client("s3"), target)
        if chosen.recorder == "firehose":
            return FirehoseRawStore(self._client("firehose"), target)
        return DynamoRawStore(self._client("dynamodb"), target, pause=time.sleep)

    def stream(self, name: str) -> KinesisStream:
        """A stream by its ARN, or by its name in this account and region.

        :raises OriginError: there is none of that name.
        """
        client = self._client("kinesis")
        if not name.startswith("arn:"):
            answer = client.call("describe_stream_summary", StreamName=name)
            name = answer["StreamDescriptionSummary"]["StreamARN"]
        return KinesisStream(client, name)

    def changes(self) -> DynamoChanges:
        """What was found so far."""
        return DynamoChanges(
            self._client("dynamodb"), _given("PIXELSHIFT_CHANGES_TABLE", self.settings.stream.changes_table)
        )

    def detection(self) -> Detection:
        """The detector that the functions run.

        :raises SettingsError: its parameters are wrong.
        """
        return self._detection()

    def queue(self, url: str) -> SqsQueue:
        """Any queue."""
        return SqsQueue(self._client("sqs"), url)

    def _store(self) -> DynamoDeviceStore:
        chosen = self.settings.stream
        tables = DeviceTables(
            _given("PIXELSHIFT_STATE_TABLE", chosen.state_table),
            _given("PIXELSHIFT_CHANGES_TABLE", chosen.changes_table),
            _given("PIXELSHIFT_OUTBOX_TABLE", chosen.outbox_table),
        )
        return DynamoDeviceStore(self._client("dynamodb"), tables)

    def _detection(self) -> Detection:
        try:
            return detection_of(json.loads(self.settings.stream.detector))
        except (ValueError, TypeError, InvalidRequestError) as error:
            raise SettingsError(f"PIXELSHIFT_STREAM_DETECTOR: {error}") from None

    def _client(self, service: str) -> AwsClient:
        own = self.environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or self.settings.origin.endpoint or None
        return self._clients.setdefault(service, AwsClient(service, AwsSettings(self.settings.origin.region, own)))


def stream_parts(environment: Mapping[str, str] = os.environ) -> StreamParts:
    """The parts as the environment wants them.

    :raises SettingsError: the environment cannot be used.
    """
    return StreamParts(load(environment), environment)


def _given(name: str, value: str) -> str:
    if not value:
        raise SettingsError(f"{name} must be set for this function")
    return value
