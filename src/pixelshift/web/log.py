"""Logs as one JSON object per line on standard output."""

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from math import isfinite
from typing import TextIO


class JsonLog:
    """Writes events of a level from ``threshold`` on, each as a line."""

    def __init__(self, out: TextIO, threshold: int) -> None:
        self._out = out
        self._threshold = threshold

    def write(self, events: Iterable[tuple[float, int, str, Mapping[str, object]]]) -> None:
        """Writes events at once, in one piece: when (seconds since 1970), how grave, what, and its facts.

        Lines that the stream does not take (a reader gone, a full disk) are lost: no answer fails for them.
        """
        text = "".join([json_line(*event) for event in events if event[1] >= self._threshold])
        if text:
            with suppress(OSError, ValueError):  # ValueError: it is closed
                self._out.write(text)
                self._out.flush()


class JsonFormatter(logging.Formatter):
    """The same shape for what libraries log."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, with the exception as text."""
        failure = {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        return json_line(record.created, record.levelno, record.getMessage(), failure).rstrip("\n")


def json_line(at_s: float, level: int, event: str, facts: Mapping[str, object]) -> str:
    """A line with its end; ASCII alone, so that no fact can begin another line."""
    written = "".join([f"{quoted(name)}: {_written(fact)}, " for name, fact in facts.items()])
    at = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    severity = logging.getLevelName(level).lower()
    return f'{{{written}"event": {quoted(event)}, "level": "{severity}", "timestamp": "{at}Z"}}\n'


def configure(level: str) -> JsonLog:
    """Returns the service's log, and lets what uvicorn has to say go out in the same shape."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    return JsonLog(sys.stdout, threshold)


def _written(fact: object) -> str:
    if isinstance(fact, str):
        return quoted(fact)
    if type(fact) is int or (isinstance(fact, float) and isfinite(fact)):  # a bool is an int, but not in JSON
        return repr(fact)
    return json.dumps(fact, default=repr)
