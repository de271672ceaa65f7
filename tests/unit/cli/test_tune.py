"""`pixelshift tune` as people run it."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pixelshift.cli import app
from tests.support.pictures import encoded, gradient


def tune(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["tune", *map(str, arguments)])


def test_a_picture_is_measured_at_each_size_with_each_kind_of_kernels(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(encoded(gradient(200, 100), "png"))
    plot = tmp_path / "plot.png"
    edits = '{"resize": {"width": 50}, "toFormat": "jpeg"}'
    options = ("--memory", "1769,512", "--runs", 2, "--plot", plot, "--json", "--limiter", "signals")
    result = tune("--image", picture, "--edits", edits, *options)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    points = document["points"]
    levels = {point["cpu"] for point in points}
    assert levels <= {"avx2", "scalar"}
    assert [point["memory_mb"] for point in points] == [512, 1769] * len(levels)
    for point in points:
        assert point["duration_ms"] > 0
        expected = point["memory_mb"] / 1024 * point["billed_ms"] / 1000 * 1e6 * 0.0000166667 + 0.2
        assert point["million_requests_usd"] == pytest.approx(expected, abs=1e-3)
        assert 10 < point["peak_mb"] < 512
    assert {"cheapest", "fastest", "balanced"} < set(document)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_batch_of_readings_is_measured_and_shown_as_a_table() -> None:
    result = tune("--detector", 50, "--memory", "1024", "--runs", 1, "--limiter", "signals", "--wait", 20)
    assert result.exit_code == 0, result.output
    assert "cheapest" in result.output
    assert "prices of" in result.output
    assert all(float(took) > 20 for took in re.findall(r"([\d.]+) ms +\d+ ms", result.output))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--image"),
        (("--image", "no.jpg"), "no picture"),
        (("--detector", 5, "--image", "x"), "--image"),
        (("--detector", 20_000), "at most"),
        (("--detector", 5, "--memory", "64"), "no 64 MB"),
        (("--detector", 5, "--memory", "a"), "numbers"),
        (("--detector", 5, "--region", "mars"), "mars"),
        (("--detector", 5, "--limiter", "hope"), "limiter"),
        (("--detector", 5, "--plot", "none/p.png"), "none/p.png"),
        (("--detector", 5, "--plot", "p.gif"), "p.gif"),
    ],
)
def test_mistakes_are_named(arguments: tuple[object, ...], said: str) -> None:
    result = tune(*arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("wait", ["-1", "nan", "inf", "1e9"])
def test_a_wait_is_one_that_a_function_could_have(wait: str) -> None:
    result = tune("--detector", 5, "--wait", wait)
    assert result.exit_code == 2
    assert "--wait" in result.output


def test_edits_nested_without_end_are_no_json() -> None:
    result = tune("--image", __file__, "--edits", "[" * 100_000)
    assert (result.exit_code, result.output.splitlines()[0][:29]) == (1, "pixelshift: --edits is no JSO")


def test_a_workload_that_fails_says_why(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(encoded(gradient(20, 10), "png"))
    result = tune("--image", picture, "--edits", '{"resize": {"width": -1}}', "--runs", 1)
    assert result.exit_code == 1
    assert "does not run" in result.output
    assert "400" in result.output
