"""The rules of an event source mapping, each against what AWS's documentation says of it."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.aws.invoke import EmulatedFunction, FunctionError, LocalFunction, function_at
from pixelshift.aws.mapping import PAYLOAD_BYTES, Delivery, MappingOptions, Place, batches
from pixelshift.errors import InvalidRequestError
from pixelshift.store.raw import RawRecord
from tests.support.http_server import RawServer, reply

PLACE = Place("arn:aws:kinesis:eu-west-1:000000000000:stream/s", "shardId-000000000000")


class Function:
    """Remembers what it was given; ``poison`` numbers make it fail, named or by an exception."""

    def __init__(self, poison: Sequence[int] = (), *, names: bool = False) -> None:
        self.calls: list[list[int]] = []
        self.poison = set(poison)
        self.names = names

    def __call__(self, event: Mapping[str, Any]) -> Any:
        seqs = [int(record["kinesis"]["sequenceNumber"]) for record in event["Records"]]
        self.calls.append(seqs)
        wrong = sorted(self.poison & set(seqs))
        if wrong and not self.names:
            raise ValueError("poison")
        return {"batchItemFailures": [{"itemIdentifier": str(seq)} for seq in reversed(wrong)]}


def _records(count: int, at_s: float = 100.0) -> list[RawRecord]:
    return [RawRecord("d", 1_000 + i, b"x", at_s) for i in range(count)]


def _deliver(function: Any, options: MappingOptions, count: int = 8) -> tuple[Delivery, list[dict[str, Any]]]:
    letters: list[dict[str, Any]] = []
    delivery = Delivery(options, PLACE, function, letters.append, clock=lambda: 107.0, pause=lambda _: None)
    delivery.deliver(_records(count))
    return delivery, letters


def test_a_batch_that_is_taken_is_handed_over_once_in_lambdas_shape() -> None:
    seen: list[Mapping[str, Any]] = []
    delivery, letters = _deliver(seen.append, MappingOptions(), 1)
    assert seen[0]["Records"][0] == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "d",
            "sequenceNumber": "1000",
            "data": "eA==",
            "approximateArrivalTimestamp": 100.0,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1000",
        "eventName": "aws:kinesis:record",
        "awsRegion": "eu-west-1",
        "eventSourceARN": PLACE.stream_arn,
    }
    assert not letters
    assert (delivery.counts.delivered, delivery.counts.iterator_age_s) == (1, 7.0)


def test_without_bisection_the_whole_batch_comes_again_and_is_then_given_up() -> None:
    function = Function([1_003])
    delivery, letters = _deliver(function, MappingOptions(retries=2))
    assert function.calls == [list(range(1_000, 1_008))] * 3
    assert letters[0]["requestContext"] == {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3}
    info = letters[0]["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == ("1000", "1007", 8)
    assert info["approximateArrivalOfFirstRecord"] == "1970-01-01T00:01:40.000Z"
    assert delivery.counts.dropped == 8


@pytest.mark.parametrize("poison", range(8))
def test_bisection_finds_the_one_poisoned_record_and_uses_up_no_retry(poison: int) -> None:
    function = Function([1_000 + poison])
    delivery, letters = _deliver(function, MappingOptions(bisect=True, retries=2))
    assert [letter["KinesisBatchInfo"]["batchSize"] for letter in letters] == [1]
    assert letters[0]["KinesisBatchInfo"]["startSequenceNumber"] == str(1_000 + poison)
    assert letters[0]["requestContext"]["approximateInvokeCount"] == 3
    assert delivery.counts.delivered == 7
    taken = [seq for call in function.calls for seq in call if not set(call) & function.poison]
    assert taken == [1_000 + i for i in range(8) if i != poison]


def test_reported_failures_go_on_from_the_lowest_number() -> None:
    function = Function([1_003, 1_006], names=True)
    _, letters = _deliver(function, MappingOptions(report_failures=True, retries=1))
    assert function.calls == [list(range(1_000, 1_008)), list(range(1_003, 1_008))]
    assert letters[0]["KinesisBatchInfo"]["startSequenceNumber"] == "1003"


def test_reports_are_not_read_unless_the_mapping_says_so() -> None:
    function = Function([1_003], names=True)
    delivery, letters = _deliver(function, MappingOptions(retries=1))
    assert len(function.calls) == 1
    assert not letters
    assert delivery.counts.delivered == 8


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, "done"])
def test_an_answer_without_failures_is_success(answer: object) -> None:
    delivery, letters = _deliver(lambda _: answer, MappingOptions(report_failures=True, retries=0))
    assert not letters
    assert delivery.counts.delivered == 8


@pytest.mark.parametrize(
    "failures",
    [[{"itemIdentifier": ""}], [{"itemIdentifier": None}], [{"wrong": "1003"}], [{"itemIdentifier": "7"}], [1]],
)
def test_a_failure_that_names_no_record_fails_the_whole_batch(failures: list[object]) -> None:
    calls: list[Mapping[str, Any]] = []

    def function(event: Mapping[str, Any]) -> Any:
        calls.append(event)
        return {"batchItemFailures": failures}

    _, letters = _deliver(function, MappingOptions(report_failures=True, retries=1))
    assert [len(call["Records"]) for call in calls] == [8, 8]
    assert letters[0]["KinesisBatchInfo"]["batchSize"] == 8


def test_records_that_are_too_old_are_left_behind_unread() -> None:
    function, letters = Function(), []
    delivery = Delivery(MappingOptions(max_age_s=60), PLACE, function, letters.append, clock=lambda: 200.0)  # type: ignore[arg-type]  # the list takes any letter
    delivery.deliver([*_records(3, at_s=100.0), RawRecord("d", 5000, b"x", 150.0)])
    assert function.calls == [[5_000]]
    assert letters[0]["requestContext"]["condition"] == "RecordAgeExceeded"  # type: ignore[index]  # the letter
    assert letters[0]["KinesisBatchInfo"]["batchSize"] == 3  # type: ignore[index]


def test_a_batch_that_ages_while_it_is_retried_is_left_behind() -> None:
    now = [100.0]

    def pause(pause_s: float) -> None:
        now[0] += 30 * pause_s

    function, letters = Function([1_000]), []
    delivery = Delivery(
        MappingOptions(max_age_s=60),
        PLACE,
        function,
        letters.append,
        clock=lambda: now[0],
        pause=pause,  # type: ignore[arg-type]
    )
    delivery.deliver(_records(2))
    assert 1 < len(function.calls) < 10
    assert delivery.counts.dropped == 2


@given(
    st.integers(1, 40),
    st.sets(st.integers(0, 39)),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
def test_every_record_is_taken_or_told_once_and_order_is_kept(
    count: int, poison: set[int], retries: int, names: bool, bisect: bool
) -> None:
    function = Function([1_000 + i for i in poison], names=names)
    options = MappingOptions(retries=retries, bisect=bisect, report_failures=True)
    delivery, letters = _deliver(function, options, count)
    told = [
        seq
        for letter in letters
        for seq in range(
            int(letter["KinesisBatchInfo"]["startSequenceNumber"]),
            int(letter["KinesisBatchInfo"]["endSequenceNumber"]) + 1,
        )
    ]
    assert len(told) == len(set(told)) == delivery.counts.dropped
    assert delivery.counts.delivered + delivery.counts.dropped == count
    assert [call[0] for call in function.calls] == sorted(call[0] for call in function.calls)
    if bisect and not names and retries:
        assert set(told) == {1_000 + i for i in poison if i < count}


@given(st.lists(st.integers(0, 200_000), max_size=80), st.integers(1, 20))
def test_batches_keep_order_size_and_the_payload_of_a_call(sizes: list[int], most: int) -> None:
    records = [RawRecord("d", i, bytes(size)) for i, size in enumerate(sizes)]
    cut = list(batches(records, most))
    assert [record for batch in cut for record in batch] == records
    assert all(len(batch) <= most for batch in cut)
    assert all(sum(len(r.data) * 4 // 3 for r in batch) <= PAYLOAD_BYTES for batch in cut if len(batch) > 1)


def test_functions_are_found_by_name_or_address() -> None:
    found = function_at("pixelshift.aws.detector:handler", 3.0)
    assert isinstance(found, LocalFunction)
    assert found.timeout_s == 3.0
    assert isinstance(function_at("pixelshift.aws.detector.handler"), LocalFunction)
    assert isinstance(function_at("http://127.0.0.1:9000"), EmulatedFunction)


@pytest.mark.parametrize(
    "target", ["", "handler", "pixelshift.aws.detector:no", "no_such.module:handler", "a:b:c", ":x"]
)
def test_a_function_that_is_not_there_is_a_clear_error(target: str) -> None:
    with pytest.raises(InvalidRequestError, match="no handler"):
        function_at(target)


def test_a_function_in_a_container_is_called_and_its_errors_are_read_from_the_body() -> None:
    answers = [b'{"batchItemFailures": []}', b'{"errorType": "X", "errorMessage": "y"}', b"Task timed out after 3.00 s"]
    with closing(RawServer(lambda connection, _: connection.sendall(reply(200, answers.pop(0), {})))) as server:
        function = EmulatedFunction(server.url)
        assert function({"Records": []}) == {"batchItemFailures": []}
        for _ in range(2):
            with pytest.raises(FunctionError):
                function({"Records": []})
        assert json.loads(server.seen[0].body) == {"Records": []}
        assert server.seen[0].target == "/2015-03-31/functions/function/invocations"
