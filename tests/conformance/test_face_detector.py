"""What every face detector promises, on every detector, with a public-domain portrait and a mountain range."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pixelshift.errors import OriginError
from pixelshift.vision.base import FaceDetector
from pixelshift.vision.local import LocalFaces
from pixelshift.vision.rekognition import Rekognition, RekognitionSettings
from tests.support.http_server import Seen, raw_server, reply

ROOT = Path(__file__).parents[2]
PORTRAIT = (ROOT / "tests/unit/vision/pictures/astronaut.jpg").read_bytes()
LANDSCAPE = (ROOT / "samples/mountains.jpg").read_bytes()
FACE = (0.55, 0.38)  # the tip of her nose


def _local() -> Iterator[FaceDetector]:
    pytest.importorskip("cv2")
    yield LocalFaces()


def _rekognition() -> Iterator[FaceDetector]:
    def answer(connection: socket.socket, seen: Seen) -> None:
        image = base64.b64decode(json.loads(seen.body)["Image"]["Bytes"])
        box = {"Left": 0.37, "Top": 0.2, "Width": 0.36, "Height": 0.36}
        faces = [{"BoundingBox": box, "Confidence": 99.9}] if image == PORTRAIT else []
        if not image.startswith(b"\xff\xd8"):
            body, status = b'{"__type": "InvalidImageFormatException"}', 400
        else:
            body, status = json.dumps({"FaceDetails": faces}).encode(), 200
        connection.sendall(reply(status, body, {"Content-Type": "application/x-amz-json-1.1"}))

    with raw_server(answer) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "AKID")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("AWS_CONFIG_FILE", "/dev/null")
        settings = RekognitionSettings(endpoint_url=server.url)
        detector = Rekognition(settings, shrink=lambda image, _: image)
        yield detector
        if detector._client is not None:
            detector._client.close()


DETECTORS: dict[str, Callable[[], Iterator[FaceDetector]]] = {"local": _local, "rekognition": _rekognition}


@pytest.fixture(params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Iterator[FaceDetector]:
    yield from DETECTORS[request.param]()


def test_a_portraits_face_is_found_where_it_is(detector: FaceDetector) -> None:
    (face,) = detector.faces(PORTRAIT)
    assert face.left < FACE[0] < face.left + face.width
    assert face.top < FACE[1] < face.top + face.height
    assert 0.2 < face.width < 0.5
    assert 0.2 < face.height < 0.5


def test_a_landscape_has_no_face(detector: FaceDetector) -> None:
    assert list(detector.faces(LANDSCAPE)) == []


@pytest.mark.parametrize("junk", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_picture_is_an_error_and_not_a_missing_face(detector: FaceDetector, junk: bytes) -> None:
    with pytest.raises(OriginError):
        detector.faces(junk)
