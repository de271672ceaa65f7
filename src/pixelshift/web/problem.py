"""Errors of FastAPI's routes, in the shape that pictures' errors have: status, code, message and a link to the docs."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pixelshift.errors import InternalError, InvalidRequestError, NotFoundError, PixelshiftError

_DOCS_URL = "/-/errors"
_CODES = {404: NotFoundError.code, 405: "MethodNotAllowed"}


def answer_errors(app: FastAPI, docs_url: str = _DOCS_URL) -> None:
    """Makes every error of ``app``'s routes JSON that links to its code under ``docs_url``."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PixelshiftError)
        return problem(error, docs_url)

    async def frameworks(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = _CODES.get(error.status_code, InvalidRequestError.code)
        reason = InvalidRequestError(HTTPStatus(error.status_code).phrase + ".", status=error.status_code, code=code)
        return problem(reason, docs_url, error.headers)

    async def malformed(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(InvalidRequestError(_first_fault(error.errors())), docs_url)

    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return problem(InternalError("Something went wrong on our side."), docs_url)

    app.add_exception_handler(PixelshiftError, ours)
    app.add_exception_handler(HTTPException, frameworks)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, unexpected)


def problem(error: PixelshiftError, docs_url: str = _DOCS_URL, headers: Any = None) -> JSONResponse:
    """The answer to one error."""
    sent = {"Cache-Control": "no-store", **(headers or {})}
    if error.retry_after_s is not None:
        sent["Retry-After"] = str(error.retry_after_s)
    return JSONResponse({**error.public(), "docs": f"{docs_url}#{error.code}"}, error.status, sent)


def _first_fault(faults: Sequence[Any]) -> str:
    """What is wrong first, without the value that was sent."""
    if not faults:
        return "The request cannot be read."
    place = ".".join(str(part) for part in faults[0].get("loc", ())[1:]) or "body"
    return f"{place[:100]}: {faults[0].get('msg', 'cannot be used')}."
