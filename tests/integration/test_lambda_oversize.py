"""Pictures beyond a buffered answer by way of a bucket: moto's, read back by the signed link."""

import http.client
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import numpy as np
from PIL import Image

from pixelshift.aws.image import Handler
from pixelshift.wiring import BUFFERED_LIMIT_BYTES, image_function
from tests.support.lambda_events import SHAPES
from tests.support.moto_server import moto_server


class Context:
    aws_request_id = "r1"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def test_a_client_that_follows_the_redirect_gets_the_picture() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    stored = io.BytesIO()
    Image.fromarray(noise).save(stored, "png", compress_level=0)
    assert len(stored.getvalue()) > BUFFERED_LIMIT_BYTES
    with moto_server() as url:
        keys = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        s3: Any = boto3.client("s3", endpoint_url=url, **keys)  # type: ignore[call-overload]  # by name
        for bucket in ("originals", "large"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="originals", Key="a.png", Body=stored.getvalue(), ContentType="image/png")
        handler = Handler(image_function(_environment(url)))
        for shape in SHAPES.values():
            passed = handler(shape("/a.png"), Context())
            assert _followed(passed) == (200, "image/png", stored.getvalue())
        rendered = handler(SHAPES["REST"]("/a.png", "width=1500&format=png"), Context())
        status, media_type, body = _followed(rendered)
        assert (status, media_type, Image.open(io.BytesIO(body)).size) == (200, "image/png", (1500, 1125))
        assert len(body) > BUFFERED_LIMIT_BYTES
        assert s3.list_objects_v2(Bucket="large", Prefix="oversize/")["KeyCount"] == 2

        absent = Handler(image_function({**_environment(url), "PIXELSHIFT_OVERSIZE_BUCKET": "no-such-bucket"}))
        assert absent(SHAPES["REST"]("/a.png"), Context())["statusCode"] == 502


def _environment(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "SOURCE_BUCKETS": "originals",
        "PIXELSHIFT_OVERSIZE": "redirect",
        "PIXELSHIFT_OVERSIZE_BUCKET": "large",
    }


def _followed(answer: dict[str, Any]) -> tuple[int, str | None, bytes]:
    """What a browser sees that gets this answer."""
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
