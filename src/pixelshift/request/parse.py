"""From a URL to the one value that the rest of the service works with (contract, 1)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pixelshift.edits.argument import Argument
from pixelshift.edits.encode import parse_encode
from pixelshift.edits.parse import parse_edits
from pixelshift.edits.types import Edit, Encode, Format, Overlay, ToFormat
from pixelshift.errors import InvalidRequestError, PixelshiftError
from pixelshift.limits import Limits
from pixelshift.request.base import ImageRequest, RequestKind, RequestRules
from pixelshift.request.body import find_body, read_edits, read_effort, read_key, read_output_format
from pixelshift.request.bucket import check_bucket, default_bucket
from pixelshift.request.expiry import parse_expires
from pixelshift.request.headers import select_headers
from pixelshift.request.query import read_query_edits
from pixelshift.request.thumbor import ThumborPath, check_extension, parse_path


def parse_request(path: str, query: Iterable[tuple[str, str]], rules: RequestRules, now: datetime) -> ImageRequest:
    """Read a request; its signature has been checked before.

    ``path`` is as sent (leading slash, percent-escapes kept); ``query`` holds decoded names and values, the last of a
    repeated name counts. Raises :class:`PixelshiftError` with upstream's codes, and nothing else.
    """
    parameters = dict(query)
    _check_length(path, parameters, rules.limits)
    expires = parse_expires(parameters["expires"], now) if "expires" in parameters else None
    body = find_body(path, rules.limits)
    if body is not None:
        return _from_body(body, parameters, rules, expires)
    kind = RequestKind.CUSTOM if rules.rewrite else RequestKind.THUMBOR
    if kind is RequestKind.THUMBOR:
        check_extension(path)
    default = default_bucket(rules.buckets)
    read = _read_path(path, rules)
    edits = read.edits | read_query_edits(parameters)
    typed = _type_edits(edits, rules)
    image_format = next((edit.format for edit in typed if isinstance(edit, ToFormat)), None)
    return ImageRequest(
        kind=kind,
        bucket=read.bucket or default,
        key=read.key,
        edits=rekey_quality(typed, image_format) if image_format else typed,
        has_edits=bool(edits),
        expires=expires,
    )


def _read_path(path: str, rules: RequestRules) -> ThumborPath:
    if rules.rewrite is None:
        return parse_path(path, rules.buckets, rules.limits)
    return parse_path(rules.rewrite.apply(path), rules.buckets, rules.limits, original=path)


def _from_body(
    body: Mapping[str, object], parameters: Mapping[str, str], rules: RequestRules, expires: datetime | None
) -> ImageRequest:
    default = default_bucket(rules.buckets)
    bucket = check_bucket(body["bucket"], rules.buckets) if "bucket" in body else default
    edits = read_edits(body) | read_query_edits(parameters)
    return ImageRequest(
        kind=RequestKind.DEFAULT,
        bucket=bucket,
        key=read_key(body),
        edits=_type_edits(edits, rules),
        has_edits=bool(edits),
        output_format=read_output_format(body),
        webp_effort=read_effort(body),
        headers=select_headers(body.get("headers"), rules.response_headers),
        expires=expires,
    )


def _type_edits(edits: Mapping[str, object], rules: RequestRules) -> tuple[Edit, ...]:
    typed = parse_edits(edits, rules.limits)
    for edit in typed:
        if isinstance(edit, Overlay):
            check_bucket(edit.bucket, rules.buckets)
    return typed


def rekey_quality(edits: tuple[Edit, ...], image_format: Format) -> tuple[Edit, ...]:
    """Give the first encoder's options to the format that is really written (contract, 4.4).

    For path-style and custom requests only, once the output format is known: here for ``format``, by negotiation later.
    """
    index = next((i for i, edit in enumerate(edits) if isinstance(edit, Encode)), None)
    if index is None or image_format in {Format.RAW, Format.SVG}:
        return edits
    encode = edits[index]
    assert isinstance(encode, Encode)
    options: dict[str, Any] = dict(encode.options)
    moved = parse_encode(Argument(image_format.value, {"quality": options.get("quality")}, Limits()))
    return (*edits[:index], moved, *edits[index + 1 :])


def peek_headers(path: str, rules: RequestRules) -> dict[str, str]:
    """The response headers that the body of a failed request asked for; none when they cannot be read."""
    try:
        body = find_body(path, rules.limits)
        return select_headers(body.get("headers"), rules.response_headers) if body else {}
    except PixelshiftError:
        return {}


def _check_length(path: str, parameters: Mapping[str, str], limits: Limits) -> None:
    length = len(path) + sum(len(name) + len(value) + 2 for name, value in parameters.items())
    if length > limits.url_bytes:
        raise InvalidRequestError(
            f"The URL is longer than {limits.url_bytes} characters.", status=414, code="RequestUriTooLong"
        )
