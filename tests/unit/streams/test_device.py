import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.changepoint import Detector, Parameters
from pixelshift.errors import InvalidRequestError
from pixelshift.streams.detection import Detection
from pixelshift.streams.device import Arrival, new_device, push
from pixelshift.streams.device_state import (
    chunk_range,
    decode,
    decode_chunk,
    encode_chunk,
    encode_head,
    without_duplicates,
)
from pixelshift.value import replace
from tests.support.devices import arrivals

PLAIN = Detection()


def _walk(batches: list[list[Arrival]], detection: Detection = PLAIN) -> tuple[object, list[str], dict[int, bytes]]:
    state, detector, ids, chunks = new_device("d", detection), None, [], {}
    for batch in batches:
        rest = batch
        while rest:
            step = push(state, rest, detection, detector=detector)
            state, detector, rest = step.state, step.detector, rest[step.taken :]
            ids += [event.id for event in step.events]
            chunks.update({chunk.number: encode_chunk(chunk) for chunk in step.chunks})
    return state, ids, chunks


def test_events_are_those_of_a_detector_over_the_whole_stream() -> None:
    batch = arrivals(sizes=(200, 300, 150))
    _, ids, _ = _walk([batch])
    expected = Detector().extend([arrival.value for arrival in batch])
    assert expected
    assert ids == [f"d:{batch[change.detected_at].seq}" for change in expected]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=6), st.sampled_from(["detection", "change"]), st.integers(0, 9))
def test_state_and_events_do_not_depend_on_how_the_stream_is_cut(cuts: list[int], reset: str, holes: int) -> None:
    detection = Detection("blog", Parameters(reset=reset, max_points=700))  # type: ignore[arg-type]  # sampled text
    source = random.Random(holes)
    batch = [
        replace(a, value=None) if source.random() < 0.05 * holes else a for a in arrivals(holes, sizes=(130, 140, 700))
    ]
    edges = [0, *sorted(cuts), len(batch)]
    pieces = [batch[a:b] for a, b in pairwise(edges)]
    assert _walk(pieces, detection) == _walk([batch], detection)


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 1023, 1024, 1025, 1536])
@pytest.mark.parametrize("max_points", [None, 16, 600])
def test_a_state_at_every_edge_of_a_chunk_is_put_together_again(count: int, max_points: int | None) -> None:
    detection = Detection("blog", Parameters(alpha=1e-9, max_points=max_points))
    holes = [replace(a, value=None) if i % 7 == 3 else a for i, a in enumerate(arrivals(sizes=(count * 7 // 6 + 2,)))]
    state, _, chunks = _walk([holes], detection)
    head = encode_head(state)  # type: ignore[arg-type]  # the walk's state
    first, end = chunk_range(head)
    assert decode("d", head, [decode_chunk(chunks[n]) for n in range(first, end)]) == state


def test_what_was_missing_before_a_segment_is_put_together_again() -> None:
    batch = arrivals(sizes=(60, 700))
    detection = Detection("blog", Parameters(alpha=1e-6))
    first, *others = detection.detector().extend([arrival.value for arrival in batch])
    assert not others
    at = first.detected_at + 1
    holes = [replace(a, value=None) if at <= i < at + 2 else a for i, a in enumerate(batch)]
    state, ids, chunks = _walk([holes], detection)
    assert len(ids) == 1
    head = encode_head(state)  # type: ignore[arg-type]  # the walk's state
    assert decode("d", head, [decode_chunk(chunks[n]) for n in range(*chunk_range(head))]) == state


def test_a_long_segment_has_a_small_head() -> None:
    detection = Detection("blog", Parameters(alpha=1e-12))
    state, _, chunks = _walk([arrivals(sizes=(60_000,))], detection)
    assert len(state.detector) > 400_000  # type: ignore[attr-defined]  # the walk's state
    assert len(encode_head(state)) < 12_000  # type: ignore[arg-type]
    assert max(map(len, chunks.values())) < 5_000


def test_a_change_of_parameters_begins_anew_and_says_so() -> None:
    batch = arrivals(sizes=(50, 60))
    state = push(new_device("d", PLAIN), batch[:30], PLAIN).state
    other = Detection("blog", Parameters(alpha=0.001))
    step = push(state, batch[30:], other)
    assert step.events[0].id == f"d:{batch[30].seq}:reset"
    alone = Detector(alpha=0.001).extend([a.value for a in batch[30:]])
    assert [e.id for e in step.events][1:] == [f"d:{batch[30 + c.detected_at].seq}" for c in alone]
    assert alone


def test_repetitions_stragglers_and_gaps_are_counted() -> None:
    rows = [Arrival(10, 1.0, number=1), Arrival(11, 2.0, number=5), Arrival(11, 2.0, number=5), Arrival(9, 0.0)]
    rows += [Arrival(12, 3.0, number=4), Arrival(13, None, fault="no JSON"), Arrival(14, None)]
    tally = push(new_device("d", PLAIN), rows, PLAIN).state.tally
    assert (tally.accepted, tally.duplicates, tally.late, tally.gaps) == (4, 2, 1, 3)
    assert (tally.poison, tally.missing) == (1, 1)


def test_what_cannot_be_read_takes_its_place_in_the_stream() -> None:
    batch = arrivals(sizes=(40, 40))
    poisoned = [replace(a, value=None, fault="x") if i == 20 else a for i, a in enumerate(batch)]
    values = [None if i == 20 else a.value for i, a in enumerate(batch)]
    detector = Detector()
    changes = detector.extend(values)
    step = push(new_device("d", PLAIN), poisoned, PLAIN)
    assert step.state.detector == detector.to_bytes()
    assert len(step.events) == len(changes) > 0


def test_numbers_are_compared_as_numbers() -> None:
    step = push(new_device("d", PLAIN), [Arrival(9, 1.0), Arrival(10, 2.0)], PLAIN)
    assert step.state.tally.accepted == 2


def test_equal_times_and_a_clock_that_goes_back_change_nothing() -> None:
    batch = arrivals(sizes=(50, 50))
    skewed = [replace(a, time="2020") for a in batch]
    assert _walk([batch])[1] == _walk([skewed])[1]


@pytest.mark.parametrize("damage", [b"", b"x", b"\x78\x9c"])
def test_a_damaged_head_is_refused(damage: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="damaged"):
        chunk_range(damage)


def test_a_state_of_a_newer_release_is_refused_with_advice() -> None:
    import json
    import zlib

    head = json.loads(zlib.decompress(encode_head(new_device("d", PLAIN))))
    newer = zlib.compress(json.dumps({**head, "format": 99}).encode())
    with pytest.raises(InvalidRequestError, match="deploy the release"):
        decode("d", newer, [])


def test_duplicates_alone_do_not_make_states_differ() -> None:
    batch = arrivals(sizes=(30,))
    assert without_duplicates(_walk([batch, batch])[0]) == without_duplicates(_walk([batch])[0])  # type: ignore[arg-type]
