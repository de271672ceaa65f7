"""Pictures over ASGI, in front of FastAPI's routing: a cache hit costs a fraction of a route there."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.shared import SharedService
from pixelshift.errors import InvalidRequestError, TimeLimitError
from pixelshift.value import frozen
from pixelshift.web.observe import Observer, request_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_QUERY_FIELDS = 256
_PIECE_BYTES = 256 * 1024
_OVERTIME_S = 5.0


@frozen
class Patience:
    """How long clients may take."""

    answer_s: float = 25.0
    """To be given an answer; a little more than a request's own limit."""
    piece_s: float = 30.0
    """To read 256 KiB of it; who is slower is cut off."""


class ImageFace:
    """Serves pictures itself and leaves paths whose first segment is in ``reserved`` to ``others``."""

    def __init__(
        self,
        service: SharedService,
        others: App,
        reserved: frozenset[str],
        observer: Observer,
        patience: Patience | None = None,
    ) -> None:
        self._service = service
        self._others = others
        self._reserved = reserved
        self._observer = observer
        self._patience = patience or Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] != "http" or (scope["path"].split("/", 2)[1:2] and self._is_reserved(scope["path"])):
            await self._others(scope, receive, send)
            return
        started_s = time.monotonic()
        headers = _headers(scope)
        name = request_id(headers.get("x-request-id"))
        with self._observer.under_way():
            response = await self._respond(scope, headers)
            with suppress(TimeoutError):  # a reader who stopped: uvicorn closes what is left unfinished
                await self._send(response, name, send)
        self._observer.record(scope["method"], _target(scope), name, response, time.monotonic() - started_s)

    def _is_reserved(self, path: str) -> bool:
        return path.split("/", 2)[1:2] != [] and path.split("/", 2)[1] in self._reserved

    async def _respond(self, scope: Scope, headers: dict[str, str]) -> HttpResponse:
        try:
            query = parse_qsl(
                scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=_QUERY_FIELDS
            )
        except ValueError:
            return self._service.refuse(InvalidRequestError("The query has too many parameters."))
        path = scope.get("raw_path") or scope["path"].encode()
        client = (scope.get("client") or ("",))[0]
        request = HttpRequest(scope["method"], path.decode("latin-1"), tuple(query), headers, client=client)
        begun = self._service.begin(request)
        return await self._await(begun) if isinstance(begun, Future) else begun

    async def _await(self, future: Future[HttpResponse]) -> HttpResponse:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._patience.answer_s + _OVERTIME_S)
        except TimeoutError:
            return self._service.refuse(TimeLimitError("The picture took too long.", retry_after_s=5))

    async def _send(self, response: HttpResponse, name: str, send: Send) -> None:
        """Sends head and body, in pieces so that a reader who stops is noticed."""
        headers = [
            (key.lower().encode("latin-1"), value.encode("latin-1", "replace")) for key, value in response.headers
        ]
        headers.append((b"x-request-id", name.encode()))
        if response.header("Content-Length") is None and response.status not in {204, 304}:
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        view = memoryview(response.body)
        for start in range(0, max(1, len(view)), _PIECE_BYTES):
            piece = bytes(view[start : start + _PIECE_BYTES]) if len(view) > _PIECE_BYTES else response.body
            message = {"type": "http.response.body", "body": piece, "more_body": start + _PIECE_BYTES < len(view)}
            async with asyncio.timeout(self._patience.piece_s):
                await send(message)


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _target(scope: Scope) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else str(path)
