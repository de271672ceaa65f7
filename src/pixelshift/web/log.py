"""Logs as one JSON object per line on standard output."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from math import isfinite
from typing import Any, TextIO


class JsonLog:
    """Writes events of a level from ``threshold`` on, each as a line."""

    def __init__(self, out: TextIO, threshold: int) -> None:
        self._out = out
        self._threshold = threshold

    def write(self, events: Iterable[tuple[float, int, str, str]]) -> None:
        """Writes events at once, in one piece: when (seconds since 1970), how grave, what, and its :func:`json_facts`.

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
        return json_line(record.created, record.levelno, record.getMessage(), json_facts(failure)).rstrip("\n")


def json_facts(facts: Mapping[str, object]) -> str:
    """Facts as members of a line, each with a comma behind it; ASCII alone, so that none can begin another line."""
    return "".join([f"{quoted(name)}: {_WRITERS.get(type(fact), _written)(fact)}, " for name, fact in facts.items()])


def json_line(at_s: float, level: int, event: str, facts: str) -> str:
    """A line with its end; ``facts`` are by :func:`json_facts`."""
    second_s = int(at_s)
    at = f"{_second(second_s)}.{int((at_s - second_s) * 1e6):06}Z"
    return f'{{{facts}"event": {quoted(event)}, "level": "{_severity(level)}", "timestamp": "{at}"}}\n'


def configure(level: str) -> JsonLog:
    """Returns the service's log, and lets what uvicorn has to say go out in the same shape."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    return JsonLog(sys.stdout, threshold)


@lru_cache(maxsize=2)  # lines of one second come together
def _second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().removesuffix("+00:00")


@lru_cache(maxsize=8)
def _severity(level: int) -> str:
    return logging.getLevelName(level).lower()


def _written(fact: object) -> str:
    return repr(fact) if isinstance(fact, float) and isfinite(fact) else json.dumps(fact, default=repr)


_WRITERS: dict[type, Callable[[Any], str]] = {str: quoted, int: repr}
"""By the very type; a bool is an int, but not in JSON."""
