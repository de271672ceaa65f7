"""The HTTP service put together: pictures in front, everything else by FastAPI."""

import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel, Field, ValidationError
from starlette.routing import BaseRoute

import pixelshift
from pixelshift.delivery.shared import SharedService
from pixelshift.errors import ForbiddenError, InvalidRequestError, TooLargeError
from pixelshift.value import field, frozen
from pixelshift.web.error_page import error_page
from pixelshift.web.image import ImageFace, Patience
from pixelshift.web.observe import Observer
from pixelshift.web.openapi import document_pictures
from pixelshift.web.problem import answer_errors

_JSON = "application/json"
_PURGE_BYTES = 16 * 1024


@frozen
class Operations:
    """What the operator's side of the service needs."""

    service: SharedService
    is_ready: Callable[[], bool]
    close: Callable[[], None]
    registry: CollectorRegistry
    observer: Observer
    patience: Patience = field(default_factory=Patience)
    admin_token: str = ""
    metrics: bool = True
    docs_url: str = "/-/errors"
    """The page that errors link to."""


class Purge(BaseModel):
    """What to forget: exactly one of the three."""

    source: Annotated[str | None, Field(description="One original, as `bucket/key`")] = None
    prefix: Annotated[str | None, Field(description="Every original whose `bucket/key` begins so", min_length=1)] = None
    everything: Annotated[bool, Field(description="All of them")] = False


class Purged(BaseModel):
    """What a purge did."""

    purged: Annotated[int, Field(description="How many stored answers were dropped")]


def create_app(operations: Operations, routers: Sequence[APIRouter] = ()) -> ImageFace:
    """The ASGI application; ``routers`` bring further services under paths of their own."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(operations.close)
        operations.observer.settle()

    app = FastAPI(
        title="Pixelshift",
        version=pixelshift.__version__,
        lifespan=lifespan,
        docs_url="/-/docs",
        redoc_url=None,
        openapi_url="/-/openapi.json",
    )
    every = (_operations_router(operations), *routers)
    for router in every:
        app.include_router(router)
    answer_errors(app, operations.docs_url)
    document_pictures(app)
    reserved = frozenset({"-"} | {_first_segment(route) for router in every for route in router.routes})
    return ImageFace(operations.service, app, reserved, operations.observer, operations.patience)


def _first_segment(route: BaseRoute) -> str:
    """What tells the route's path from a picture's."""
    path: str = getattr(route, "path", "/-/")
    return path.split("/", 2)[1]


def _operations_router(operations: Operations) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Whether the process lives")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="Whether it can make pictures", responses={503: {"description": "Not now"}})
    async def ready() -> JSONResponse:
        is_ready = operations.is_ready()
        return JSONResponse({"status": "ok" if is_ready else "not ready"}, 200 if is_ready else 503)

    @router.post(
        "/-/purge",
        summary="Forget finished pictures",
        responses={401: {"description": "No valid token"}},
        openapi_extra={"requestBody": {"required": True, "content": {_JSON: {"schema": Purge.model_json_schema()}}}},
    )
    async def purge(request: Request, authorization: Annotated[str, Header()] = "") -> Purged:
        # Here rather than by FastAPI, which would read the body of whoever may not ask.
        _check_token(authorization, operations.admin_token)
        wanted = await _purge_of(request)
        if [wanted.source is not None, wanted.prefix is not None, wanted.everything].count(True) != 1:
            raise InvalidRequestError("Name exactly one of source, prefix and everything.")
        count = await run_in_threadpool(operations.service.purge, source=wanted.source, prefix=wanted.prefix)
        return Purged(purged=count)

    @router.get("/-/errors", summary="What error codes mean", include_in_schema=False)
    async def errors() -> Response:
        return error_page()

    if operations.metrics:

        @router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
        async def metrics() -> Response:
            operations.observer.settle()
            return Response(generate_latest(operations.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _purge_of(request: Request) -> Purge:
    """The body, of bounded size."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _PURGE_BYTES:
            raise TooLargeError(f"A purge has at most {_PURGE_BYTES} bytes.")
    try:
        return Purge.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None


def _check_token(authorization: str, token: str) -> None:
    """Compares in constant time; without a configured token nothing fits."""
    given = authorization.removeprefix("Bearer ").encode()
    if not token or not hmac.compare_digest(given, token.encode()):
        raise ForbiddenError("This needs the administration token as a bearer token.", status=401, code="Unauthorized")
