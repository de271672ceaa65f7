"""Bodies of `POST /series/{id}/points`: one observation, a batch, or lines of JSON that keep coming."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from math import isfinite
from typing import Any

from fastapi import Request

from pixelshift.errors import InvalidRequestError, TimeLimitError, TooLargeError, UnsupportedMediaError
from pixelshift.streams.intake import SEQ_LIMIT, TIME_LENGTH, Observation
from pixelshift.value import field, frozen, mutable

TOLD = 100
"""Refused rows that an answer names."""
MEMBERS = frozenset({"value", "seq", "time"})


@frozen
class BodyLimits:
    """Upper bounds on one request to the series service."""

    body_bytes: int = 8 << 20
    stream_bytes: int = 1 << 30
    """Of a body of JSON lines, which is never held whole."""
    line_bytes: int = 64 << 10
    stream_rows: int = 1_000
    """Rows of such a body that are taken in one step."""
    idle_s: float = 60.0
    """Longest wait for the next bytes of a body."""


@mutable
class Rows:
    """Rows of a body: those that can be used, and what is wrong with the others."""

    good: list[Observation] = field(default_factory=list)
    refused: int = 0
    reasons: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, row: int, reason: str) -> None:
        """Notes a row that cannot be used."""
        self.refused += 1
        if len(self.reasons) < TOLD:
            self.reasons.append({"row": row, "reason": reason})


def media_type(request: Request) -> str:
    """``application/json`` or ``application/x-ndjson``.

    :raises UnsupportedMediaError: another, or a content coding. A plain type is refused on purpose: a foreign web page
        can send such a body here without asking first.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-ndjson"):
        raise UnsupportedMediaError("send application/json or application/x-ndjson")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaError("send the body without a content coding")
    return kind


async def pieces(request: Request, limit_bytes: int, idle_s: float) -> AsyncIterator[bytes]:
    """The body as it comes.

    :raises TooLargeError: more than ``limit_bytes``, by its header or as it comes.
    :raises TimeLimitError: 408: nothing came for ``idle_s``.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:19]) > limit_bytes:
        raise _too_large(limit_bytes)
    taken = 0
    stream = request.stream()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream, None), idle_s)
        except TimeoutError:
            raise TimeLimitError("the body stopped coming", status=408, code="RequestTimeout") from None
        if piece is None:
            return
        taken += len(piece)
        if taken > limit_bytes:
            raise _too_large(limit_bytes)
        yield piece


async def whole(request: Request, limits: BodyLimits) -> bytes:
    """The whole body, within its limit."""
    return b"".join([piece async for piece in pieces(request, limits.body_bytes, limits.idle_s)])


def _too_large(limit_bytes: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit_bytes:,} bytes: send it in parts", code="BodyTooLarge")


def parse_json(body: bytes) -> Any:
    """A JSON document without NaN and infinities.

    :raises InvalidRequestError: it is none.
    """
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else str(error)[:100]
        raise InvalidRequestError(f"the body is not JSON: {reason}") from None


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON; say null where a value is missing")


def parse_batch(body: bytes) -> Rows:
    """Rows of one observation, a list of them, or ``{"points": [...]}``; numbers may stand for observations."""
    document = parse_json(body)
    if isinstance(document, dict) and "points" in document:
        if set(document) != {"points"} or not isinstance(document["points"], list):
            raise InvalidRequestError("a batch is {'points': [...]} with nothing beside")
        document = document["points"]
    rows = Rows()
    for number, item in enumerate(document if isinstance(document, list) else [document], 1):
        _add(rows, number, item)
    return rows


def parse_lines(lines: Sequence[tuple[int, bytes | None]]) -> Rows:
    """Rows of JSON lines with their numbers; ``None`` is a line that was too long."""
    rows = Rows()
    for number, line in lines:
        if line is None:
            rows.refuse(number, "the line is too long")
            continue
        if not line.strip():
            continue
        try:
            item = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            rows.refuse(number, f"not JSON: {error}"[:200])
            continue
        _add(rows, number, item)
    return rows


def _add(rows: Rows, number: int, item: object) -> None:
    try:
        rows.good.append(_observation(item))
    except ValueError as error:
        rows.refuse(number, str(error))


def _observation(item: object) -> Observation:
    if not isinstance(item, dict):
        return Observation(_value(item))
    if not item.keys() <= MEMBERS:
        unknown = next(name for name in item if name not in MEMBERS)
        raise ValueError(f"unknown member {unknown[:40]!r}; there are: value, seq, time")
    if "value" not in item:
        raise ValueError("no value; say null where it is missing")
    seq, time = item.get("seq"), item.get("time")
    if seq is not None and (isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq < SEQ_LIMIT):
        raise ValueError("seq must be a whole number from 0 to 2^62 - 1")
    if isinstance(time, int | float) and not isinstance(time, bool):
        time = repr(time)
    if time is not None and (not isinstance(time, str) or len(time) > TIME_LENGTH or not time.isprintable()):
        raise ValueError(f"time must be a number or a text of at most {TIME_LENGTH} signs")
    return Observation(_value(item["value"]), seq, time)


def _value(item: object) -> float | None:
    if item is None or (type(item) is float and isfinite(item)):  # nearly always
        return item
    if isinstance(item, bool) or not isinstance(item, int | float):
        raise ValueError(f"{json.dumps(item)[:40]} is not a number")  # noqa: TRY004  told with its row, as all are
    try:
        value = float(item)
    except OverflowError:
        value = float("inf")
    if not isfinite(value):
        raise ValueError("the number is too large")
    return value


class LineSplitter:
    """Cuts pieces of a body into numbered lines, holding no more than one line of the limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = b""
        self._is_skipping = False
        self._number = 0

    def feed(self, piece: bytes) -> list[tuple[int, bytes | None]]:
        """The lines that this piece completes."""
        *complete, rest = piece.split(b"\n")
        lines = [self._line(part) for part in complete]
        if not self._is_skipping:
            self._held += rest
            if len(self._held) > self._limit:
                self._held, self._is_skipping = b"", True
        return lines

    def end(self) -> list[tuple[int, bytes | None]]:
        """A last line without an end."""
        return [self._line(b"")] if self._held or self._is_skipping else []

    def _line(self, part: bytes) -> tuple[int, bytes | None]:
        self._number += 1
        line = None if self._is_skipping or len(self._held) + len(part) > self._limit else self._held + part
        self._held, self._is_skipping = b"", False
        return self._number, line
