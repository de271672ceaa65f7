import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.changepoint import detect
from pixelshift.notify.base import Message
from pixelshift.streams.feed import Feed
from pixelshift.streams.outbox import Dispatcher
from pixelshift.streams.service import SeriesService
from pixelshift.web.series import create_series_app
from pixelshift.web.series_body import BodyLimits, LineSplitter
from tests.support.asgi_server import serving
from tests.support.series import service_in, shifted

LIMITS = BodyLimits(body_bytes=100_000, stream_bytes=200_000, line_bytes=200, stream_rows=50, idle_s=0.3)
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SeriesService]:
    made = service_in(tmp_path, sinks=("hook",))
    made.feed = Feed(limit=2)
    yield made
    made.store.close()


@pytest.fixture
def client(service: SeriesService) -> Iterator[httpx.Client]:
    with serving(create_series_app(service, limits=LIMITS)) as url, httpx.Client(base_url=url, timeout=20) as made:
        yield made


def rows(values: list[float], start: int = 0) -> list[dict[str, Any]]:
    return [{"value": value, "seq": start + i} for i, value in enumerate(values)]


def lines(records: list[Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_single_batch_and_lines_are_taken_alike(client: httpx.Client) -> None:
    values = shifted()
    for record in rows(values[:5]):
        assert client.post("/series/one/points", json=record).json()["accepted"] == 1
    client.post("/series/one/points", json=rows(values[5:], 5))
    batch = client.post("/series/batch/points", json={"points": rows(values)}).json()
    stream = client.post("/series/stream/points", content=lines(rows(values)), headers=LINES).json()
    bare = client.post("/series/bare/points", json=values).json()
    expected = [(c.index, c.offset) for c in detect(values)]
    for answer in (batch, stream, bare):
        assert [(c["index"], c["offset"]) for c in answer["changes"]] == expected
        assert (answer["accepted"], answer["last_seq"], answer["position"]) == (180, 179, 180)
    for name in ("one", "batch", "stream", "bare"):
        kept = client.get(f"/series/{name}/changes").json()["changes"]
        assert [(c["index"], c["offset"]) for c in kept] == expected


def test_the_same_batch_again_is_no_second_effect(client: httpx.Client) -> None:
    client.post("/series/cpu/points", json=rows(shifted()))
    again = client.post("/series/cpu/points", json=rows(shifted())).json()
    assert (again["accepted"], again["duplicates"], again["changes"]) == (0, 180, [])
    assert len(client.get("/series/cpu/changes").json()["changes"]) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([{"value": 1}, {"value": "high"}], 'row 2: "high" is not a number'),
        ([{"value": 1}, {}], "row 2: no value; say null where it is missing"),
        ([1, True], "row 2: true is not a number"),
        ([1, {"value": 1, "seq": -1}], "row 2: seq must be a whole number from 0 to 2^62 - 1"),
        ([1, {"value": 1, "seq": 1.5}], "row 2: seq must be a whole number from 0 to 2^62 - 1"),
        ([1, {"value": 1, "time": []}], "row 2: time must be a number or a text of at most 64 signs"),
        ([1, {"value": 1, "tim": 3}], "row 2: unknown member 'tim'; there are: value, seq, time"),
        ([1, 10**400], "row 2: the number is too large"),
    ],
)
def test_a_wrong_row_refuses_the_whole_batch_or_is_skipped_as_asked(
    body: list[Any], message: str, client: httpx.Client
) -> None:
    refused = client.post("/series/cpu/points", json=body)
    assert (refused.status_code, refused.json()["message"]) == (400, message)
    assert client.get("/series/cpu").status_code == 404
    skipped = client.post("/series/cpu/points?on_error=skip", json=body).json()
    assert (skipped["accepted"], skipped["refused"], skipped["refused_rows"][0]["row"]) == (1, 1, 2)


def test_lines_before_a_wrong_one_are_taken_and_the_answer_says_how_many(client: httpx.Client) -> None:
    body = lines([1, 2]) + b'{"value": x}\n' + b"9" * 300 + b"\n" + lines([3])
    refused = client.post("/series/cpu/points", content=body, headers=LINES)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("row 3: not JSON")
    skipped = client.post("/series/cpu/points?on_error=skip", content=body, headers=LINES).json()
    assert (skipped["accepted"], skipped["refused"]) == (3, 2)
    assert skipped["refused_rows"][1] == {"row": 4, "reason": "the line is too long"}


def test_rows_of_a_stream_count_while_it_is_still_open(service: SeriesService, client: httpx.Client) -> None:
    seen: list[int] = []

    def body() -> Iterator[bytes]:
        moved = threading.Event()
        onlooker = service.feed.join("cpu", moved.set)
        for i in range(3):
            yield lines([{"value": 1.0, "seq": i}])
            assert moved.wait(20)
            moved.clear()
            seen.append(service.head("cpu").position)
        service.feed.leave(onlooker)

    answer = client.post("/series/cpu/points", content=body(), headers=LINES)
    assert seen == [1, 2, 3]
    assert answer.json()["accepted"] == 3


def test_a_body_that_stops_coming_is_given_up_and_what_came_is_kept(client: httpx.Client) -> None:
    import socket

    host, port = client.base_url.host, client.base_url.port or 0
    with socket.create_connection((host, port), timeout=20) as connection:
        head = "POST /series/cpu/points HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        connection.sendall(head.encode() + b"Content-Length: 100\r\n\r\n1\n2\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
    assert client.get("/series/cpu").json()["position"] == 2


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_beyond_the_limit_is_refused(kind: str, is_declared: bool, client: httpx.Client) -> None:
    body = (b"1" + b" " * 148 + b"\n") * 2_000
    content = body if is_declared else iter([body[:100_000], body[100_000:]])
    answer = client.post("/series/cpu/points", content=content, headers={"content-type": kind})
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_that_a_foreign_page_could_send_unasked_is_refused(kind: str, client: httpx.Client) -> None:
    answer = client.post("/series/cpu/points", content=b"1", headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"points": 5}', b"[" * 50_000, b'{"points": [], "x": 1}'])
def test_a_body_that_is_no_batch_is_the_clients_mistake(body: bytes, client: httpx.Client) -> None:
    answer = client.post("/series/cpu/points", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["a%2Fb", "a%20b", "x" * 129, "%00", "%2E%2E"])
def test_a_name_that_is_none_is_the_clients_mistake(name: str, client: httpx.Client) -> None:
    assert client.post(f"/series/{name}/points", json=1).status_code in (400, 404, 405, 422)
    assert client.get("/series").json()["series"] == []


def test_settings_are_given_shown_and_refused_by_name(client: httpx.Client) -> None:
    given = {"detector": {"preset": "recommended"}, "keep_points": 1_000}
    assert client.put("/series/cpu/settings", json=given).status_code == 200
    assert client.get("/series/cpu/settings").json() == {**given, "keep_changes": 10_000}
    refused = client.put("/series/cpu/settings", json={"detector": {"alfa": 1}})
    assert refused.status_code == 400
    assert "unknown setting 'alfa'" in refused.json()["message"]
    refused = client.put("/series/cpu/settings", json={"detector": {"threshold": 10**400}})
    assert refused.status_code == 400
    assert "threshold must be a finite number" in refused.json()["message"]
    assert client.get("/series/none/settings").status_code == 404


def test_series_are_listed_in_pages_shown_and_deleted(client: httpx.Client) -> None:
    for name in ("a", "b", "c"):
        client.post(f"/series/{name}/points", json=[1, None, 2.5])
    first = client.get("/series?limit=2").json()
    assert ([s["id"] for s in first["series"]], first["next"]) == (["a", "b"], "b")
    assert [s["id"] for s in client.get("/series?after=b").json()["series"]] == ["c"]
    shown = client.get("/series/a").json()
    assert (shown["position"], shown["last_value"], shown["counts"]["missing"]) == (3, 2.5, 1)
    assert client.delete("/series/a").status_code == 204
    assert client.delete("/series/a").status_code == 404
    assert client.get("/series/a/changes").status_code == 404


def test_points_are_read_from_a_place_or_from_the_end(client: httpx.Client) -> None:
    client.post("/series/cpu/points", json=rows([float(i) for i in range(10)], 100))
    last = client.get("/series/cpu/points?limit=2").json()["points"]
    assert last == [[8, 108, 8.0, None], [9, 109, 9.0, None]]
    assert client.get("/series/cpu/points?from=3&limit=1").json()["points"] == [[3, 103, 3.0, None]]


def test_the_plot_is_an_image_that_may_load_nothing(client: httpx.Client) -> None:
    client.post("/series/cpu/points", json=rows(shifted()))
    answer = client.get("/series/cpu/plot.svg?theme=dark")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert ET.fromstring(answer.text).tag.endswith("svg")
    assert client.get("/series/none/plot.svg").status_code == 404


class Listener:
    """Reads server-sent events one by one; those of other kinds wait, since a change may overtake its points."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self._waiting: list[dict[str, str]] = []

    def next(self, kind: str) -> tuple[str, dict[str, Any]]:
        event = next((event for event in self._waiting if event.get("event") == kind), None)
        if event is not None:
            self._waiting.remove(event)
        while event is None:
            read = self._read()
            if read.get("event") == kind:
                event = read
            else:
                self._waiting.append(read)
        return event.get("id", ""), json.loads(event["data"])

    def _read(self) -> dict[str, str]:
        event: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return event
            name, _, value = line.partition(": ")
            event[name] = value
        raise AssertionError("the stream ended")


def test_events_arrive_while_they_happen_and_after_a_break_from_where_it_was(client: httpx.Client) -> None:
    values = shifted(sizes=(60, 60, 60))
    first, second = detect(values)
    client.post("/series/cpu/points", json=rows(values[:10]))
    with client.stream("GET", "/series/cpu/events") as response:
        listener = Listener(response)
        client.post("/series/cpu/points", json=rows(values[10 : first.detected_at + 1], 10))
        points = listener.next("points")[1]["points"]
        assert [point[0] for point in points] == list(range(10, first.detected_at + 1))
        number, change = listener.next("change")
        assert (change["index"], change["series"]) == (first.index, "cpu")
    client.post("/series/cpu/points", json=rows(values[first.detected_at + 1 :], first.detected_at + 1))
    with client.stream("GET", "/series/cpu/events", headers={"Last-Event-ID": number}) as response:
        assert Listener(response).next("change")[1]["index"] == second.index
    with client.stream("GET", "/series/cpu/events?after=0") as response:
        listener = Listener(response)
        assert [listener.next("change")[1]["index"] for _ in range(2)] == [first.index, second.index]


def test_onlookers_of_all_series_hear_of_moves_and_changes(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as response:
        listener = Listener(response)
        client.post("/series/a/points", json=rows(shifted()))
        assert [move["id"] for move in listener.next("moves")[1]["series"]] == ["a"]
        assert listener.next("change")[1]["series"] == "a"


def test_events_of_another_process_are_found_too(tmp_path: Path, client: httpx.Client) -> None:
    client.post("/series/cpu/points", json=1)
    with client.stream("GET", "/series/cpu/events") as response:
        listener = Listener(response)
        other = service_in(tmp_path)
        from tests.support.series import numbered

        other.push("cpu", numbered(shifted(), 1))
        assert listener.next("change")[1]["series"] == "cpu"
        other.store.close()


def test_onlookers_are_bounded_and_leave_their_place(service: SeriesService, client: httpx.Client) -> None:
    client.post("/series/cpu/points", json=1)
    with client.stream("GET", "/series/cpu/events") as one, client.stream("GET", "/events") as two:
        assert (one.status_code, two.status_code) == (200, 200)
        full = client.get("/series/cpu/events")
        assert (full.status_code, full.headers["retry-after"]) == (503, "30")
    for _ in range(200):  # each request gives the server a turn to notice that they went
        if client.get("/series/cpu").is_success and service.feed._count == 0:
            break
    assert service.feed._count == 0


def test_dead_letters_are_shown_and_sent_again(service: SeriesService, client: httpx.Client) -> None:
    client.post("/series/cpu/points", json=rows(shifted()))
    Dispatcher(service.store, {}).run_once()
    letters = client.get("/dead-letters").json()["dead_letters"]
    assert [letter["sink"] for letter in letters] == ["hook"]
    assert letters[0]["event"]["series"] == "cpu"
    assert client.post(f"/dead-letters/{letters[0]['number']}").status_code == 204
    assert client.post(f"/dead-letters/{letters[0]['number']}").status_code == 404
    taken: list[str] = []

    class Sink:
        def send(self, message: Message) -> None:
            taken.append(message.id)

        def close(self) -> None: ...

    Dispatcher(service.store, {"hook": Sink()}).run_once()
    assert taken[0] == letters[0]["event"]["id"]


def test_with_a_token_everything_but_the_pages_files_asks_for_it(service: SeriesService) -> None:
    with serving(create_series_app(service, token="s3cret")) as url:
        for path in ("/series", "/series/a", "/series/a/changes", "/series/a/events", "/events", "/dead-letters"):
            assert httpx.get(url + path).status_code == 401
            assert httpx.get(url + path, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert httpx.post(url + "/series/a/points", json=1).status_code == 401
        good = {"authorization": "Bearer s3cret"}
        assert httpx.post(url + "/series/a/points", json=1, headers=good).status_code == 200
        assert httpx.get(url + "/live").status_code == 200


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"")), max_size=8), st.data())
def test_lines_come_out_alike_however_the_body_is_cut(texts: list[bytes], data: st.DataObject) -> None:
    body = b"\n".join(texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    splitter = LineSplitter(6)
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        got += splitter.feed(body[start:end])
    got += splitter.end()
    expected = [(i, text if len(text) <= 6 else None) for i, text in enumerate(texts, 1)]
    if expected and not texts[-1]:
        expected.pop()
    assert got == expected
