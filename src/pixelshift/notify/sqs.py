"""Queues: where letters wait that could not be read or done."""

from collections.abc import Mapping

from pixelshift.net.boto import AwsClient

DELAY_LIMIT_S = 900
"""SQS refuses a longer one."""


class SqsQueue:
    """One standard queue; FIFO queues know no delay of a single message.

    :raises PixelshiftError: the message was not taken, as far as is known.
    """

    def __init__(self, client: AwsClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, body: str, *, delay_s: int = 0, attributes: Mapping[str, int | str] | None = None) -> None:
        """Puts one message into the queue, to be seen after ``delay_s``, which is held to 0 to 900."""
        self._client.call(
            "send_message",
            QueueUrl=self._url,
            MessageBody=body,
            DelaySeconds=max(0, min(DELAY_LIMIT_S, delay_s)),
            MessageAttributes={
                name: {"DataType": "Number" if isinstance(value, int) else "String", "StringValue": str(value)}
                for name, value in (attributes or {}).items()
            },
        )
