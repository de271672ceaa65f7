"""Records of a Kinesis stream, read again between two sequence numbers."""

from collections.abc import Mapping
from typing import Any

from pixelshift.errors import InvalidRequestError, NotFoundError
from pixelshift.net.boto import AwsClient, AwsRefusalError
from pixelshift.store.kinesis import named, read_back
from pixelshift.store.raw import RawRecord

_PAGES = 200


class KinesisRange:
    """Reads what a ``KinesisBatchInfo`` of Lambda's on-failure record names."""

    def __init__(self, client: AwsClient) -> None:
        self._client = client

    def __call__(self, info: Mapping[str, Any]) -> list[RawRecord]:
        """The records.

        :raises InvalidRequestError: no such description.
        :raises NotFoundError: they are no longer in the stream.
        """
        try:
            first, last, size = int(info["startSequenceNumber"]), int(info["endSequenceNumber"]), int(info["batchSize"])
            place = {**named(str(info["streamArn"])), "ShardId": str(info["shardId"])}
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise InvalidRequestError("this describes no batch of a stream", detail=repr(error)) from error
        try:
            records = self._read(place, first, last)
        except AwsRefusalError as error:
            if error.code in {"ResourceNotFoundException", "InvalidArgumentException"}:
                raise NotFoundError("the stream no longer has these records", detail=error.code) from error
            raise
        if len(records) < min(size, 1) or records[0].seq != first:
            raise NotFoundError("the stream no longer has these records")
        return records

    def _read(self, place: dict[str, str], first: int, last: int) -> list[RawRecord]:
        kind = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": str(first)}
        iterator = self._client.call("get_shard_iterator", **place, **kind)["ShardIterator"]
        found: list[RawRecord] = []
        for _ in range(_PAGES):
            answer = self._client.call("get_records", ShardIterator=iterator, Limit=1_000)
            for record in answer["Records"]:
                if int(record["SequenceNumber"]) > last:
                    return found
                found.append(read_back(record))
            iterator = answer.get("NextShardIterator")
            reached = bool(found) and found[-1].seq >= last
            if reached or not iterator or not answer.get("MillisBehindLatest"):
                break
        return found
