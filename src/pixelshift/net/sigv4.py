"""AWS Signature Version 4, in the Authorization header or in a URL's query.

Source: "AWS Signature Version 4 for API requests" in the IAM user guide, and for S3 the rule that a path is encoded
once and never normalised ("Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from pixelshift.value import frozen

_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@frozen
class Credentials:
    """One access key; ``expires_at`` is when its token ends."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Credentials(access_key_id={self.access_key_id!r}, …)"


@frozen
class Scope:
    """Where a signature is good."""

    region: str
    service: str


@frozen
class Signable:
    """The parts of a request that are signed; ``path`` is percent-encoded and there is no query."""

    method: str
    authority: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


def encode_key(key: str) -> str:
    """Percent-encodes an object key as S3 does: all but unreserved characters and ``/``, once.

    :raises UnicodeEncodeError: a lone surrogate.
    """
    return quote(key.encode("utf-8"), safe="/")


def sign(request: Signable, credentials: Credentials, scope: Scope, now: datetime) -> dict[str, str]:
    """Returns the request's headers together with those that authenticate it."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(request.body).hexdigest() if request.body else _EMPTY_SHA256
    headers = {**request.headers, "X-Amz-Date": stamp, "X-Amz-Content-Sha256": payload}
    if credentials.session_token:
        headers["X-Amz-Security-Token"] = credentials.session_token
    signed = {name.lower(): " ".join(value.split()) for name, value in headers.items()} | {"host": request.authority}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            request.method,
            request.path,
            "",
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            payload,
        ]
    )
    day = _day(stamp, scope)
    signature = _signature(credentials, stamp, day, canonical)
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{day}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def presign(request: Signable, credentials: Credentials, scope: Scope, now: datetime, *, life_s: int) -> str:
    """Returns the query that lets whoever has it send ``request``, which has no headers, for ``life_s`` seconds.

    It ends earlier where the session token that it carries does.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    day = _day(stamp, scope)
    fields = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key_id}/{day}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(life_s),
        "X-Amz-SignedHeaders": "host",
    }
    if credentials.session_token:
        fields["X-Amz-Security-Token"] = credentials.session_token
    query = "&".join(f"{name}={quote(fields[name], safe='')}" for name in sorted(fields))
    canonical = "\n".join(
        [request.method, request.path, query, f"host:{request.authority}", "", "host", "UNSIGNED-PAYLOAD"]
    )
    return f"{query}&X-Amz-Signature={_signature(credentials, stamp, day, canonical)}"


def _day(stamp: str, scope: Scope) -> str:
    return f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"


def _signature(credentials: Credentials, stamp: str, day: str, canonical: str) -> str:
    text = "\n".join([_ALGORITHM, stamp, day, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + credentials.secret_access_key.encode()
    for part in day.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
