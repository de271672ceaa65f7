"""Functions to be called outside Lambda: a handler of this process, or a container under the runtime's emulator."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from pixelshift.errors import InvalidRequestError, OriginError
from pixelshift.value import field, frozen, mutable

Handler = Callable[[Mapping[str, Any], "LocalContext"], Any]


class FunctionError(OriginError):
    """The function ended with an error of its own."""


@frozen
class LocalContext:
    """What handlers read of a Lambda context."""

    deadline_s: float
    """On the monotonic clock."""
    aws_request_id: str = "local"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds to the time-out; 0 behind it."""
        return max(0, int((self.deadline_s - time.monotonic()) * 1000))


@frozen
class LocalFunction:
    """Calls a handler in this process."""

    handler: Handler
    timeout_s: float = 60.0

    def __call__(self, event: Mapping[str, Any]) -> Any:
        """The handler's answer; its exceptions pass through. Nothing stops it at its time-out but its own reading."""
        return self.handler(event, LocalContext(time.monotonic() + self.timeout_s))


@mutable
class EmulatedFunction:
    """Calls a container over HTTP. One call at a time: the emulator does not survive two."""

    url: str
    timeout_s: float = 900.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: Mapping[str, Any]) -> Any:
        """The function's answer.

        :raises FunctionError: the function ended with an error, in the words of its runtime.
        :raises OriginError: no answer.
        """
        place = urlsplit(self.url)
        with self._lock:
            connection = http.client.HTTPConnection(place.netloc, timeout=self.timeout_s)
            try:
                connection.request("POST", place.path or _INVOCATIONS, json.dumps(event))
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise OriginError("the function does not answer", detail=str(error)) from error
            finally:
                connection.close()
        return _answer(response.status, body)


_INVOCATIONS = "/2015-03-31/functions/function/invocations"


def _answer(status: int, body: bytes) -> Any:
    """The emulator marks errors in the body alone, and a time-out by plain text."""
    try:
        answer = json.loads(body or b"null")
    except ValueError:
        raise FunctionError("the function failed", detail=body[:300].decode(errors="replace")) from None
    if status != 200 or (isinstance(answer, dict) and {"errorType", "errorMessage"} <= answer.keys()):
        raise FunctionError("the function failed", detail=json.dumps(answer)[:300])
    return answer


def function_at(target: str, timeout_s: float = 60.0) -> LocalFunction | EmulatedFunction:
    """A function by ``module:handler``, ``module.handler`` or an ``http://`` address.

    :raises InvalidRequestError: there is no such handler.
    """
    if target.startswith("http://"):
        return EmulatedFunction(target)
    module, separator, name = target.partition(":") if ":" in target else target.rpartition(".")
    try:
        handler = getattr(import_module(module), name) if separator else None
    except (ImportError, AttributeError, ValueError):
        handler = None
    if not callable(handler):
        raise InvalidRequestError(f"no handler {target!r}; write package.module:handler or http://…")
    return LocalFunction(handler, timeout_s)
