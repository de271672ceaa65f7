"""What stores make of AWS's answers that an emulator does not give."""

from typing import Any

import pytest

from pixelshift.errors import NotFoundError, OverloadedError
from pixelshift.net.boto import AwsRefusalError
from pixelshift.store.device import DeviceCommit
from pixelshift.store.dynamodb import DeviceTables, DynamoDeviceStore
from pixelshift.store.stream import KinesisRange


class Cancelling:
    def __init__(self, *codes: str) -> None:
        self._codes = codes

    def call(self, _operation: str, **_arguments: Any) -> dict[str, Any]:
        reasons = [{"Code": code} for code in self._codes]
        raise AwsRefusalError("refused", code="TransactionCanceledException", answer={"CancellationReasons": reasons})


def _commit(*codes: str) -> bool:
    store = DynamoDeviceStore(Cancelling(*codes), DeviceTables("s", "c", "o"))  # type: ignore[arg-type]  # a stub
    return store.commit(DeviceCommit("d", 1, b"head"))


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_cancelled_for_the_moment_is_overload_and_no_lost_race(code: str) -> None:
    with pytest.raises(OverloadedError):
        _commit("None", code)
    assert not _commit(code, "ConditionalCheckFailed")
    with pytest.raises(AwsRefusalError):
        _commit("None", "ValidationError")


class Shard:
    """Records from a number on, whatever was asked for: a stream drops the oldest."""

    def __init__(self, oldest: int) -> None:
        self._oldest = oldest

    def call(self, operation: str, **_arguments: Any) -> dict[str, Any]:
        if operation == "get_shard_iterator":
            return {"ShardIterator": "i"}
        moment = type("Moment", (), {"timestamp": lambda _self: 1.5})()
        numbers = range(self._oldest, 9)
        one = {"PartitionKey": "d", "Data": b"x", "ApproximateArrivalTimestamp": moment}
        return {"Records": [{**one, "SequenceNumber": str(number)} for number in numbers]}


@pytest.mark.parametrize(("oldest", "is_there"), [(3, True), (4, False), (6, False), (9, False)])
def test_a_range_whose_beginning_is_gone_is_gone(oldest: int, is_there: bool) -> None:
    read = KinesisRange(Shard(oldest))  # type: ignore[arg-type]  # a stub
    info = {"startSequenceNumber": "3", "endSequenceNumber": "5", "batchSize": 3, "streamArn": "a:b/s", "shardId": "x"}
    if is_there:
        assert [record.seq for record in read(info)] == [3, 4, 5]
    else:
        with pytest.raises(NotFoundError):
            read(info)
