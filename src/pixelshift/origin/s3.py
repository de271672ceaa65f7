"""Originals in Amazon S3 or anything that speaks its protocol.

Why not a client library: boto3 takes half a second to import on a cold start, and the light ones (object_store,
obstore) rewrite keys with leading, trailing or double slashes and drop ``Expires``. One signed GET needs neither.
"""

import re
import threading
import time
from datetime import UTC, datetime

from pixelshift.errors import NotFoundError, OriginError, PixelshiftError
from pixelshift.net.credential import CredentialSource
from pixelshift.net.dial import parse_endpoint
from pixelshift.net.http import Exchange, HttpClient, Request
from pixelshift.net.reply import Reply
from pixelshift.net.s3 import locate
from pixelshift.net.sigv4 import Scope, Signable, encode_key, sign
from pixelshift.origin.answer import ABSENT, conditional, outage, read_confirmation, read_original
from pixelshift.origin.base import Original
from pixelshift.value import frozen

_KEY_BYTES = 1024
_BUCKET = r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}"
_REGION = r"[a-z0-9-]{2,32}"
_ERROR_CODE = rb"<Code>([A-Za-z0-9.]{1,64})</Code>"
_REGIONS_KEPT = 1024
_PASSING_S = 5
# Refusals that speak of our keys and clock rather than of the object; S3 sends them as 403 or 400.
_OUR_FAULT = {
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}


@frozen
class S3Settings:
    """Where S3 is; ``endpoint_url`` (``http(s)://host[:port][/prefix]``) means path-style addressing there."""

    region: str = "us-east-1"
    endpoint_url: str | None = None
    retry_pauses_s: tuple[float, ...] = (0.1, 0.4)
    """Pauses before further attempts when an answer says that the trouble passes."""


@frozen
class _Read:
    bucket: str
    path: str
    body_limit_bytes: int
    deadline_s: float
    known: Original | None


class S3Origin:
    """Reads objects with one signed GET each; follows a bucket to its region once and remembers it."""

    def __init__(self, settings: S3Settings, credentials: CredentialSource, client: HttpClient | None = None) -> None:
        self._region = settings.region
        self._pauses_s = settings.retry_pauses_s
        self._custom = parse_endpoint(settings.endpoint_url) if settings.endpoint_url else None
        self._credentials = credentials
        self._client = client or HttpClient()
        self._lock = threading.Lock()
        self._regions: dict[str, str] = {}

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        """Reads one object under exactly this key. See :class:`pixelshift.origin.base.Origin`."""
        read = _Read(bucket, _encoded_key(bucket, key), body_limit_bytes, time.monotonic() + timeout_s, known)
        halfway_s = time.monotonic() + timeout_s / 2
        for pause_s in self._pauses_s:
            try:
                return self._attempt(read)
            except OriginError as error:
                passing = error.retry_after_s is not None and error.retry_after_s <= _PASSING_S
                if not passing or time.monotonic() + pause_s > halfway_s:
                    raise
            time.sleep(pause_s)
        return self._attempt(read)

    def _attempt(self, read: _Read) -> Original:
        """Asks once, and once more where the answer names another region."""
        region = self._regions.get(read.bucket, self._region)
        with self._ask(read, region) as reply:
            moved = _other_region(reply, region)
            if moved is None:
                return _take(reply, read)
        self._remember(read.bucket, moved)
        with self._ask(read, moved) as reply:
            return _take(reply, read)

    def _ask(self, read: _Read, region: str) -> Exchange:
        endpoint, path = locate(read.bucket, read.path, region, self._custom)
        headers = conditional(read.known)
        credentials = self._credentials()
        if credentials is not None:
            signable = Signable("GET", endpoint.authority, path, headers)
            headers = sign(signable, credentials, Scope(region, "s3"), datetime.now(UTC))
        return self._client.open(
            endpoint,
            Request("GET", path, headers),
            body_limit_bytes=read.body_limit_bytes,
            timeout_s=read.deadline_s - time.monotonic(),
        )

    def _remember(self, bucket: str, region: str) -> None:
        with self._lock:
            if len(self._regions) >= _REGIONS_KEPT:
                self._regions.clear()
            self._regions[bucket] = region


def _other_region(reply: Reply, region: str) -> str | None:
    named = reply.header("x-amz-bucket-region")
    if reply.status not in (301, 307, 400) or named is None or named == region or not re.fullmatch(_REGION, named):
        return None
    return named


def _take(reply: Reply, read: _Read) -> Original:
    if reply.status == 200:
        return read_original(reply, read.body_limit_bytes)
    if reply.status == 304 and read.known is not None:
        return read_confirmation(reply, read.known)
    raise _failure(reply, read.path)


def _encoded_key(bucket: str, key: str) -> str:
    """Returns the key's path; refuses names that S3 cannot hold or that would ask for something else."""
    try:
        path = encode_key(key)
    except UnicodeEncodeError:
        raise NotFoundError(ABSENT, detail=f"key {key!a:.1024}") from None
    if not key or len(key.encode()) > _KEY_BYTES or not re.fullmatch(_BUCKET, bucket) or ".." in bucket:
        raise NotFoundError(ABSENT, detail=f"bucket {bucket!a:.300}, key {key!a:.1024}")
    return path


def _failure(reply: Reply, path: str) -> PixelshiftError:
    """Decides whose fault an answer other than 200 is."""
    found = re.search(_ERROR_CODE, reply.read_start())
    code = found[1].decode() if found else ""
    detail = f"S3 answered {reply.status} {code} for {path!r}"
    if code in _OUR_FAULT:
        return OriginError("the origin refuses our credentials", detail=detail)
    if reply.status in (403, 404, 405, 410) or code in ("KeyTooLongError", "InvalidBucketName", "NoSuchBucket"):
        return NotFoundError(ABSENT, detail=detail)
    return outage(reply, detail)
