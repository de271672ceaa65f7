"""A Lambda runtime that streams: ``python -m pixelshift.aws.runtime MODULE.HANDLER``.

AWS's own client for Python answers in one piece of at most 6 MB. A handler that has a method ``stream`` gets its
answer sent in pieces here: first a prelude, JSON with status and headers and eight zero bytes, then the body; what
goes wrong in the midst of it is told in trailers. Handlers without one are answered for as AWS's client does.

Source: "Building a custom runtime" and "Using the Lambda runtime API" in the Lambda developer guide; the prelude is
the format ``application/vnd.awslambda.http-integration-response`` of function URLs.
"""

import base64
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Protocol, TypeAlias

from pixelshift.aws.reply import Prelude
from pixelshift.errors import PixelshiftError
from pixelshift.value import frozen

Buffer: TypeAlias = bytes | memoryview

_BASE = "/2018-06-01/runtime"
_END_OF_PRELUDE = bytes(8)
_JSON = {"Content-Type": "application/json"}
_STREAM = {
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Transfer-Encoding": "chunked",
    "Content-Type": "application/vnd.awslambda.http-integration-response",
    "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
}


class Streaming(Protocol):
    """A handler that can stream; ``None`` leaves an event to the plain call."""

    def __call__(self, event: Any, context: "Context") -> object: ...

    def stream(self, event: Any, context: "Context") -> tuple[Prelude, Iterable[Buffer]] | None: ...


@frozen
class Context:
    """What a handler is told of its invocation, under AWS's names."""

    aws_request_id: str
    deadline_ms: int
    invoked_function_arn: str
    function_name: str
    function_version: str
    memory_limit_in_mb: str

    def get_remaining_time_in_millis(self) -> int:
        """Until Lambda ends the invocation."""
        return max(0, self.deadline_ms - int(time.time() * 1000))


@frozen
class Invocation:
    """One event to be answered."""

    event: Any
    context: Context


class RuntimeApi:
    """The Runtime API of one sandbox."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        self._address = address
        self._environment = environment

    def next(self) -> Invocation:
        """Waits, without limit, for the next event; its trace is put where X-Ray's SDK looks for it."""
        with _Exchange(self._address, "GET", f"{_BASE}/invocation/next", {}) as exchange:
            reply = exchange.finish()
            body = reply.read()
        if reply.status != 200:
            raise HTTPException(f"no invocation but {reply.status}")
        os.environ["_X_AMZN_TRACE_ID"] = reply.getheader("Lambda-Runtime-Trace-Id", "")
        context = Context(
            aws_request_id=reply.getheader("Lambda-Runtime-Aws-Request-Id", ""),
            deadline_ms=int(reply.getheader("Lambda-Runtime-Deadline-Ms", "0")),
            invoked_function_arn=reply.getheader("Lambda-Runtime-Invoked-Function-Arn", ""),
            function_name=self._environment.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            function_version=self._environment.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
            memory_limit_in_mb=self._environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", ""),
        )
        return Invocation(json.loads(body), context)

    def answer(self, request_id: str, document: bytes) -> None:
        """The whole answer at once."""
        self._post(f"{_BASE}/invocation/{request_id}/response", document, _JSON)

    def stream(self, request_id: str, prelude: Prelude, pieces: Iterable[Buffer]) -> None:
        """The answer piece by piece; one that breaks off is ended by what went wrong."""
        path = f"{_BASE}/invocation/{request_id}/response"
        with _Exchange(self._address, "POST", path, _STREAM) as exchange:
            exchange.chunk(json.dumps(prelude).encode() + _END_OF_PRELUDE)
            try:
                for piece in pieces:
                    exchange.chunk(piece)
            except (OSError, HTTPException):
                raise  # nobody listens any more
            except Exception as error:
                exchange.end(_trailers(error))
                _log(error)
            else:
                exchange.end({})
            exchange.finish().read()

    def fail(self, request_id: str, error: BaseException) -> None:
        """The invocation failed before anything was sent."""
        self._error(f"{_BASE}/invocation/{request_id}/error", error)

    def fail_init(self, error: BaseException) -> None:
        """The handler could not be loaded."""
        self._error(f"{_BASE}/init/error", error)

    def _error(self, path: str, error: BaseException) -> None:
        headers = {**_JSON, "Lambda-Runtime-Function-Error-Type": _error_type(error)}
        self._post(path, json.dumps(_described(error)).encode(), headers)

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        with _Exchange(self._address, "POST", path, {**headers, "Content-Length": str(len(body))}) as exchange:
            exchange.send(body)
            reply = exchange.finish()
            reply.read()
        if reply.status >= 300:
            print(f"the Runtime API answers {reply.status} to {path}", file=sys.stderr, flush=True)


class _Exchange:
    """One request of which we write every byte, since :mod:`http.client` knows no trailers."""

    def __init__(self, address: str, method: str, path: str, headers: Mapping[str, str]) -> None:
        self._connection = HTTPConnection(address)
        self._connection.putrequest(method, path)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()

    def __enter__(self) -> "_Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, data: Buffer) -> None:
        if data:
            self._connection.send(data)

    def chunk(self, data: Buffer) -> None:
        if data:  # an empty chunk would be the end
            self._connection.send(b"%x\r\n" % len(data))
            self._connection.send(data)
            self._connection.send(b"\r\n")

    def end(self, trailers: Mapping[str, str]) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
        self._connection.send(f"0\r\n{lines}\r\n".encode())

    def finish(self) -> HTTPResponse:
        return self._connection.getresponse()


def serve(api: RuntimeApi, handler: Callable[[Any, Context], object]) -> None:
    """Answers invocations until the Runtime API goes away."""
    while True:
        _answer(api, handler, api.next())


def _answer(api: RuntimeApi, handler: Callable[[Any, Context], object], invocation: Invocation) -> None:
    request_id = invocation.context.aws_request_id
    try:
        stream = getattr(handler, "stream", None)
        streamed = stream(invocation.event, invocation.context) if stream is not None else None
        document = b"" if streamed else json.dumps(handler(invocation.event, invocation.context)).encode()
    except Exception as error:  # an invocation's failure is its own
        _log(error)
        api.fail(request_id, error)
        return
    try:
        if streamed:
            api.stream(request_id, *streamed)
        else:
            api.answer(request_id, document)
    except (OSError, HTTPException) as error:
        _log(error)  # the caller went away, or Lambda did: the next call tells which


def load(name: str) -> Callable[[Any, Context], object]:
    """The handler ``package.module.attribute``; ``package/module.attribute`` is read the same.

    :raises ImportError: there is none.
    """
    module, _, attribute = name.replace("/", ".").rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (AttributeError, ValueError) as error:
        raise ImportError(f"there is no handler {name!r}") from error
    if not callable(found):
        raise ImportError(f"{name!r} is no function")  # noqa: TRY004  # as for one that is not there
    return found  # type: ignore[no-any-return]  # any callable, as Lambda has it


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Loads the handler and serves it until Lambda ends the process; returning is a failure of either side."""
    api = RuntimeApi(environment["AWS_LAMBDA_RUNTIME_API"], environment)
    try:
        handler = load(arguments[0])
    except BaseException as error:
        _log(error)
        api.fail_init(error)
        return 1
    try:
        serve(api, handler)
    except (OSError, HTTPException, ValueError) as error:
        _log(error)
    return 1


def _trailers(error: Exception) -> dict[str, str]:
    return {
        "Lambda-Runtime-Function-Error-Type": _error_type(error),
        "Lambda-Runtime-Function-Error-Body": base64.b64encode(json.dumps(_described(error)).encode()).decode(),
    }


def _error_type(error: BaseException) -> str:
    return f"Function.{error.code if isinstance(error, PixelshiftError) else type(error).__name__}"


def _described(error: BaseException) -> dict[str, object]:
    frames = traceback.format_tb(error.__traceback__)
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames[-20:]}


def _log(error: BaseException) -> None:
    # One line: Lambda makes an entry of each.
    print(json.dumps({"error": _described(error)}), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
