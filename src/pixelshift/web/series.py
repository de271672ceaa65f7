"""The HTTP face of the series service, and its live page."""

import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pixelshift.errors import ForbiddenError, InvalidRequestError, NotFoundError
from pixelshift.store.base import Counts, Outgoing
from pixelshift.streams.intake import added
from pixelshift.streams.outbox import public_event
from pixelshift.streams.service import Outcome, SeriesService
from pixelshift.value import contents, field, mutable
from pixelshift.web.error_page import error_page
from pixelshift.web.problem import answer_errors
from pixelshift.web.series_body import (
    BodyLimits,
    LineSplitter,
    Rows,
    media_type,
    parse_batch,
    parse_json,
    parse_lines,
    pieces,
    whole,
)
from pixelshift.web.series_events import point_record, stream, summary

T = TypeVar("T")
THREADS = 16
CHANGES_TOLD = 1_000

PAGE_FILES = {
    "index.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "chart.js": "text/javascript; charset=utf-8",
    "feed.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

SeriesId = Annotated[str, Path(alias="id", min_length=1, max_length=128)]
Limit = Annotated[int, Query(ge=1, le=1_000)]
OnError = Annotated[Literal["refuse", "skip"], Query()]


def create_router(service: SeriesService, *, token: str | None = None, limits: BodyLimits | None = None) -> APIRouter:
    """Routes of the series service; with a ``token`` every one but the live page's files asks for it as a bearer."""
    routes = SeriesRoutes(service, limits or BodyLimits(), anyio.CapacityLimiter(THREADS))
    guard = [Depends(_guard(token))] if token is not None else []
    router = APIRouter()
    add = partial(router.add_api_route, dependencies=guard, response_model=None)
    add("/series", routes.index, methods=["GET"], summary="Series by name")
    add("/series/{id}", routes.show, methods=["GET"], summary="Where a series stands")
    add("/series/{id}", routes.delete, methods=["DELETE"], summary="Forget a series", status_code=204)
    add("/series/{id}/points", routes.post_points, methods=["POST"], summary="Take observations")
    add("/series/{id}/points", routes.points, methods=["GET"], summary="Observations in order")
    add("/series/{id}/changes", routes.changes, methods=["GET"], summary="Changes of level, in order")
    add("/series/{id}/events", routes.events, methods=["GET"], summary="Events of a series as they happen")
    add("/series/{id}/plot.svg", routes.plot, methods=["GET"], summary="A picture of a series")
    add("/series/{id}/settings", routes.settings, methods=["GET"], summary="How a series is watched")
    add("/series/{id}/settings", routes.configure, methods=["PUT"], summary="Set how a series is watched")
    add("/events", routes.all_events, methods=["GET"], summary="Events of all series as they happen")
    add("/dead-letters", routes.dead_letters, methods=["GET"], summary="Events that no sink would take")
    add("/dead-letters/{number}", routes.revive, methods=["POST"], summary="Deliver one again", status_code=204)
    router.add_api_route("/live", _page_file("index.html"), methods=["GET"], include_in_schema=False)
    for name in PAGE_FILES:
        router.add_api_route(f"/live/{name}", _page_file(name), methods=["GET"], include_in_schema=False)
    return router


def create_series_app(
    service: SeriesService,
    *,
    token: str | None = None,
    limits: BodyLimits | None = None,
    close: Callable[[], None] = lambda: None,
) -> FastAPI:
    """An application of these routes alone; ``close`` is called when it ends."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await anyio.to_thread.run_sync(close)

    app = FastAPI(title="Pixelshift series", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.include_router(create_router(service, token=token, limits=limits))
    app.add_api_route("/-/errors", error_page, include_in_schema=False)
    answer_errors(app)
    return app


def _guard(token: str) -> Callable[[Request], None]:
    expected = f"Bearer {token}".encode()

    def check(request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            raise ForbiddenError("this needs the token of the service", status=401, code="Unauthorized")

    return check


def _page_file(name: str) -> Callable[[], Response]:
    def serve() -> Response:
        body = files("pixelshift.web").joinpath("live", name).read_bytes()
        return Response(body, media_type=PAGE_FILES[name], headers=PAGE_HEADERS)

    return serve


@mutable
class _Tally:
    """What became of a body so far."""

    counts: Counts = field(default_factory=Counts)
    changes: list[dict[str, Any]] = field(default_factory=list)
    place: dict[str, Any] = field(default_factory=dict)
    refused: int = 0
    reasons: list[dict[str, Any]] = field(default_factory=list)

    def add(self, outcome: Outcome | None, rows: Rows) -> None:
        """Another part of the body was dealt with."""
        self.refused += rows.refused
        self.reasons = (self.reasons + rows.reasons)[:100]
        if outcome is None:
            return
        self.counts = added(self.counts, outcome.counts)
        self.changes += [public_event(event) for event in outcome.events][: CHANGES_TOLD - len(self.changes)]
        self.place = {"last_seq": outcome.head.last_seq, "position": outcome.head.position}

    def record(self) -> dict[str, Any]:
        """The answer's body."""
        counts = contents(self.counts)
        del counts["changes"]
        refused = {"refused": self.refused, "refused_rows": self.reasons}
        return {**counts, **self.place, **refused, "changes": self.changes}


class SeriesRoutes:
    """The endpoints; all work with the store is done on threads."""

    def __init__(self, service: SeriesService, limits: BodyLimits, threads: anyio.CapacityLimiter) -> None:
        self._service = service
        self._limits = limits
        self._threads = threads

    async def _run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    async def index(self, after: Annotated[str, Query(max_length=128)] = "", limit: Limit = 100) -> JSONResponse:
        heads = await self._run(lambda: self._service.store.heads(after=after, limit=limit))
        following = heads[-1].series_id if len(heads) == limit else None
        return JSONResponse({"series": [summary(head) for head in heads], "next": following})

    async def show(self, series_id: SeriesId) -> JSONResponse:
        return JSONResponse(summary(await self._run(lambda: self._service.head(series_id))))

    async def delete(self, series_id: SeriesId) -> Response:
        await self._run(lambda: self._service.delete(series_id))
        return Response(status_code=204)

    async def post_points(self, request: Request, series_id: SeriesId, on_error: OnError = "refuse") -> JSONResponse:
        """One observation ``{"value": 1.5, "seq": 7, "time": "..."}``, a list, ``{"points": [...]}``, or JSON lines.

        A JSON body is taken whole or not at all. JSON lines are taken while they come; a row that cannot be used then
        ends the request (``on_error=refuse``) with the rows before it taken, or is told in the answer (``skip``).
        """
        if media_type(request) == "application/json":
            body = await whole(request, self._limits)
            tally = _Tally()
            await self._run(lambda: self._take(series_id, parse_batch(body), on_error, tally))
        else:
            tally = await self._take_lines(request, series_id, on_error)
        return JSONResponse(tally.record())

    async def _take_lines(self, request: Request, series_id: str, on_error: str) -> _Tally:
        tally, splitter, step = _Tally(), LineSplitter(self._limits.line_bytes), self._limits.stream_rows

        def take(lines: Sequence[tuple[int, bytes | None]]) -> None:
            for start in range(0, len(lines), step):
                self._take(series_id, parse_lines(lines[start : start + step]), on_error, tally)

        async for piece in pieces(request, self._limits.stream_bytes, self._limits.idle_s):
            lines = splitter.feed(piece)
            if lines:
                await self._run(partial(take, lines))
        await self._run(partial(take, splitter.end()))
        if not tally.place:  # nothing came: the series is told about all the same
            await self._run(lambda: self._take(series_id, Rows(), on_error, tally))
        return tally

    def _take(self, series_id: str, rows: Rows, on_error: str, tally: _Tally) -> None:
        if rows.refused and on_error == "refuse":
            first = rows.reasons[0]
            taken = tally.counts.accepted
            before = f"; the {taken:,} observations before it were taken" if taken else ""
            raise InvalidRequestError(f"row {first['row']}: {first['reason']}{before}", code="InvalidRow")
        tally.add(self._service.push(series_id, rows.good), rows)

    async def points(
        self, series_id: SeriesId, start: Annotated[int | None, Query(alias="from", ge=0)] = None, limit: Limit = 1_000
    ) -> JSONResponse:
        """``limit`` points from a position on; without one, the last ones. Each is [position, seq, value, time]."""

        def read() -> list[list[Any]]:
            head = self._service.head(series_id)
            first = max(0, head.position - limit) if start is None else start
            points = self._service.store.points(series_id, from_position=first, limit=limit)
            return [point_record(point) for point in points]

        return JSONResponse({"points": await self._run(read)})

    async def changes(
        self, series_id: SeriesId, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100
    ) -> JSONResponse:
        def read() -> list[dict[str, Any]]:
            self._service.head(series_id)
            events = self._service.store.events(series_id, after_id=after, limit=limit, kind="change")
            return [public_event(event) for event in events]

        changes = await self._run(read)
        return JSONResponse({"changes": changes, "next": changes[-1]["event"] if len(changes) == limit else None})

    async def events(
        self, request: Request, series_id: SeriesId, after: Annotated[int | None, Query(ge=0)] = None
    ) -> StreamingResponse:
        """Server-sent events ``change``, ``reset`` and ``points``.

        Begins behind the header ``Last-Event-ID`` or the parameter ``after``; without either with what comes next.
        """
        await self._run(lambda: self._service.head(series_id))
        return await self._stream(request, series_id, after)

    async def all_events(self, request: Request, after: Annotated[int | None, Query(ge=0)] = None) -> StreamingResponse:
        """Server-sent events ``change`` and ``reset`` of all series, and ``moves``: where series stand."""
        return await self._stream(request, None, after)

    async def _stream(self, request: Request, series_id: str | None, after: int | None) -> StreamingResponse:
        given = request.headers.get("last-event-id", "")
        if given.isdigit() and len(given) < 19:
            after = int(given)
        begin = await self._run(self._service.store.last_event_id) if after is None else after
        source = stream(self._service, series_id, begin)
        first = await anext(source)  # joins the feed: too many onlookers are refused before the answer begins
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_after(first, source), media_type="text/event-stream", headers=headers)

    async def plot(
        self,
        series_id: SeriesId,
        points: Annotated[int, Query(ge=2, le=1_000_000)] = 5_000,
        theme: Literal["light", "dark"] = "light",
    ) -> Response:
        svg = await self._run(lambda: self._service.plot(series_id, points=points, theme=theme))
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'none'"}
        return Response(svg, media_type="image/svg+xml", headers=headers)

    async def settings(self, series_id: SeriesId) -> JSONResponse:
        settings = await self._run(lambda: self._service.settings(series_id))
        return JSONResponse(settings.as_dict())

    async def configure(self, request: Request, series_id: SeriesId) -> JSONResponse:
        """Settings, whole; a detector with other parameters begins anew at the next observation."""
        if media_type(request) != "application/json":
            raise InvalidRequestError("settings are sent as application/json")
        given = parse_json(await whole(request, self._limits))
        if not isinstance(given, dict):
            raise InvalidRequestError("settings are a JSON object")
        settings = await self._run(lambda: self._service.configure(series_id, given))
        return JSONResponse(settings.as_dict())

    async def dead_letters(self, limit: Limit = 100) -> JSONResponse:
        letters = await self._run(lambda: self._service.store.dead_letters(limit))
        return JSONResponse({"dead_letters": [_letter(letter) for letter in letters]})

    async def revive(self, number: Annotated[int, Path(ge=1, le=1 << 62)]) -> Response:
        if not await self._run(lambda: self._service.revive(number)):
            raise NotFoundError("there is no such dead letter", code="NoSuchDeadLetter")
        return Response(status_code=204)


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield first
        async for message in rest:
            yield message
    finally:
        await rest.aclose()  # type: ignore[attr-defined]  # a generator: leaves the feed at once, not when collected


def _letter(letter: Outgoing) -> dict[str, Any]:
    return {
        "number": letter.id,
        "sink": letter.sink,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "event": public_event(letter.event),
    }
