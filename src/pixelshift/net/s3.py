"""Objects put into Amazon S3, or anything that speaks its protocol, without a client library."""

import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from pixelshift.errors import OriginError
from pixelshift.net.credential import CredentialSource
from pixelshift.net.dial import Endpoint, parse_endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.net.reply import Pace
from pixelshift.net.sigv4 import Credentials, Scope, Signable, encode_key, presign, sign
from pixelshift.value import field, frozen

_HOST_BUCKET = r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"  # with a dot no wildcard certificate fits
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_ANSWER_BYTES = 64 * 1024
_SENDING_S = 60.0
"""Nothing comes back while a body is sent, so an answer's pace says nothing before."""


def locate(bucket: str, path: str, region: str, custom: tuple[Endpoint, str] | None = None) -> tuple[Endpoint, str]:
    """Where an object is: the server, and the path there of the percent-encoded key ``path``.

    ``custom`` (:func:`pixelshift.net.dial.parse_endpoint`) means path-style addressing there.
    """
    if custom is not None:
        endpoint, prefix = custom
        return endpoint, f"{prefix}/{bucket}/{path}"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"s3.{region}.{domain}"
    if re.fullmatch(_HOST_BUCKET, bucket):
        return Endpoint(f"{bucket}.{host}", 443, tls=True), f"/{path}"
    return Endpoint(host, 443, tls=True), f"/{bucket}/{path}"


@frozen
class S3Bucket:
    """One bucket to write to, in ``region``; ``endpoint_url`` is another address than Amazon's. Thread-safe."""

    name: str
    credentials: CredentialSource
    region: str = "us-east-1"
    endpoint_url: str | None = None
    client: HttpClient = field(default_factory=lambda: HttpClient(pace=Pace(grace_s=_SENDING_S)))

    def put(self, key: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float) -> None:
        """Stores an object; tries again, with full jitter, what passes by itself, until ``deadline_s``.

        Writing the same bytes under the same key twice does no harm, so an answer that was lost is no matter.

        :raises OriginError: refused, or the time of :func:`time.monotonic` is up.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            failure = self._try(key, body, headers, deadline_s)
            if failure is None:
                return
            wait_s = random.uniform(0, pause_s)  # spreads retries, hides nothing
            if failure.retry_after_s is None or time.monotonic() + wait_s >= deadline_s:
                raise failure
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def link(self, key: str, *, life_s: int) -> str:
        """A URL that anybody may GET the object by for ``life_s`` seconds, 7 days at most.

        :raises OriginError: there are no credentials to sign it with.
        """
        endpoint, path = self._locate(key)
        asked = Signable("GET", endpoint.authority, path, {})
        signed = presign(asked, self._known(), Scope(self.region, "s3"), datetime.now(UTC), life_s=life_s)
        return f"{'https' if endpoint.tls else 'http'}://{endpoint.authority}{path}?{signed}"

    def _try(self, key: str, body: bytes, headers: Mapping[str, str], deadline_s: float) -> OriginError | None:
        """One attempt; what went wrong carries ``retry_after_s`` where another may help."""
        endpoint, path = self._locate(key)
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            return OriginError("the bucket took too long", status=503)
        signable = Signable("PUT", endpoint.authority, path, headers, body)
        try:
            signed = sign(signable, self._known(), Scope(self.region, "s3"), datetime.now(UTC))
            request = Request("PUT", path, signed, body)
            with self.client.open(endpoint, request, body_limit_bytes=_ANSWER_BYTES, timeout_s=left_s) as reply:
                start = reply.read_start()
        except OriginError as error:
            return error
        if reply.status == 200:
            return None
        detail = f"S3 answered {reply.status} to a PUT into {self.name}: {start[:300]!r}"
        return OriginError(
            "the bucket refuses the object", detail=detail, retry_after_s=1 if reply.status in _PASSING else None
        )

    def _locate(self, key: str) -> tuple[Endpoint, str]:
        custom = parse_endpoint(self.endpoint_url) if self.endpoint_url else None
        return locate(self.name, encode_key(key), self.region, custom)

    def _known(self) -> Credentials:
        known = self.credentials()
        if known is None:
            raise OriginError("no AWS credentials to write to S3 with")
        return known
