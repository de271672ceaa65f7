"""The Lambda handler and the HTTP service translate one service: the same bytes, statuses and headers."""

import asyncio
import base64
import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from PIL import Image
from prometheus_client import CollectorRegistry

from pixelshift.aws.image import Handler
from pixelshift.environment import load
from pixelshift.web.app import Operations, create_app
from pixelshift.web.log import JsonLog
from pixelshift.web.observe import Observer
from pixelshift.wiring import ImageService, image_function, image_service

LEFT_OUT = {"server-timing", "cache-status", "age", "x-request-id", "content-length"}


class Context:
    aws_request_id = "r"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pictures")
    Image.linear_gradient("L").convert("RGB").save(folder / "a.jpg")
    Image.new("RGBA", (40, 30), (200, 100, 50, 128)).save(folder / "ä b.png")
    (folder / "s.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    )
    return {
        "PIXELSHIFT_ORIGIN": "folder",
        "PIXELSHIFT_FOLDER": str(folder),
        "PIXELSHIFT_WORKERS": "1",
        "AUTO_WEBP": "Yes",
        "CORS_ENABLED": "Yes",
        "CORS_ORIGIN": "https://x.example",
        "PATH": "/usr/bin:/bin",
    }


@pytest.fixture(scope="module")
def service(environment: dict[str, str]) -> Iterator[ImageService]:
    service = image_service(load(environment), environment)
    yield service
    service.close()


@pytest.fixture(scope="module")
def handler(environment: dict[str, str]) -> Handler:
    return Handler(image_function(environment))


def over_http(
    service: ImageService, method: str, target: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    registry = CollectorRegistry()
    observer = Observer(registry, JsonLog(io.StringIO(), logging.INFO))
    app = create_app(Operations(service.delivery, service.is_ready, service.close, registry, observer))
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body


def over_lambda(
    handler: Handler, method: str, target: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    path, _, query = target.partition("?")
    event = {
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) or None,
        "requestContext": {"stage": "image"},
    }
    reply = handler(event, Context())
    body = base64.b64decode(reply["body"]) if reply["isBase64Encoded"] else reply["body"].encode()
    return reply["statusCode"], {name.lower(): value for name, value in reply["headers"].items()}, body


REQUESTS = [
    ("GET", "/a.jpg", {}),
    ("GET", "/100x50/a.jpg", {}),
    ("GET", "/100x50/a.jpg", {"Accept": "image/webp"}),
    ("HEAD", "/100x50/a.jpg", {}),
    ("GET", "/a.jpg?width=64&format=png", {}),
    ("GET", "/fit-in/20x20/%C3%A4%20b.png", {"Origin": "https://x.example"}),
    ("GET", "/eyJrZXkiOiJhLmpwZyIsImVkaXRzIjp7InJlc2l6ZSI6eyJ3aWR0aCI6MjB9fX0=", {"Range": "bytes=0-9"}),
    ("GET", "/a.jpg", {"If-None-Match": "*"}),
    ("GET", "/s.svg", {}),
    ("GET", "/none.jpg", {}),
    ("GET", "/a.bmp", {}),
    ("GET", "/a.jpg?width=-1", {}),
    ("GET", "/a.jpg?expires=20000101T000000Z", {}),
    ("POST", "/a.jpg", {}),
    ("OPTIONS", "/a.jpg", {}),
    ("GET", "/%zz.jpg", {}),
    ("GET", "/" + "a" * 17_000 + ".jpg", {}),
]


@pytest.mark.parametrize(("method", "target", "headers"), REQUESTS, ids=[f"{one[0]} {one[1][:40]}" for one in REQUESTS])
def test_both_faces_give_the_same_status_headers_and_bytes(
    service: ImageService, handler: Handler, method: str, target: str, headers: dict[str, str]
) -> None:
    web = over_http(service, method, target, headers)
    function = over_lambda(handler, method, target, headers)
    assert web[0] == function[0]
    assert web[2] == function[2]
    web_headers, function_headers = ({k: v for k, v in one[1].items() if k not in LEFT_OUT} for one in (web, function))
    assert web_headers == function_headers


def test_the_lambda_handler_imports_nothing_heavy() -> None:
    heavy = {
        "numpy",
        "PIL",
        "boto3",
        "botocore",
        "fastapi",
        "pydantic",
        "numba",
        "obstore",
        "uvicorn",
        "asyncio",
    }
    program = f"import sys; import pixelshift.aws.image; print(sorted(set(sys.modules) & {heavy!r}))"
    environment = {
        "SOURCE_BUCKETS": "b",
        "PATH": "/usr/bin:/bin",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_picture_that_passes_through_needs_no_codec() -> None:
    program = """
import sys
from pathlib import Path
from pixelshift.aws.image import Handler
from pixelshift.wiring import image_function
class Context:
    aws_request_id = "r"
    def get_remaining_time_in_millis(self): return 20000
folder = Path(sys.argv[1])
handler = Handler(image_function({"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(folder)}))
reply = handler({"path": "/a.jpg", "httpMethod": "GET"}, Context())
print(reply["statusCode"], sorted(set(sys.modules) & {"numpy", "PIL", "boto3", "pydantic"}))
"""
    folder = Path(__file__).parents[2] / "samples"
    assert folder.is_dir()
    name = next(folder.glob("*.jpg")).name
    run = subprocess.run(
        [sys.executable, "-c", program.replace("/a.jpg", f"/{name}"), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "200 []"
