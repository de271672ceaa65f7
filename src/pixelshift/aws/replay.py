"""Dead letters of a queue worked over again: ``pixelshift.aws.replay:handler``.

A replayed record is out of order, so it repairs the raw store and never enters the detector. Two kinds of letters are
read: the detector's poison, which people must see and which is kept raw first; and what Lambda sends on failure of a
stream's batch, whose records are read from the stream again: people hear of those, too, for the function that gave
them up has never seen them. What fails goes back with one more attempt and a delay
of U(0, min(cap, base 2^n)) ("full jitter"), and to the people's queue after the last.
"""

import base64
import binascii
import json
import logging
import math
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from pixelshift.aws.detector import Queue
from pixelshift.errors import InvalidRequestError, NotFoundError, PixelshiftError
from pixelshift.notify.sqs import DELAY_LIMIT_S
from pixelshift.store.raw import RawRecord, RawStore
from pixelshift.stream_wiring import stream_parts
from pixelshift.streams.outbox import Retry
from pixelshift.value import field, mutable

ATTEMPT = "attempt"

_log = logging.getLogger(__name__)

ReadRange = Callable[[Mapping[str, Any]], Sequence[RawRecord]]
"""Records of a ``KinesisBatchInfo``; raises :class:`NotFoundError` when the stream no longer has them."""


@mutable
class ReplayHandler:
    """Answers each message by itself: one that goes wrong does not bring the others back."""

    raw: RawStore
    read_range: ReadRange
    queue: Queue
    """Where letters go back to: the one that they came from."""
    people: Queue
    retry: Retry = field(default_factory=lambda: Retry(attempts=8, base_s=5.0, cap_s=DELAY_LIMIT_S))
    source: random.Random = field(default_factory=random.SystemRandom)

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        """Answers with the messages that are to be delivered again."""
        failed = []
        for message in event.get("Records", ()):
            try:
                self._work(str(message["body"]), _attempt(message))
            except PixelshiftError as error:
                _log.warning("%s", json.dumps({"message": message.get("messageId"), "code": error.code}))
                failed.append({"itemIdentifier": message["messageId"]})
        return {"batchItemFailures": failed}

    def _work(self, body: str, attempt: int) -> None:
        """Returning means done or passed on; a crash between sending and returning makes a copy, which does no harm."""
        try:
            records, reason = self._read(body)
            self.raw.keep(records)
        except (InvalidRequestError, NotFoundError) as error:
            self.people.send(body, attributes={ATTEMPT: attempt, "reason": error.message})
        except PixelshiftError as error:
            self._again(body, attempt + 1, error.message)
        else:
            self.people.send(body, attributes={ATTEMPT: attempt, "reason": reason})

    def _again(self, body: str, attempt: int, reason: str) -> None:
        if attempt >= self.retry.attempts:
            self.people.send(body, attributes={ATTEMPT: attempt, "reason": reason})
            return
        delay_s = min(DELAY_LIMIT_S, round(self.retry.pause_s(attempt, self.source)))
        self.queue.send(body, delay_s=delay_s, attributes={ATTEMPT: attempt})

    def _read(self, body: str) -> tuple[Sequence[RawRecord], str]:
        """Records of a letter, and what people must see about it."""
        try:
            letter = json.loads(body)
            if "KinesisBatchInfo" in letter:
                records = self.read_range(letter["KinesisBatchInfo"])
                return records, f"{_function_name(letter)} gave up {len(records)} records, which are kept raw"
            reason = _printable(letter["reason"]) or "unreadable"
            if letter["data"] is None:  # too long for a letter
                return [], reason
            data = base64.b64decode(letter["data"], validate=True)
            return [RawRecord(str(letter["device"]), int(letter["seq"]), data, _moment(letter))], reason
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
            raise InvalidRequestError("this is no letter of ours", detail=repr(error)) from error


def _moment(letter: Mapping[str, Any]) -> float | None:
    arrived = letter.get("arrived_at_s")
    if arrived is None or math.isfinite(arrived):
        return arrived
    raise ValueError("a moment that is no number")


def _printable(text: object) -> str:
    """Text that SQS takes as an attribute."""
    return "".join(filter(str.isprintable, str(text)[:200]))


def _function_name(letter: Mapping[str, Any]) -> str:
    context = letter.get("requestContext")
    arn = context.get("functionArn") if isinstance(context, Mapping) else None
    # arn:aws:lambda:region:account:function:name:version
    parts = str(arn or "").split(":")
    return _printable(parts[6]) if len(parts) > 6 else "a function"


def _attempt(message: Mapping[str, Any]) -> int:
    text = message.get("messageAttributes", {}).get(ATTEMPT, {}).get("stringValue", "0")
    return int(text) if str(text).isdecimal() and len(str(text)) < 6 else 0


@cache
def _function() -> ReplayHandler:
    parts = stream_parts()
    return ReplayHandler(parts.raw(), parts.read_range(), parts.poison(), parts.people())


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The Lambda entry point; settings are read at the first event."""
    return _function()(event, context)
