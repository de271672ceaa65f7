"""What is asked of every handler, wherever it runs: an interpreter under AWS's emulator, or an image."""

import base64
import http.client
import io
import json
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from tests.support.cloud import Cloud
from tests.support.devices import BASE
from tests.support.function_process import ROOT, Emulated
from tests.support.http_server import raw_server
from tests.support.lambda_events import SHAPES, body_of, edits_path
from tests.support.series import shifted

SAMPLES = ROOT / "samples"
Start = Callable[[str, dict[str, str]], AbstractContextManager[Emulated]]
"""Starts a handler with an environment."""


def pictures_come_by_every_trigger(function: Emulated, folder: str) -> None:
    """The same picture whatever the event's shape; the folder is the samples'."""
    made = {name: function.document(shape("/fit-in/200x200/dogs.jpg")) for name, shape in SHAPES.items()}
    bodies = {body_of(answer) for answer in made.values()}
    assert {answer["statusCode"] for answer in made.values()} == {200}
    (body,) = bodies
    assert max(Image.open(io.BytesIO(body)).size) == 200
    for query in ("width=90&format=webp", "format=webp&width=90"):
        picture = Image.open(io.BytesIO(body_of(function.document(SHAPES["HTTP 2.0"]("/dogs.jpg", query)))))
        assert (picture.format, picture.width) == ("WEBP", 90)
    edited = function.document(SHAPES["REST"](edits_path(folder, "logo.png", {"resize": {"width": 50}})))
    assert Image.open(io.BytesIO(body_of(edited))).size[0] == 50


def clients_mistakes_are_told_and_harm_nobody(function: Emulated) -> None:
    """Statuses and codes of the contract, and a picture after each."""
    for path, query, status, code in [
        ("/absent.jpg", "", 404, "NoSuchKey"),
        (edits_path("elsewhere", "dogs.jpg", {}), "", 403, "ImageBucket::CannotAccessBucket"),
        ("/dogs.jpg", "width=-3", 400, None),
        ("/dogs.jpg", "expires=yesterday", 400, "ImageRequestExpiryFormat"),
        ("/README.md", "", 400, "RequestTypeError"),
    ]:
        answer = function.document(SHAPES["REST"](path, query))
        found = json.loads(body_of(answer))
        assert (answer["statusCode"], found["status"]) == (status, status), (path, found)
        assert code in (None, found["code"])
    for event in ({}, {"path": 3}, {"Records": []}, [1], "text", None):
        status, body = function(event)
        assert status == 200
        assert b"Traceback" not in body
    assert function.document(SHAPES["ALB"]("/fit-in/20x20/logo.png"))["statusCode"] == 200
    posted = function.document(SHAPES["REST"]("/dogs.jpg", method="POST"))
    assert posted["statusCode"] == 405


def poison(folder: Path) -> None:
    """Writes :data:`POISON`, and one good picture beside it."""
    header = struct.pack(">II5B", 200_000, 200_000, 8, 2, 0, 0, 0)
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    svg = f'<!DOCTYPE svg [<!ENTITY e0 "x">{entities}]><svg xmlns="http://www.w3.org/2000/svg"><text>&e8;</text></svg>'
    photograph = (SAMPLES / "dogs.jpg").read_bytes()
    contents = {
        "good.jpg": photograph,
        "cut.jpg": photograph[:300],
        "bomb.png": b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(1000))),
        "empty.png": b"",
        "claims.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff" + bytes(64),
        "entities.svg": svg.encode(),
        "text.jpg": b"no picture at all, but long enough to be looked at twice",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)


POISON = ("cut.jpg", "bomb.png", "empty.png", "claims.webp", "entities.svg", "text.jpg")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def poison_is_refused_and_harms_nobody(function: Emulated) -> None:
    """The function's folder is one that :func:`poison` has filled."""
    for name in POISON:
        answer = function.document(SHAPES["REST"](f"/{name}", "width=40&format=png"))
        found = json.loads(body_of(answer))
        assert (answer["statusCode"], found["status"], found["code"]) == (400, 400, "InstantiationError"), (name, found)
        good = function.document(SHAPES["REST"]("/good.jpg", "width=40&format=png"))
        assert good["statusCode"] == 200


def large_picture() -> bytes:
    """A PNG of about 5.8 MB: in base64 more than a buffered answer carries."""
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    stored = io.BytesIO()
    Image.fromarray(noise).save(stored, "png", compress_level=0)
    return stored.getvalue()


def what_cannot_be_sent_whole_is_refused_before_lambda_does(function: Emulated, path: str) -> None:
    """``path`` is that of :func:`large_picture`, asked for as it is and rendered."""
    for query in ("", "width=1500&format=png"):
        answer = function.document(SHAPES["REST"](path, query))
        assert answer["statusCode"] == 413
        assert json.loads(body_of(answer))["code"] == "TooLargeImageException"


def followed(answer: dict[str, Any]) -> tuple[int, str | None, bytes]:
    """What a browser sees that gets a redirect to a signed link."""
    assert answer["statusCode"] == 302
    link = urlsplit(answer["headers"]["Location"])
    life_s = int(parse_qs(link.query)["X-Amz-Expires"][0])
    assert answer["headers"]["Cache-Control"] == "max-age=300,public"
    assert life_s == 900
    connection = http.client.HTTPConnection(link.netloc, timeout=10)
    try:
        connection.request("GET", f"{link.path}?{link.query}")
        reply = connection.getresponse()
        return reply.status, reply.getheader("Content-Type"), reply.read()
    finally:
        connection.close()


def a_stream_is_read_whole_by_the_emulator(function: Emulated, picture: bytes) -> None:
    """It collects streams, so a picture's bytes come without their prelude being read."""
    status, body = function(SHAPES["function URL"]("/logo.png"))
    prelude, sent = body.split(bytes(8), 1)
    assert (status, json.loads(prelude)["statusCode"]) == (200, 200)
    assert sent == picture


ROGUE = """
import os, signal, time
from pixelshift.aws.image import handler as pictures

def handler(event, context):
    if event.get("do") == "hang":
        time.sleep(60)
    if event.get("do") == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return pictures(event, context)
"""
"""A handler around ours that misbehaves when told to."""
TIME_OUT_S = 8


def after_a_time_out_and_a_kill_the_next_event_finds_a_new_process(function: Emulated) -> None:
    """The function is :data:`ROGUE`, with so much time."""
    picture = SHAPES["REST"]("/fit-in/20x20/logo.png")
    assert function.document(picture)["statusCode"] == 200
    assert b"timed out after 8.00 seconds" in function({"do": "hang"})[1]
    assert function.document(picture)["statusCode"] == 200
    status, body = function({"do": "die"})
    assert (status, json.loads(body)["errorType"]) == (502, "Runtime.ExitError")
    assert function.document(picture)["statusCode"] == 200


@contextmanager
def silent_origin() -> Iterator[dict[str, str]]:
    """An S3 that takes requests and never answers; the environment of a function that reads from it."""
    closing = threading.Event()
    with raw_server(lambda _connection, _seen: [closing.wait(30)].clear()) as origin:
        yield {
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{origin.port}",
            "SOURCE_BUCKETS": "originals",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "5",
            "PIXELSHIFT_ORIGIN_TIMEOUT": "60",
        }
        closing.set()


def an_origin_that_outlasts_the_function_ends_in_an_answer(function: Emulated) -> None:
    """The origin says nothing for longer than the function has."""
    answer = function.document(SHAPES["REST"]("/a.jpg"))
    assert (answer["statusCode"], json.loads(body_of(answer))["code"]) == (503, "OriginFailure")


def settings_that_cannot_be_used_fail_the_start(function: Emulated) -> None:
    """``PIXELSHIFT_ORIGIN`` is ``ftp``."""
    status, body = function(SHAPES["REST"]("/a.jpg"))
    assert (status, "PIXELSHIFT_ORIGIN='ftp'" in body.decode()) == (502, True), body


def stream_functions_work_as_one(start: Start, made: Cloud) -> None:
    """Recorder, detector and replay on one batch with a record that nobody can read."""
    rows = [json.dumps({"value": value}).encode() for value in shifted(sizes=(60, 60))]
    rows[7] = b"not JSON"
    records = [
        {
            "eventSource": "aws:kinesis",
            "kinesis": {
                "partitionKey": "d",
                "sequenceNumber": str(BASE + i),
                "data": base64.b64encode(row).decode(),
                "approximateArrivalTimestamp": 1_800_000_000.0 + i,
            },
        }
        for i, row in enumerate(rows)
    ]
    event = {"Records": records}
    with start("pixelshift.aws.recorder.handler", made.environment) as recorder:
        for _ in range(2):
            assert recorder.document(event) == {"batchItemFailures": []}
    assert len(made.items("events")) == len(rows)

    with start("pixelshift.aws.detector.handler", made.environment) as detector:
        for _ in range(2):
            assert detector.document(event) == {"batchItemFailures": []}
    assert len(made.items("changes")) == 1
    assert len({told["id"] for told in made.told(made.environment["TOLD"])}) == 1
    letters = made.messages(made.environment["PIXELSHIFT_POISON_QUEUE_URL"])
    assert letters
    assert json.loads(letters[0]["Body"])["seq"] == str(BASE + 7)

    queue = [{"messageId": str(n), "body": letter["Body"], "messageAttributes": {}} for n, letter in enumerate(letters)]
    with start("pixelshift.aws.replay.handler", made.environment) as replay:
        assert replay.document({"Records": [*queue, {"messageId": "x", "body": "{", "messageAttributes": {}}]}) == {
            "batchItemFailures": []
        }
    seen = made.messages(made.environment["PIXELSHIFT_PEOPLE_QUEUE_URL"])
    assert len(seen) == len(queue) + 1
