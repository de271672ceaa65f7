"""Originals on HTTPS servers that the operator has listed; no request can name another.

Server-side request forgery is closed at three places: hosts come from the list alone, redirects included; a name is
resolved once, every address is judged by :mod:`pixelshift.net.address`, and the one judged is the one dialled, so a
name that changes its mind gains nothing; and neither our headers nor our credentials go anywhere, for there are none.
"""

import re
import time
from collections.abc import Mapping
from urllib.parse import quote, urljoin, urlsplit

from pixelshift.errors import NotFoundError, OriginError, SettingsError
from pixelshift.net.address import is_public
from pixelshift.net.dial import Endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.net.reply import Reply
from pixelshift.origin.answer import ABSENT, conditional, outage, read_confirmation, read_original
from pixelshift.origin.base import Original
from pixelshift.value import frozen

_URL_BYTES = 4096
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CLEAN_URL = r"[!-~]+"
_HOST = r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"


@frozen
class HttpsSettings:
    """Which servers hold originals.

    ``bases`` gives each bucket a base URL that its keys are appended to; ``redirect_hosts`` may be redirected to, on
    top of the bases' own hosts. ``schemes`` and ``ports`` are for tests and walled networks.
    """

    bases: Mapping[str, str]
    redirect_hosts: frozenset[str] = frozenset()
    redirect_limit: int = 3
    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = frozenset({443})


@frozen
class _Place:
    endpoint: Endpoint
    target: str

    @property
    def url(self) -> str:
        return f"http{'s' if self.endpoint.tls else ''}://{self.endpoint.authority}{self.target}"


class HttpsOrigin:
    """Reads ``base + key`` with one GET and at most ``redirect_limit`` more.

    :raises SettingsError: a base or a redirect host that is none.
    """

    def __init__(self, settings: HttpsSettings, client: HttpClient | None = None) -> None:
        self._settings = settings
        self._client = client or HttpClient(check=is_public)
        self._bases = {bucket: base.rstrip("/") + "/" for bucket, base in settings.bases.items()}
        try:
            own = {urlsplit(base).hostname or "" for base in self._bases.values()}
            self._hosts = frozenset(_plain_host(host) for host in own | settings.redirect_hosts)
            for base in self._bases.values():
                self._place(base)
        except (ValueError, OriginError) as error:
            raise SettingsError("an HTTPS origin must read https://host/path, without credentials") from error

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        """Reads one resource. See :class:`pixelshift.origin.base.Origin`."""
        deadline_s = time.monotonic() + timeout_s
        place = self._place(self._url(bucket, key))
        headers = {"Accept": "image/*,*/*;q=0.1", "User-Agent": "pixelshift", **conditional(known)}
        for _hop in range(self._settings.redirect_limit + 1):
            request = Request("GET", place.target, headers)
            with self._client.open(
                place.endpoint,
                request,
                body_limit_bytes=body_limit_bytes,
                timeout_s=deadline_s - time.monotonic(),
            ) as reply:
                if reply.status not in _REDIRECTS:
                    return _take(reply, known, body_limit_bytes)
                place = self._next(place, reply)
        raise OriginError("the origin redirects too often", detail=place.url)

    def _url(self, bucket: str, key: str) -> str:
        base = self._bases.get(bucket)
        try:
            encoded = key.encode("utf-8")
        except UnicodeEncodeError:
            encoded = b""
        # A server may take a backslash for a slash and resolve dots, and so leave the base.
        segments = re.split(rb"[/\\]", encoded)
        if (
            base is None
            or not encoded
            or b"\0" in encoded
            or any(segment in (b"", b".", b"..") for segment in segments)
        ):
            raise NotFoundError(ABSENT, detail=f"bucket {bucket!a:.300}, key {key!a:.1024}")
        url = base + quote(encoded, safe="/")
        if len(url) > _URL_BYTES:
            raise NotFoundError(ABSENT, detail="the URL would be too long")
        return url

    def _next(self, place: _Place, reply: Reply) -> _Place:
        location = reply.header("location") or ""
        if not location or len(location) > _URL_BYTES:
            raise OriginError("the origin redirects to nowhere", detail=place.url)
        following = self._place(location, place.url)
        if place.endpoint.tls and not following.endpoint.tls:
            raise OriginError("the origin redirects to an unprotected address", detail=following.url)
        return following

    def _place(self, reference: str, base: str = "") -> _Place:
        """Takes a URL apart and refuses all that is not plainly allowed."""
        try:
            url = urljoin(base, reference)
            parts = urlsplit(url)
            host, port = _plain_host(parts.hostname or ""), parts.port
        except ValueError as error:
            raise OriginError("the origin's URL is not allowed", detail=f"{reference!a:.1024}: {error}") from error
        tls = parts.scheme == "https"
        port = port or (443 if tls else 80)
        allowed = (
            re.fullmatch(_CLEAN_URL, url)
            and "\\" not in url
            and "@" not in parts.netloc
            and parts.scheme in self._settings.schemes
            and host in self._hosts
            and port in self._settings.ports
        )
        if not allowed:
            raise OriginError("the origin's URL is not allowed", detail=f"{url!a:.1024}")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _Place(Endpoint(host, port, tls), target)


def _plain_host(host: str) -> str:
    """Returns a host in the one spelling that is compared: lower case, no final dot, ASCII letters or an address."""
    plain = host.lower().removesuffix(".")
    if ":" not in plain and not re.fullmatch(_HOST, plain):
        raise ValueError("not a host name")
    return plain


def _take(reply: Reply, known: Original | None, body_limit_bytes: int) -> Original:
    if reply.status == 304 and known is not None:
        return read_confirmation(reply, known)
    if reply.status in (401, 403, 404, 410):
        raise NotFoundError(ABSENT, detail=f"the origin answered {reply.status}")
    if reply.status != 200:
        raise outage(reply, f"the origin answered {reply.status}")
    if (reply.header("content-encoding") or "identity").lower() != "identity":
        raise OriginError("the origin compresses although asked not to")
    return read_original(reply, body_limit_bytes)
