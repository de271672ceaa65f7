"""The runtime that streams, as a process, against the Runtime API."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image

from tests.support.function_process import streaming_function
from tests.support.lambda_events import SHAPES, body_of, function_url, load_balancer

HANDLER = "pixelshift.aws.image.handler"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture that no buffered answer could carry."""
    folder = tmp_path_factory.mktemp("gallery")
    noise = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "huge.png", compress_level=0)
    Image.fromarray(noise[:64, :64]).save(folder / "small.png")
    assert (folder / "huge.png").stat().st_size > 8_000_000
    return folder


@pytest.fixture
def environment(gallery: Path) -> dict[str, str]:
    return {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(gallery), "PIXELSHIFT_OVERSIZE": "stream"}


def test_pictures_beyond_the_buffered_limit_are_streamed_whole(environment: dict[str, str], gallery: Path) -> None:
    with streaming_function(HANDLER, environment) as function:
        passed = function.api.invoke(function_url("/huge.png"))
        status, headers, body = passed.integration()
        assert (status, headers["Content-Type"]) == (200, "image/png")
        assert body == (gallery / "huge.png").read_bytes()
        assert passed.streamed
        assert len(passed.pieces) > 100
        assert not passed.trailers

        rendered = function.api.invoke(function_url("/huge.png", "width=1900&format=png"))
        status, _, body = rendered.integration()
        assert (status, len(body) > 6_291_556) == (200, True)
        assert Image.open(io.BytesIO(body)).size == (1900, 1425)


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "ALB"])
def test_every_trigger_that_can_stream_gets_a_prelude(environment: dict[str, str], shape: str) -> None:
    with streaming_function(HANDLER, environment) as function:
        status, headers, body = function.api.invoke(SHAPES[shape]("/fit-in/32x32/small.png")).integration()
        assert (status, headers["Content-Type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(body)).size == (32, 32)
        status, headers, body = function.api.invoke(SHAPES[shape]("/absent.png")).integration()
        assert (status, json.loads(body)["code"]) == (404, "NoSuchKey")


def test_a_load_balancer_gets_whole_answers_and_a_refusal_beyond_the_limit(environment: dict[str, str]) -> None:
    with streaming_function(HANDLER, environment) as function:
        small = function.api.invoke(load_balancer("/small.png"))
        assert not small.streamed
        assert small.document["statusCode"] == 200
        huge = function.api.invoke(load_balancer("/huge.png"))
        assert (huge.status, huge.document["statusCode"]) == (202, 413)
        assert json.loads(body_of(huge.document))["code"] == "TooLargeImageException"


@pytest.fixture
def handlers(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "made.py").write_text(
        dedent(
            """
            import os, time

            class Breaking:
                def __call__(self, event, context):
                    if event == "unserialisable":
                        return object()
                    return {"left": context.get_remaining_time_in_millis(), "trace": os.environ["_X_AMZN_TRACE_ID"],
                            "id": context.aws_request_id}

                def stream(self, event, context):
                    if event == "early":
                        raise RuntimeError("before anything was sent")
                    if event in ("plain", "unserialisable"):
                        return None
                    return {"statusCode": 201, "headers": {"X": "1"}}, self.pieces(event)

                def pieces(self, event):
                    yield b"one"
                    yield b""
                    time.sleep(0.3)
                    yield b"two"
                    if event == "late":
                        raise RuntimeError("in the midst of it")

            handler = Breaking()
            """
        )
    )
    return tmp_path


def test_failures_before_and_within_a_stream_are_told_each_in_its_own_way(handlers: Path) -> None:
    with streaming_function("made.handler", {}, handlers) as function:
        late = function.api.invoke("late")
        assert late.integration() == (201, {"X": "1"}, b"onetwo")
        assert late.trailers["lambda-runtime-function-error-type"] == "Function.RuntimeError"
        assert late.failure()["errorMessage"] == "in the midst of it"
        # The first piece was on its way before the second was made.
        assert late.arrived_s[1] + 0.2 < late.arrived_s[2]

        early = function.api.invoke("early")
        assert (early.kind, early.document["errorMessage"]) == ("error", "before anything was sent")
        assert early.headers["lambda-runtime-function-error-type"] == "Function.RuntimeError"

        unserialisable = function.api.invoke("unserialisable")
        assert (unserialisable.kind, unserialisable.document["errorType"]) == ("error", "TypeError")

        fine = function.api.invoke("fine")
        assert fine.integration() == (201, {"X": "1"}, b"onetwo")
        assert not fine.trailers

        plain = function.api.invoke("plain", time_s=9).document
        assert 7_000 < plain["left"] <= 9_000
        assert plain["trace"].endswith(f"Parent={plain['id']};Sampled=1")


@pytest.mark.parametrize("name", ["no.such.handler", "json.no_such", "json.__name__"])
def test_a_handler_that_is_none_fails_the_start(name: str) -> None:
    with streaming_function(name, {}) as function:
        answer = function.api.answers.get(timeout=20)
        assert (answer.kind, function.process.wait(10)) == ("init", 1)
        assert answer.document["errorType"] in ("ImportError", "ModuleNotFoundError")


def test_settings_that_cannot_be_used_fail_the_start_and_are_named() -> None:
    with streaming_function(HANDLER, {"PIXELSHIFT_OVERSIZE": "throw"}) as function:
        answer = function.api.answers.get(timeout=20)
        assert answer.kind == "init"
        assert "PIXELSHIFT_OVERSIZE='throw'" in answer.document["errorMessage"]
        assert answer.headers["lambda-runtime-function-error-type"] == "Function.InvalidSetting"


def test_a_whole_answer_beyond_the_limit_is_refused_by_lambda_and_the_function_lives_on(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text("def handler(event, context):\n    return 'x' * event\n")
    with streaming_function("made.handler", {}, tmp_path) as function:
        assert function.api.invoke(7_000_000).status == 413
        assert function.api.invoke(3).document == "xxx"
