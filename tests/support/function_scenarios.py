"""What is asked of every handler, wherever it runs: an interpreter under AWS's emulator, or an image."""

import base64
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager

from PIL import Image

from tests.support.cloud import Cloud
from tests.support.devices import BASE
from tests.support.function_process import Emulated
from tests.support.lambda_events import SHAPES, body_of, edits_path
from tests.support.series import shifted

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
