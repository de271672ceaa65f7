"""Pictures over ASGI, in front of FastAPI's routing: a cache hit costs a fraction of a route there."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from pixelshift.delivery.message import HttpRequest, HttpResponse
from pixelshift.delivery.shared import TELLING, Hit, SharedService, Standing
from pixelshift.errors import InvalidRequestError, TimeLimitError
from pixelshift.value import field, frozen, mutable
from pixelshift.web.observe import Answered, Observer, RequestIds, redacted

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_QUERY_FIELDS = 256
_RECENT = 2048
"""So many URLs, each with an Accept header, are answered at once when they come again."""
_RECENT_BYTES = 4096
"""Longer targets and headers are not remembered."""
_NEVER_AT_ONCE = frozenset(name.encode() for name in (*TELLING, "content-length", "expect", "transfer-encoding"))
_PIECE_BYTES = 256 * 1024
_OVERTIME_S = 5.0


@frozen
class Patience:
    """How long clients may take."""

    answer_s: float = 25.0
    """To be given an answer; a little more than a request's own limit."""
    piece_s: float = 30.0
    """To read 256 KiB of it; who is slower is cut off."""


@mutable
class _Recent:
    """An answer that was given: what stands of it, how that goes over the wire, and what was last added to it."""

    standing: Standing
    head: bytes
    shown: str
    """Its target, as logs show it."""
    ages_s: tuple[int, int] = (-1, -1)
    whole: bytes = b""
    """The head with what holds while these ages do: for a second."""
    facts: Mapping[str, object] = field(default_factory=dict)

    def tell(self, hit: Hit) -> None:
        """Adds what the time has changed."""
        response = hit.response()
        lines = [b"%b: %b\r\n" % line for line in _wire(response.headers)]
        self.ages_s, self.facts, self.whole = (hit.age_s, hit.ttl_s), response.facts, self.head + b"".join(lines)


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
        self._ids = RequestIds()
        self._recent: dict[tuple[bytes, bytes], _Recent] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] != "http" or (scope["path"].split("/", 2)[1:2] and self._is_reserved(scope["path"])):
            await self._others(scope, receive, send)
            return
        started_s = time.monotonic()
        headers = _headers(scope)
        name = self._ids.name(headers.get("x-request-id"))
        with self._observer.under_way():
            response = await self._respond(scope, headers)
            with suppress(TimeoutError):  # a reader who stopped: uvicorn closes what is left unfinished
                await self._send(response, name, send)
        elapsed_s, shown, size = time.monotonic() - started_s, redacted(_target(scope)), len(response.body)
        noted = Answered(time.time(), scope["method"], shown, name, response.status, size, response.facts, elapsed_s)
        self._observer.record(noted)
        self._note(scope, headers, response)

    def at_once(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes] | None:
        """Headers and body of a fresh picture in memory that the same target and Accept got before; else ``None``.

        The answer is the one that the ASGI entry would give, and is counted and logged as that.
        """
        started_s = time.monotonic()
        accept, sent = b"", None
        for name, value in headers:
            if name in _NEVER_AT_ONCE:
                return None
            if name == b"accept":
                accept = accept + b", " + value if accept else value
            elif name == b"x-request-id":
                sent = value.decode("latin-1") if sent is None else ""
        recent = self._recent.get((target, accept))
        hit = self._service.again(recent.standing) if recent is not None else None
        if recent is None or hit is None:
            return None
        if recent.ages_s != (hit.age_s, hit.ttl_s):
            recent.tell(hit)
        own = self._ids.name(sent)
        noted = Answered(
            time.time(), "GET", recent.shown, own, 200, len(hit.body), recent.facts, time.monotonic() - started_s
        )
        self._observer.record(noted)
        return b"%bx-request-id: %b\r\n" % (recent.whole, own.encode()), hit.body

    def _note(self, scope: Scope, headers: dict[str, str], response: HttpResponse) -> None:
        """Remembers what :meth:`at_once` may answer from now on."""
        if response.status != 200 or scope["method"] != "GET":
            return
        target = _target(scope)
        name = (target.encode("latin-1"), headers.get("accept", "").encode("latin-1"))
        if sum(map(len, name)) > _RECENT_BYTES:
            return
        known = self._recent.get(name)
        if known is not None and self._service.again(known.standing) is not None:
            return
        request = _request(scope, headers)
        standing = self._service.standing(request) if request is not None else None
        if standing is None or standing.size > _PIECE_BYTES:
            self._recent.pop(name, None)
            return
        lines = [*_wire(standing.headers), (b"content-length", b"%d" % standing.size)]
        head = b"".join([b"%b: %b\r\n" % line for line in lines])
        self._recent[name] = _Recent(standing, head, redacted(target))
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]

    def _is_reserved(self, path: str) -> bool:
        return path.split("/", 2)[1:2] != [] and path.split("/", 2)[1] in self._reserved

    async def _respond(self, scope: Scope, headers: dict[str, str]) -> HttpResponse:
        request = _request(scope, headers)
        if request is None:
            return self._service.refuse(InvalidRequestError("The query has too many parameters."))
        begun = self._service.begin(request)
        return await self._await(begun) if isinstance(begun, Future) else begun

    async def _await(self, future: Future[HttpResponse]) -> HttpResponse:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._patience.answer_s + _OVERTIME_S)
        except TimeoutError:
            return self._service.refuse(TimeLimitError("The picture took too long.", retry_after_s=5))

    async def _send(self, response: HttpResponse, name: str, send: Send) -> None:
        """Sends head and body, in pieces so that a reader who stops is noticed."""
        headers = _wire(response.headers)
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


def _request(scope: Scope, headers: dict[str, str]) -> HttpRequest | None:
    """What was asked; ``None`` where the query has too many parameters."""
    try:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=_QUERY_FIELDS)
    except ValueError:
        return None
    path = scope.get("raw_path") or scope["path"].encode()
    client = (scope.get("client") or ("",))[0]
    return HttpRequest(scope["method"], path.decode("latin-1"), tuple(query), headers, client=client)


def _wire(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]


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
