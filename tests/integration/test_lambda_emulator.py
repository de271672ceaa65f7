"""The handlers under AWS's own emulator and runtime client, from the installed package.

The emulator is not Lambda: it answers 200 for failures, cuts off large requests, and breaks on two at once.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import function_scenarios as scenarios
from tests.support.cloud import cloud
from tests.support.function_process import EMULATOR, ROOT, Emulated, emulated_function
from tests.support.function_scenarios import silent_origin
from tests.support.lambda_events import SHAPES

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


def test_poison_is_refused_and_harms_nobody(tmp_path: Path) -> None:
    scenarios.poison(tmp_path)
    with emulated_function(IMAGE, {**SAMPLES, "PIXELSHIFT_FOLDER": str(tmp_path)}, tmp_path / "log") as function:
        scenarios.poison_is_refused_and_harms_nobody(function)


def test_what_cannot_be_sent_whole_is_refused_before_lambda_does(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(scenarios.large_picture())
    with emulated_function(IMAGE, {**SAMPLES, "PIXELSHIFT_FOLDER": str(tmp_path)}, tmp_path / "log") as function:
        scenarios.what_cannot_be_sent_whole_is_refused_before_lambda_does(function, "/huge.png")


def test_stream_functions_work_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch) as made:
        scenarios.stream_functions_work_as_one(
            lambda name, environment: emulated_function(name, environment, tmp_path / name), made
        )


def test_after_a_time_out_and_a_kill_the_next_event_finds_a_new_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rogue.py").write_text(scenarios.ROGUE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    environment = {**SAMPLES, "AWS_LAMBDA_FUNCTION_TIMEOUT": str(scenarios.TIME_OUT_S)}
    with emulated_function("rogue.handler", environment, tmp_path / "log") as function:
        scenarios.after_a_time_out_and_a_kill_the_next_event_finds_a_new_process(function)


def test_an_origin_that_outlasts_the_function_ends_in_an_answer(tmp_path: Path) -> None:
    with silent_origin() as environment, emulated_function(IMAGE, environment, tmp_path / "log") as function:
        scenarios.an_origin_that_outlasts_the_function_ends_in_an_answer(function)


def test_settings_that_cannot_be_used_fail_the_start(tmp_path: Path) -> None:
    with emulated_function(IMAGE, {"PIXELSHIFT_ORIGIN": "ftp"}, tmp_path / "log") as function:
        scenarios.settings_that_cannot_be_used_fail_the_start(function)


def test_the_runtime_that_streams_is_read_whole_by_the_emulator(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "pixelshift.aws.runtime")
    with emulated_function(IMAGE, SAMPLES, tmp_path / "log", command=command) as function:
        scenarios.a_stream_is_read_whole_by_the_emulator(function, (ROOT / "samples" / "logo.png").read_bytes())
