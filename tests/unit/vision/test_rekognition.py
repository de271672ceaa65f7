"""What Rekognition is asked, and what its answers and refusals become."""

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pixelshift.errors import OriginError
from pixelshift.vision.base import FaceBox
from pixelshift.vision.rekognition import IMAGE_LIMIT_BYTES, Rekognition, RekognitionSettings, Shrink
from tests.support.http_server import RawServer, Seen, raw_server, reply


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def keep(image: bytes, _limit_bytes: int) -> bytes:
    return image


@contextmanager
def rekognition(status: int, document: object, shrink: Shrink = keep) -> Iterator[tuple[Rekognition, RawServer]]:
    def answer(connection: socket.socket, _seen: Seen) -> None:
        connection.sendall(reply(status, json.dumps(document).encode(), {"Content-Type": "application/x-amz-json-1.1"}))

    with raw_server(answer) as server:
        service = Rekognition(RekognitionSettings(region="eu-west-1", endpoint_url=server.url), shrink=shrink)
        yield service, server
        if service._client is not None:
            service._client.close()


def test_faces_come_in_the_services_order_and_as_it_sees_them() -> None:
    boxes = [
        {"Left": 0.25, "Top": 0.1, "Width": 0.5, "Height": 0.4},
        {"Left": -0.1, "Top": 0.8, "Width": 0.5, "Height": 0.4},
    ]
    with rekognition(200, {"FaceDetails": [{"BoundingBox": box} for box in boxes]}) as (service, server):
        assert service.faces(b"picture") == [FaceBox(0.25, 0.1, 0.5, 0.4), FaceBox(-0.1, 0.8, 0.5, 0.4)]
    (seen,) = server.seen
    assert seen.headers["x-amz-target"] == "RekognitionService.DetectFaces"
    assert json.loads(seen.body) == {"Image": {"Bytes": base64.b64encode(b"picture").decode()}}


def test_labels_are_asked_for_at_the_given_confidence() -> None:
    labels = [{"Name": "Smoking", "Confidence": 99.0}, {"Name": "Alcohol", "ParentName": "Drinks"}]
    with rekognition(200, {"ModerationLabels": labels}) as (service, server):
        assert service.labels(b"picture", min_confidence=42.5) == ["Smoking", "Alcohol"]
    assert json.loads(server.seen[0].body)["MinConfidence"] == 42.5
    assert server.seen[0].headers["x-amz-target"] == "RekognitionService.DetectModerationLabels"


def test_only_a_picture_above_the_services_limit_is_shrunk() -> None:
    asked: list[tuple[int, int]] = []

    def shrink(image: bytes, limit_bytes: int) -> bytes:
        asked.append((len(image), limit_bytes))
        return b"smaller"

    with rekognition(200, {"FaceDetails": []}, shrink) as (service, server):
        service.faces(bytes(IMAGE_LIMIT_BYTES))
        service.faces(bytes(IMAGE_LIMIT_BYTES + 1))
    assert asked == [(IMAGE_LIMIT_BYTES + 1, IMAGE_LIMIT_BYTES)]
    assert base64.b64decode(json.loads(server.seen[1].body)["Image"]["Bytes"]) == b"smaller"


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, "InvalidImageFormatException", 502),
        (400, "AccessDeniedException", 502),
        (500, "InternalServerError", 502),
        (400, "ThrottlingException", 503),
        (400, "ProvisionedThroughputExceededException", 503),
    ],
)
def test_a_refusal_is_the_services_failure(status: int, code: str, result: int) -> None:
    with rekognition(status, {"__type": code, "message": "no"}) as (service, _), pytest.raises(OriginError) as caught:
        service.faces(b"picture")
    assert caught.value.status == result
    assert caught.value.detail == code


def test_a_service_that_does_not_answer_is_its_failure() -> None:
    with rekognition(200, {}) as (service, server):
        server.close()
        with pytest.raises(OriginError):
            service.labels(b"picture", min_confidence=75)


def test_neither_provider_imports_its_library_before_it_is_used() -> None:
    script = (
        "import sys; from pixelshift.vision.rekognition import *; from pixelshift.vision.local import *;"
        "Rekognition(RekognitionSettings(), shrink=lambda i, n: i); LocalFaces(); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert {"boto3", "botocore", "cv2", "numpy"}.isdisjoint(done.stdout.split())
