"""A stream of Kinesis in memory, whose shards can be split and merged; the poller reads it as the real one."""

from dataclasses import dataclass, field

from pixelshift.store.kinesis import Page, Shard
from pixelshift.store.raw import RawRecord


@dataclass
class FakeShard:
    """Devices below ``until`` (all, where it is empty) and not below ``begin``."""

    id: str
    begin: str = ""
    until: str = ""
    parents: tuple[str, ...] = ()
    records: list[RawRecord] = field(default_factory=list)
    closed: bool = False


class FakeStream:
    """Iterators are ``shard/place``."""

    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s"

    def __init__(self) -> None:
        self.all = [FakeShard("shardId-0")]

    def put(self, record: RawRecord) -> None:
        """Into the open shard of the record's device."""
        for shard in self.all:
            above = shard.begin <= record.device_id and (not shard.until or record.device_id < shard.until)
            if not shard.closed and above:
                shard.records.append(record)

    def split(self, shard_id: str, at: str) -> None:
        """Devices from ``at`` on get a shard of their own."""
        old = self._close(shard_id)
        self._open(old.begin, at, (old.id,))
        self._open(at, old.until, (old.id,))

    def merge(self, first_id: str, second_id: str) -> None:
        """Two neighbours become one."""
        first, second = self._close(first_id), self._close(second_id)
        self._open(first.begin, second.until, (first.id, second.id))

    def shards(self) -> list[Shard]:
        return [Shard(shard.id, shard.parents) for shard in self.all]

    def iterator(self, shard_id: str, *, start: str, after: int | None = None) -> str:
        records = self._shard(shard_id).records
        return f"{shard_id}/{sum(after is not None and record.seq <= after for record in records)}"

    def read(self, iterator: str, limit: int) -> Page:
        shard_id, _, place = iterator.partition("/")
        shard, begin = self._shard(shard_id), int(place)
        end = min(len(shard.records), begin + limit)
        is_end = shard.closed and end == len(shard.records)
        return Page(shard.records[begin:end], None if is_end else f"{shard_id}/{end}", len(shard.records) - end)

    def _shard(self, shard_id: str) -> FakeShard:
        return next(shard for shard in self.all if shard.id == shard_id)

    def _close(self, shard_id: str) -> FakeShard:
        shard = self._shard(shard_id)
        shard.closed = True
        return shard

    def _open(self, begin: str, until: str, parents: tuple[str, ...]) -> None:
        self.all.append(FakeShard(f"shardId-{len(self.all)}", begin, until, parents))
