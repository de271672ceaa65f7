"""A sink that publishes events to an SNS topic."""

from pixelshift.net.boto import AwsClient
from pixelshift.notify.base import Message


class SnsSink:
    """One message for each event; its id, series and kind are attributes, for filters."""

    def __init__(self, client: AwsClient, topic_arn: str) -> None:
        self._client = client
        self._topic = topic_arn

    def send(self, message: Message) -> None:
        """Publishes; see :class:`pixelshift.notify.base.Sink`."""
        named = {"id": message.id, "series": message.series_id, "kind": message.kind}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in named.items()}
        self._client.call("publish", TopicArn=self._topic, Message=message.body.decode(), MessageAttributes=attributes)

    def close(self) -> None:
        """Closes connections."""
        self._client.close()
