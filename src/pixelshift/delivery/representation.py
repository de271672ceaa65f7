"""A finished answer before it is fitted to one client: what caches keep."""

from collections.abc import Iterator, Mapping

from pixelshift.errors import PixelshiftError
from pixelshift.net.date import http_date, parse_date
from pixelshift.origin.base import Original
from pixelshift.value import field, frozen, replace

DEFAULT_CACHE_CONTROL = "max-age=31536000,public"

Identity = tuple[str, str, str]
"""Bucket, key and etag of one original."""


@frozen
class Representation:
    """Status, entity headers and whole body. Nothing in it depends on who asked."""

    status: int
    headers: Mapping[str, str]
    """By the name as sent; no two names differ by letter case alone."""
    body: bytes
    identities: tuple[Identity, ...] = ()
    """Every original that went into it."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    error: PixelshiftError | None = None
    age_s: int = 0
    """How old its original was when it came (RFC 9111, 4.2.3)."""


class HeaderMap(Mapping[str, str]):
    """Headers in order of arrival, under the names as given; two that differ by letter case alone are one."""

    __slots__ = ("_known",)

    def __init__(self, *sources: Mapping[str, str]) -> None:
        self._known = {name.lower(): (name, value) for source in sources for name, value in source.items()}

    def __getitem__(self, name: str) -> str:
        return self._known[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        self._known[name.lower()] = (name, value)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names and values."""
        return tuple(self._known.values())

    def discard(self, name: str) -> None:
        """Removes a header if it is there."""
        self._known.pop(name.lower(), None)

    def find(self, name: str) -> str | None:
        """The value of a header; ``None`` where there is none."""
        found = self._known.get(name.lower())
        return found[1] if found else None


def picture_headers(original: Original, media_type: str, custom: Mapping[str, str]) -> HeaderMap:
    """The entity headers of a picture (contract, 7.1): defaults, the request's own, then what may not be chosen."""
    headers = HeaderMap({"Cache-Control": original.cache_control or DEFAULT_CACHE_CONTROL}, custom)
    headers["Content-Type"] = media_type
    _put_dates(headers, original)
    return headers


def known_original(made: Representation, etag: str) -> Original:
    """What is still known, without its body, of the original that an answer was made from."""
    headers = HeaderMap(made.headers)
    return Original(
        body=b"",
        etag=etag,
        cache_control=headers.find("Cache-Control"),
        last_modified=parse_date(headers.find("Last-Modified")),
        expires=headers.find("Expires"),
    )


def confirmed(made: Representation, latest: Original, custom: Mapping[str, str]) -> Representation:
    """The same answer, with the headers that its original's store decides as they are now."""
    headers = HeaderMap(made.headers)
    if "cache-control" not in custom:
        headers["Cache-Control"] = latest.cache_control or DEFAULT_CACHE_CONTROL
    _put_dates(headers, latest)
    return replace(made, headers=headers, age_s=latest.age_s)


def _put_dates(headers: HeaderMap, original: Original) -> None:
    for name, value in (("Expires", original.expires), ("Last-Modified", http_date(original.last_modified))):
        headers.discard(name)
        if value:
            headers[name] = value
