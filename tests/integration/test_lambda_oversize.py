"""Pictures beyond a buffered answer by way of a bucket: moto's, read back by the signed link."""

import io
from typing import Any

import boto3
from PIL import Image

from pixelshift.aws.image import Handler
from pixelshift.wiring import BUFFERED_LIMIT_BYTES, image_function
from tests.support.function_scenarios import followed, large_picture
from tests.support.lambda_events import SHAPES
from tests.support.moto_server import moto_server


class Context:
    aws_request_id = "r1"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def test_a_client_that_follows_the_redirect_gets_the_picture() -> None:
    stored = large_picture()
    assert len(stored) > BUFFERED_LIMIT_BYTES
    with moto_server() as url:
        keys = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        s3: Any = boto3.client("s3", endpoint_url=url, **keys)  # type: ignore[call-overload]  # by name
        for bucket in ("originals", "large"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="originals", Key="a.png", Body=stored, ContentType="image/png")
        handler = Handler(image_function(_environment(url)))
        for shape in SHAPES.values():
            passed = handler(shape("/a.png"), Context())
            assert followed(passed) == (200, "image/png", stored)
        rendered = handler(SHAPES["REST"]("/a.png", "width=1500&format=png"), Context())
        status, media_type, body = followed(rendered)
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
