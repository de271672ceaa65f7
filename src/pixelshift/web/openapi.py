"""The picture routes in the OpenAPI document: they are served before FastAPI and would otherwise be missing there."""

from typing import Any

from fastapi import FastAPI

_QUERY = {
    "format": "Output format: jpg, png, webp, avif, gif or tiff",
    "width": "Width in pixels",
    "height": "Height in pixels",
    "fit": "cover, contain, fill, inside or outside",
    "rotate": "Degrees clockwise; empty turns the picture upright by its EXIF tag",
    "flip": "Top to bottom",
    "flop": "Left to right",
    "grayscale": "Without colour",
    "expires": "End of the link's life, as 20301231T235959Z",
    "signature": "HMAC-SHA256 of path and sorted query, in hexadecimal",
}
_ERROR = {
    "type": "object",
    "required": ["status", "code", "message"],
    "properties": {
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable and machine-readable"},
        "message": {"type": "string"},
        "docs": {"type": "string", "description": "Where the code is explained"},
    },
}


def document_pictures(app: FastAPI) -> None:
    """Adds the picture routes to what ``app.openapi()`` returns."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document["paths"].setdefault("/{request}", _picture_path())
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _picture_path() -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": "request",
            "in": "path",
            "required": True,
            "description": "A key, with sizes and filters before it (`fit-in/800x600/filters:format(webp)/a.jpg`), "
            "or a base64 JSON object (`bucket`, `key`, `edits`, `outputFormat`, `headers`)",
            "schema": {"type": "string"},
        }
    ]
    parameters += [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in _QUERY.items()
    ]
    failure = {"description": "An error", "content": {"application/json": {"schema": _ERROR}}}
    picture = {"description": "The picture", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
    return {
        "get": {
            "summary": "A picture, edited as the URL says",
            "tags": ["pictures"],
            "operationId": "picture",
            "parameters": parameters,
            "responses": {
                "200": picture,
                "206": {"description": "A part of it"},
                "304": {"description": "The client's copy still stands"},
                "4XX": failure,
                "5XX": failure,
            },
        }
    }
