import io
import json
import logging
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.web.log import JsonFormatter, JsonLog, json_facts, json_line


@pytest.mark.parametrize(
    "fact", ["a", 'quote " and \\', "line\nbreak\u2028", "ä\0", 3, -1.5, True, False, None, [1, "x"], {"a": 1}]
)
def test_a_line_is_one_json_object_with_its_facts(fact: object) -> None:
    line = json_line(0.25, logging.INFO, "request", json_facts({"fact": fact}))
    assert line.endswith("\n")
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line) == {
        "fact": fact,
        "event": "request",
        "level": "info",
        "timestamp": "1970-01-01T00:00:00.250000Z",
    }


@given(st.floats(0, 4e9))
def test_the_time_of_a_line_is_its_own_to_the_microsecond(at_s: float) -> None:
    told = datetime.fromisoformat(json.loads(json_line(at_s, logging.INFO, "e", ""))["timestamp"])
    assert abs(told.timestamp() - at_s) < 2e-6
    assert told.utcoffset() == timedelta(0)


def test_what_json_cannot_say_does_not_stop_a_line() -> None:
    facts = {"nan": math.nan, "object": object()}
    assert json.loads(json_line(1.0, logging.ERROR, "odd", json_facts(facts))).keys() >= facts.keys()


def test_events_below_the_threshold_are_left_out() -> None:
    out = io.StringIO()
    JsonLog(out, logging.WARNING).write([(0.0, level, "e", json_facts({"n": level})) for level in (10, 20, 30, 40)])
    assert [json.loads(line)["n"] for line in out.getvalue().splitlines()] == [30, 40]


def test_what_libraries_log_has_the_same_shape() -> None:
    error = ValueError("broken\nhere")
    record = logging.LogRecord("uvicorn", logging.ERROR, "f", 1, "%s failed", ("it",), (ValueError, error, None))
    line = JsonFormatter().format(record)
    assert "\n" not in line
    said = json.loads(line)
    assert (said["event"], said["level"]) == ("it failed", "error")
    assert "broken" in said["exception"]


class GoneReader(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def closed() -> io.StringIO:
    out = io.StringIO()
    out.close()
    return out


@pytest.mark.parametrize("out", [GoneReader(), closed()], ids=["gone", "closed"])
def test_a_stream_that_takes_no_lines_stops_nothing(out: io.StringIO) -> None:
    JsonLog(out, logging.INFO).write([(0.0, logging.INFO, "request", "")])
