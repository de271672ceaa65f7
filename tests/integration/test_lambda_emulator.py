"""The handlers under AWS's own emulator and runtime client, from the installed package.

The emulator is not Lambda: it answers 200 for failures, cuts off large requests, and breaks on two at once.
"""

import json
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import function_scenarios as scenarios
from tests.support.cloud import cloud
from tests.support.function_process import EMULATOR, ROOT, Emulated, emulated_function
from tests.support.http_server import raw_server
from tests.support.lambda_events import SHAPES, body_of

pytestmark = pytest.mark.skipif(not EMULATOR.exists(), reason="`make test` fetches the emulator")
IMAGE = "pixelshift.aws.image.handler"
SAMPLES = {"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": str(ROOT / "samples")}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated_function(IMAGE, SAMPLES, tmp_path_factory.mktemp("rie") / "log") as function:
        yield function


def test_pictures_come_by_every_trigger(pictures: Emulated) -> None:
    scenarios.pictures_come_by_every_trigger(pictures, "pictures")


def test_clients_mistakes_are_told_and_harm_nobody(pictures: Emulated) -> None:
    scenarios.clients_mistakes_are_told_and_harm_nobody(pictures)


def test_one_line_of_figures_is_printed_for_each_request(pictures: Emulated) -> None:
    pictures.document(SHAPES["REST"]("/fit-in/20x20/logo.png"))
    lines = [line for line in pictures.log.read_text().splitlines() if line.startswith('{"pixelshift":')]
    figures = [json.loads(line)["pixelshift"] for line in lines]
    assert figures[-1]["status"] == 200
    assert figures[-1]["timings_ms"]
    assert [one["cold"] for one in figures].count(True) == 1


def test_what_cannot_be_sent_whole_is_refused_before_lambda_does(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "huge.png", compress_level=0)
    with emulated_function(IMAGE, {**SAMPLES, "PIXELSHIFT_FOLDER": str(tmp_path)}, tmp_path / "log") as function:
        for query in ("", "width=1500&format=png"):
            answer = function.document(SHAPES["REST"]("/huge.png", query))
            assert answer["statusCode"] == 413
            assert json.loads(body_of(answer))["code"] == "TooLargeImageException"


def test_stream_functions_work_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch) as made:
        scenarios.stream_functions_work_as_one(
            lambda name, environment: emulated_function(name, environment, tmp_path / name), made
        )


@pytest.fixture
def rogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A handler around ours that misbehaves when told to."""
    (tmp_path / "rogue.py").write_text(
        textwrap.dedent(
            """
            import os, signal, time
            from pixelshift.aws.image import handler as pictures

            def handler(event, context):
                if event.get("do") == "hang":
                    time.sleep(60)
                if event.get("do") == "die":
                    os.kill(os.getpid(), signal.SIGKILL)
                return pictures(event, context)
            """
        )
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_after_a_time_out_and_a_kill_the_next_event_finds_a_new_process(rogue: Path) -> None:
    environment = {**SAMPLES, "AWS_LAMBDA_FUNCTION_TIMEOUT": "8"}
    with emulated_function("rogue.handler", environment, rogue / "log") as function:
        picture = SHAPES["REST"]("/fit-in/20x20/logo.png")
        assert function.document(picture)["statusCode"] == 200
        assert b"timed out after 8.00 seconds" in function({"do": "hang"})[1]
        assert function.document(picture)["statusCode"] == 200
        status, body = function({"do": "die"})
        assert (status, json.loads(body)["errorType"]) == (502, "Runtime.ExitError")
        assert function.document(picture)["statusCode"] == 200


def test_an_origin_that_outlasts_the_function_ends_in_an_answer(tmp_path: Path) -> None:
    closing = threading.Event()
    with raw_server(lambda _connection, _seen: [closing.wait(30)].clear()) as origin:
        environment = {
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{origin.port}",
            "SOURCE_BUCKETS": "originals",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "5",
            "PIXELSHIFT_ORIGIN_TIMEOUT": "60",
        }
        with emulated_function(IMAGE, environment, tmp_path / "log") as function:
            answer = function.document(SHAPES["REST"]("/a.jpg"))
            assert (answer["statusCode"], json.loads(body_of(answer))["code"]) == (503, "OriginFailure")
        closing.set()


def test_settings_that_cannot_be_used_fail_the_start(tmp_path: Path) -> None:
    with emulated_function(IMAGE, {"PIXELSHIFT_ORIGIN": "ftp"}, tmp_path / "log") as function:
        status, body = function(SHAPES["REST"]("/a.jpg"))
        assert (status, "PIXELSHIFT_ORIGIN='ftp'" in body.decode()) == (502, True), body


def test_the_runtime_that_streams_is_read_whole_by_the_emulator(tmp_path: Path) -> None:
    """It collects streams, so a picture's bytes come without their prelude being read."""
    command = (sys.executable, "-m", "pixelshift.aws.runtime")
    with emulated_function(IMAGE, SAMPLES, tmp_path / "log", command=command) as function:
        status, body = function(SHAPES["function URL"]("/logo.png"))
        prelude, picture = body.split(bytes(8), 1)
        assert (status, json.loads(prelude)["statusCode"]) == (200, 200)
        assert picture == (ROOT / "samples" / "logo.png").read_bytes()
