"""A Kinesis stream: its shards and their records, and putting records into it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pixelshift.errors import OverloadedError
from pixelshift.net.boto import AwsClient, AwsRefusalError
from pixelshift.store.raw import RawRecord
from pixelshift.value import frozen

PUT_RECORDS = 500
PUT_BYTES = 5 * 1024 * 1024 - 64 * 1024
"""Of one call, a little below what Kinesis takes."""


@frozen
class Shard:
    """One shard; ``parents`` are those that it was split or merged from."""

    id: str
    parents: tuple[str, ...] = ()


@frozen
class Page:
    """Records read at once."""

    records: Sequence[RawRecord]
    next: str | None
    """Where to go on; ``None`` at the end of a closed shard."""
    behind_ms: int = 0


class KinesisStream:
    """One stream, by its ARN.

    :raises OverloadedError: throttled.
    :raises OriginError: does not answer, or refuses.
    """

    def __init__(self, client: AwsClient, arn: str) -> None:
        self._client = client
        self.arn = arn

    def shards(self) -> list[Shard]:
        """All shards that the stream still has, closed ones too."""
        found: list[Shard] = []
        arguments: dict[str, Any] = {"StreamARN": self.arn}
        while True:
            answer = self._client.call("list_shards", **arguments)
            found += map(_shard, answer["Shards"])
            if not answer.get("NextToken"):
                return found
            arguments = {"NextToken": answer["NextToken"]}

    def iterator(self, shard_id: str, *, start: str, after: int | None = None) -> str:
        """A place to read from: ``TRIM_HORIZON``, ``LATEST``, or behind the number ``after``."""
        if after is not None:
            kind = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(after)}
        else:
            kind = {"ShardIteratorType": start}
        answer = self._client.call("get_shard_iterator", **named(self.arn), ShardId=shard_id, **kind)
        return str(answer["ShardIterator"])

    def read(self, iterator: str, limit: int) -> Page | None:
        """Records from a place on; ``None`` when the iterator has grown too old."""
        try:
            answer = self._client.call("get_records", ShardIterator=iterator, Limit=min(10_000, limit))
        except AwsRefusalError as error:
            if error.code == "ExpiredIteratorException":
                return None
            raise
        records = [read_back(record) for record in answer["Records"]]
        return Page(records, answer.get("NextShardIterator"), int(answer.get("MillisBehindLatest") or 0))

    def put(self, rows: Sequence[tuple[str, bytes]]) -> list[int]:
        """Puts (partition key, data) pairs; returns the places of those that were not taken."""
        entries = [{"PartitionKey": key, "Data": data} for key, data in rows]
        answer = self._client.call("put_records", StreamARN=self.arn, Records=entries)
        refused = [i for i, record in enumerate(answer["Records"]) if record.get("ErrorCode")]
        if len(answer["Records"]) != len(rows):
            raise OverloadedError("kinesis answered for fewer records than it was given", retry_after_s=1)
        return refused


def named(arn: str) -> dict[str, str]:
    """A stream by ARN and by name: AWS takes either, emulators not always."""
    return {"StreamARN": arn, "StreamName": arn.rpartition("/")[2]}


def read_back(record: Mapping[str, Any]) -> RawRecord:
    """A record as ``GetRecords`` answers it."""
    arrived = record["ApproximateArrivalTimestamp"].timestamp()
    return RawRecord(str(record["PartitionKey"]), int(record["SequenceNumber"]), bytes(record["Data"]), arrived)


def _shard(shard: Mapping[str, Any]) -> Shard:
    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return Shard(str(shard["ShardId"]), tuple(str(parent) for parent in parents if parent))
