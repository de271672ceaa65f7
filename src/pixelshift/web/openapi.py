"""What the OpenAPI document says beyond what FastAPI sees: picture routes, which are served before it, and errors."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

_Json = dict[str, Any]

_TEXT: _Json = {"type": "string"}
_SIDE: _Json = {"type": "integer", "minimum": 0}
_FLAG: _Json = {"type": "string", "description": "Off for `0`, `false` and nothing"}
_QUERY: Mapping[str, tuple[_Json, str]] = {
    "format": (
        {"type": "string", "enum": ["jpg", "jpeg", "png", "webp", "avif", "gif", "tiff", "tif", "raw"]},
        "Output format",
    ),
    "width": (_SIDE, "Width in pixels; 0 leaves it free"),
    "height": (_SIDE, "Height in pixels; 0 leaves it free"),
    "fit": ({"type": "string", "enum": ["cover", "contain", "fill", "inside", "outside"], "default": "cover"}, "How"),
    "rotate": ({"type": "integer"}, "Degrees clockwise; empty turns the picture upright by its EXIF tag"),
    "flip": (_FLAG, "Top to bottom"),
    "flop": (_FLAG, "Left to right"),
    "grayscale": (_FLAG, "Without colour"),
    "expires": ({"type": "string", "pattern": r"^\d{8}T\d{6}Z$"}, "End of the link's life, as 20301231T235959Z"),
    "signature": (
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "HMAC-SHA256 of path and sorted query, in hexadecimal; needed where the operator asks for it",
    ),
}
_REQUEST_HEADERS = {
    "Accept": "Decides the format where `AUTO_WEBP` or `AUTO_AVIF` is on",
    "If-None-Match": "Entity tags that the client has",
    "If-Modified-Since": "Counts where there is no `If-None-Match`",
    "Range": "One range of bytes",
    "If-Range": "A tag or date that the range depends on",
    "X-Request-Id": "Comes back, and stands in the log",
}
_SENT_HEADERS = {
    "ETag": "Changes with the original, the edits and the engine",
    "Cache-Control": "The original's, the body's, or a year",
    "Vary": "`Accept`, where it decided",
    "Cache-Status": "What the embedded cache did (RFC 9211)",
    "Server-Timing": "cache, fetch, decode, edit, encode, in milliseconds; `stream` where the three are one",
    "X-Request-Id": "Names the request in the log",
}
_ERROR: _Json = {
    "type": "object",
    "required": ["status", "code", "message", "docs"],
    "properties": {
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable and machine-readable"},
        "message": {"type": "string", "description": "For people; its wording may change"},
        "docs": {"type": "string", "description": "Where the code is explained"},
    },
    "example": {
        "status": 404, "code": "NoSuchKey", "message": "there is no such original", "docs": "/-/errors#NoSuchKey",
    },
}  # fmt: skip
_BODY: _Json = {
    "type": "object",
    "description": "The JSON that the path carries in base64",
    "required": ["key"],
    "properties": {
        "bucket": {"type": "string", "description": "One of the configured buckets; the first is the default"},
        "key": {"type": "string"},
        "edits": {"type": "object", "description": "Operations by name, in the order wanted"},
        "outputFormat": _QUERY["format"][0],
        "effort": {"type": "number", "minimum": 0, "maximum": 6, "description": "Of WebP"},
        "headers": {"type": "object", "additionalProperties": _TEXT, "description": "Response headers"},
    },
    "example": {"key": "cats/tom.jpg", "edits": {"resize": {"width": 200}, "grayscale": True}},
}
_FAILURES = {
    "400": "The client's mistake",
    "403": "The signature or the bucket is refused",
    "404": "There is no such original",
    "413": "The original, the result or the work is beyond a limit",
    "414": "The URL is too long",
    "415": "The original is no picture",
    "429": "This client asks for too much; `Retry-After` says when to come back",
    "500": "A fault of ours, or an argument that upstream answers so",
    "502": "The origin failed",
    "503": "Too busy, or too late; `Retry-After` says when to come back",
}


def document_pictures(app: FastAPI) -> None:
    """Adds the picture routes to what ``app.openapi()`` returns, and gives errors the shape that they really have."""
    describe = app.openapi

    def openapi() -> _Json:
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(Error=_ERROR, ImageRequest=_BODY)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path in document["paths"].values():
            for operation in path.values():
                _correct_errors(operation["responses"])
        document["paths"].setdefault(
            "/{request}", {"get": _operation("get", "A picture"), "head": _operation("head", "A picture's headers")}
        )
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _correct_errors(responses: _Json) -> None:
    """FastAPI announces 422 with a form of its own; ours are 400, and all errors look alike."""
    if responses.pop("422", None) is not None:
        responses["400"] = {"description": "The client's mistake"}
    for status, response in responses.items():
        if status[0] in "45":
            response["content"] = _json("Error")


def _json(schema: str) -> _Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _operation(method: str, summary: str) -> _Json:
    described = (
        "A key, with sizes and filters before it (`fit-in/800x600/filters:format(webp)/a.jpg`), or the base64 form of "
        "an `ImageRequest`. Slashes are part of it."
    )
    parameters = [{"name": "request", "in": "path", "required": True, "description": described, "schema": _TEXT}]
    parameters += [
        {"name": name, "in": "query", "description": meaning, "schema": schema, "allowEmptyValue": True}
        for name, (schema, meaning) in _QUERY.items()
    ]
    parameters += [
        {"name": name, "in": "header", "description": meaning, "schema": _TEXT}
        for name, meaning in _REQUEST_HEADERS.items()
    ]
    return {
        "summary": f"{summary}, edited as the URL says",
        "tags": ["pictures"],
        "operationId": f"{method}_picture",
        "parameters": parameters,
        "responses": _responses(),
    }


def _responses() -> _Json:
    sent = {name: {"description": meaning, "schema": _TEXT} for name, meaning in _SENT_HEADERS.items()}
    picture = {"image/*": {"schema": {"type": "string", "format": "binary"}}}
    failures = {status: {"description": meaning, "content": _json("Error")} for status, meaning in _FAILURES.items()}
    return {
        "200": {"description": "The picture", "content": picture, "headers": sent},
        "206": {"description": "A part of it", "content": picture, "headers": sent},
        "304": {"description": "The client's copy still stands"},
        "416": {"description": "The range lies outside the picture"},
        **failures,
    }
