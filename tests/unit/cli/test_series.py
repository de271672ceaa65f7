import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars
import pytest
from typer.testing import CliRunner, Result

from pixelshift.changepoint import detect
from pixelshift.cli import app

COMMAND = [sys.executable, "-m", "pixelshift"]


def run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=text)


def events(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def shifted(sizes: tuple[int, ...] = (60, 60, 60), seed: int = 1) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(10 + 3.0 * (i % 2), 1.0) for i, size in enumerate(sizes) for _ in range(size)]


def plain(values: list[float]) -> str:
    return "".join(f"{value!r}\n" for value in values)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Runs of pytest-benchmark: `slow` became 20 % slower at run 30 of 40, `same` did not change."""
    source = random.Random(6)
    for i in range(40):
        medians = {"test_slow": 1.2 if i >= 30 else 1.0, "test_same": 2.0}
        benchmarks = [
            {"fullname": name, "stats": {"median": value * source.uniform(0.99, 1.01), "data": []}}
            for name, value in medians.items()
        ]
        run_at = f"2026-01-{1 + i // 2:02}T{12 * (i % 2):02}:00:00"
        (tmp_path / f"{i:04}_run.json").write_text(json.dumps({"datetime": run_at, "benchmarks": benchmarks}))
    return tmp_path


def test_events_of_every_input_kind_are_those_of_detect(tmp_path: Path) -> None:
    values = shifted()
    expected = [(change.index, change.offset) for change in detect(values)]
    assert len(expected) == 2
    polars.DataFrame({"value": values, "t": range(len(values))}).write_parquet(tmp_path / "a.parquet")
    polars.DataFrame({"value": values, "t": range(len(values))}).write_csv(tmp_path / "a.csv")
    (tmp_path / "a.ndjson").write_text("".join(json.dumps({"value": v}) + "\n" for v in values))
    (tmp_path / "a.txt").write_text(plain(values))
    for name in ("a.parquet", "a.csv", "a.ndjson", "a.txt"):
        result = run("watch", tmp_path / name, "--format", "json", *(["--time", "t"] if name < "a.n" else []))
        assert [(e["index"], e["offset"]) for e in events(result)] == expected, name
        assert result.exit_code == 0


def test_an_event_is_printed_while_the_stream_is_still_open() -> None:
    values = shifted((40, 40))
    first = detect(values)[0]
    with subprocess.Popen([*COMMAND, "watch", "-", "--format", "json"], stdin=-1, stdout=-1, stderr=-1) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(plain(values[: first.detected_at + 1]).encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["index"] == first.index
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(20) == 0


def test_table_and_csv_show_the_same_change() -> None:
    text = plain(shifted((60, 40)))
    assert "▲ +2.509" in run("watch", "-", text=text).stdout
    header, line = run("watch", "-", "--format", "csv", text=text).stdout.splitlines()
    assert dict(zip(header.split(","), line.split(","), strict=True))["direction"] == "increase"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--fail-on", "any"], 1),
        (["--fail-on", "increase"], 1),
        (["--fail-on", "decrease"], 0),
        (["--fail-on", "any", "--min-change", "2"], 1),
        (["--fail-on", "any", "--min-change", "4"], 0),
        (["--fail-on", "any", "--min-change", "20%"], 1),
        (["--fail-on", "any", "--min-change", "50%"], 0),
        (["--fail-on", "any", "--last", "60"], 1),
        (["--fail-on", "any", "--last", "20"], 0),
        ([], 0),
        (["--fail-on", "rise"], 2),
        (["--min-change", "-1"], 2),
        (["--alpha", "7"], 2),
        (["--column", "x", "--input", "csv"], 2),
        (["--format", "xml"], 2),
        (["--recommended", "--alpha", "0.05"], 2),
    ],
)
def test_exit_status_is_usable_in_ci(options: list[str], status: int) -> None:
    assert run("watch", "-", *options, text=plain(shifted((60, 40)))).exit_code == status


def test_a_regression_is_found_in_a_benchmark_history(history: Path) -> None:
    options = ("--fail-on", "increase", "--min-change", "5%", "--last", "12", "--alpha", "0.05", "--format", "json")
    result = run("watch", history, *options)
    assert result.exit_code == 1
    event = events(result)[0]
    assert (event["series"], event["index"], event["time"]) == ("test_slow", 30, "2026-01-16T00:00:00")
    assert {e["series"] for e in events(result)} == {"test_slow"}


def test_an_unknown_statistic_of_a_benchmark_is_refused(history: Path) -> None:
    result = run("watch", history, "--column", "mean")
    assert (result.exit_code, result.stderr) == (2, "pixelshift: no statistic 'mean'; there are: median\n")


def test_bad_rows_are_told_with_their_numbers_and_the_rest_is_watched() -> None:
    lines = plain(shifted((60, 40))).splitlines()
    lines[4:4] = ["oops"]
    lines[30:30] = ["9" * 300]
    result = run("watch", "-", "--format", "json", "--line-limit", "100", text="\n".join(lines))
    assert [e["index"] for e in events(result)] == [c.index for c in detect(shifted((60, 40)))]
    assert "row 5: 'oops' is not a number" in result.stderr
    assert "row 31: the line is too long" in result.stderr
    assert "100 observations, 1 change, 2 rows refused" in result.stderr


def test_an_input_cannot_steer_the_terminal() -> None:
    steering = "\x1b]0;title\x07"
    rows = "".join(f"{steering},{value}\n" for value in shifted((60, 40)))
    found = run("watch", "-", "--by", "key", "--time", "key", "--column", "v", text="key,v\n" + rows + "\x1b[2J,x\n")
    assert found.stdout.count("\\x1b]0;title\\x07") == 3
    refused = run("watch", "-", text=f"{steering},b\n1,2\n")
    assert "\\x1b]0;title" in refused.stderr
    nested = run("watch", "-", text=json.dumps({steering: 1}) + "\n")
    assert "\\x1b]0;title" in nested.stderr
    unusable = run("watch", f"{steering}{'x' * 300}")  # a name that no file can have
    assert "\\x1b]0;title" in unusable.stderr
    for result in (found, refused, nested, unusable):
        assert not {"\x1b", "\x07"} & set(result.output)


def test_stop_on_error_ends_at_the_bad_row() -> None:
    result = run("watch", "-", "--on-error", "stop", text="1\nx\n2\n")
    assert result.exit_code == 2
    assert "1 observations" in result.stderr


def test_series_are_split_by_a_column_and_drawn_together(tmp_path: Path) -> None:
    table = "".join(f"{'ab'[i % 2]},{v}\n" for i, v in enumerate(shifted((120, 80))))
    result = run("watch", "-", "--by", "host", "--plot", tmp_path / "p.svg", "-q", text="host,v\n" + table)
    assert result.exit_code == 0
    title = ET.parse(tmp_path / "p.svg").getroot().findtext("{http://www.w3.org/2000/svg}title")
    assert title == "a: 100 observations, 1 change of level; b: 100 observations, 1 change of level"


def test_a_png_plot_is_written(tmp_path: Path) -> None:
    run("watch", "-", "--plot", tmp_path / "p.png", text=plain(shifted()))
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert run("watch", "-", "--plot", tmp_path / "p.gif", text="1\n").exit_code == 2


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_grown_file_is_read_on_from_its_state(name: str, tmp_path: Path) -> None:
    values = shifted((50, 50, 50, 50))
    path, state = tmp_path / name, tmp_path / "state"
    header = "value\n" if name == "a.csv" else ""
    whole = (header + plain(values)).encode()
    seen: list[dict[str, Any]] = []
    for cut in (0, 3, 500, 1_111, 1_112, 2_000, len(whole)):
        path.write_bytes(whole[:cut])
        result = run("watch", path, "--state", state, "--format", "json")
        assert result.exit_code == 0, result.stderr
        seen += events(result)
    path.write_bytes(whole)
    assert seen == events(run("watch", path, "--format", "json"))
    assert len(seen) >= 3


def test_a_state_of_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(plain(shifted()))
    run("watch", tmp_path / "a", "--state", tmp_path / "state")
    (tmp_path / "a").write_text(plain(shifted(seed=2)))
    result = run("watch", tmp_path / "a", "--state", tmp_path / "state")
    assert result.exit_code == 2
    assert "is not the file that the state was kept for" in result.stderr


DAMAGE: list[dict[str, Any]] = [
    *({"source": place} for place in (None, 1, "x", [], {})),
    *({"offset": offset} for offset in (None, "x", -5, float("inf"), [1], 1 << 70)),
    *({"number": number} for number in (None, "x", -5, float("inf"), 0.5)),
    *({"layout": layout} for layout in ("x", 1, [1], {}, {"kind": "csv", "places": [9, None, None]})),
    *({"places": places} for places in ([None] * 3, [0, 9, None], [0], ["x", None, None], [-1, None, None])),
]


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_a_damaged_state_is_told_as_one(damage: dict[str, Any], tmp_path: Path) -> None:
    path, state = tmp_path / "a.csv", tmp_path / "state"
    path.write_text("value\n" + plain(shifted()))
    assert run("watch", path, "--state", state).exit_code == 0
    kept = json.loads(state.read_text())
    for part in (kept, kept["source"], kept["source"]["layout"]):
        part.update({name: value for name, value in damage.items() if name in part})
    state.write_text(json.dumps(kept))
    result = run("watch", path, "--state", state)
    assert result.exit_code == 2
    assert result.stderr == "pixelshift: the state is damaged: its place in the input cannot be read\n"


@pytest.mark.parametrize(
    "arguments",
    [("a", "--plot", "none/p.svg"), ("a", "--state", "none/s"), ("a", "--state", "."), (".", "--input", "csv")],
)
def test_files_that_cannot_be_used_are_named(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text(plain(shifted()))
    result = run("watch", *arguments, "-q")
    assert result.exit_code == 2
    assert re.fullmatch(r"pixelshift: .+: (No such file or directory|Is a directory)\n", result.stderr)


def test_broken_runs_of_a_history_are_told_and_the_others_watched(history: Path) -> None:
    (history / "folder.json").mkdir()
    (history / "deep.json").write_text("[" * 100_000)
    result = run("watch", history)
    assert result.exit_code == 0
    assert "folder.json: Is a directory" in result.stderr
    assert "deep.json: " in result.stderr
    assert "2 rows refused" in result.stderr


@pytest.mark.timeout(30)
def test_a_named_pipe_is_read_as_standard_input_is(tmp_path: Path) -> None:
    pipe, state = tmp_path / "pipe", tmp_path / "state"
    os.mkfifo(pipe)
    found = []
    for half in (shifted()[:100], shifted()[100:]):
        writer = threading.Thread(target=pipe.write_text, args=(plain(half),))
        writer.start()
        result = run("watch", pipe, "--state", state, "--format", "json")
        writer.join()
        assert result.exit_code == 0, result.stderr
        found += events(result)
    assert [event["index"] for event in found] == [change.index for change in detect(shifted())]


def test_a_followed_file_is_watched_until_a_signal_and_its_state_is_whole(tmp_path: Path) -> None:
    values = shifted((50, 50, 50))
    path, state = tmp_path / "a.txt", tmp_path / "state"
    path.write_text(plain(values[:40]))
    expected = detect(values)
    command = [*COMMAND, "watch", path, "--follow", "--state", state, "--format", "json"]
    with subprocess.Popen(command, stdout=-1, stderr=-1) as process:
        assert process.stdout
        with path.open("a") as file:
            file.write(plain(values[40:120]))
        assert json.loads(process.stdout.readline())["index"] == expected[0].index
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(20) == 0
    first = [json.loads(line)["index"] for line in rest.splitlines()]
    with path.open("a") as file:
        file.write(plain(values[120:]))
    second = [e["index"] for e in events(run("watch", path, "--state", state, "--format", "json"))]
    assert [expected[0].index, *first, *second] == [change.index for change in expected]


def test_a_reader_that_goes_away_ends_the_watch_quietly() -> None:
    text = plain(shifted((40,) * 400))
    with subprocess.Popen([*COMMAND, "watch", "-", "--format", "json"], stdin=-1, stdout=-1, stderr=-1) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        try:
            process.stdin.write(text.encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait(20) == 141


def test_simulate_writes_a_series_that_watch_reads_and_knows_its_truth(tmp_path: Path) -> None:
    made = run("simulate", "--seed", "4", "--truth", tmp_path / "truth.json")
    truth = json.loads((tmp_path / "truth.json").read_text())["changes"]
    found = [e["index"] for e in events(run("watch", "-", "--format", "json", text=made.stdout))]
    assert len(found) == len(truth) == 5
    assert all(abs(a - b) < 20 for a, b in zip(found, truth, strict=True))


def test_simulate_checks_the_detector_and_draws_the_truth(tmp_path: Path) -> None:
    result = run("simulate", "--check", "--seed", "4", "--plot", tmp_path / "s.svg")
    assert "found            5\nmissed           0\nfalse alarms     0\n" in result.stdout
    assert (tmp_path / "s.svg").read_text().count("true change at") == 5


@pytest.mark.parametrize("options", [["--noise", "pink"], ["--points", "0"], ["--format", "xml"], ["--ar", "1"]])
def test_an_impossible_simulation_is_a_plain_error(options: list[str]) -> None:
    result = run("simulate", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("pixelshift: ")


def test_every_parameter_of_the_detector_has_its_option_with_its_default() -> None:
    from inspect import signature

    from pixelshift.changepoint import Parameters
    from pixelshift.cli.series import _detection

    options = {name: option.default for name, option in signature(_detection).parameters.items()}
    assert options.pop("recommended") is False
    parameters = Parameters().as_dict()
    del parameters["missing"]  # rows without a number are for --on-error
    assert options == parameters


def test_the_recommended_preset_is_that_of_the_library() -> None:
    from pixelshift.changepoint import Detector

    values = shifted((120, 120, 120))
    found = [
        event["index"] for event in events(run("watch", "-", "--recommended", "--format", "json", text=plain(values)))
    ]
    assert found == [change.index for change in Detector.recommended().extend(values)]
    assert found
