"""A sink that posts events to one URL of the operator's, signed after the Standard Webhooks convention.

Headers ``webhook-id`` (the event's), ``webhook-timestamp`` (Unix seconds) and ``webhook-signature``: ``v1,`` and the
base64 of HMAC-SHA256 over ``id.timestamp.body`` under the secret (https://www.standardwebhooks.com).
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from pixelshift.errors import ForbiddenError, OriginError, SettingsError
from pixelshift.net.dial import parse_endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.notify.base import Message

TIMEOUT_S = 10.0
ANSWER_BYTES = 64 * 1024
GONE = 410


class WebhookSink:
    """Posts each message to ``url``; an answer of 2xx means taken, 410 that the receiver wants no more.

    ``secret`` is ``whsec_`` and base64, as Standard Webhooks has it, or any text. The URL comes from the operator's
    settings alone, never from a client.

    :raises SettingsError: an URL or a secret that cannot be used.
    """

    def __init__(
        self, url: str, secret: str, *, client: HttpClient | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        parts = urlsplit(url)
        self._endpoint, _ = parse_endpoint(f"{parts.scheme}://{parts.netloc}")
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._key = _key(secret)
        self._client = client or HttpClient(idle_limit=1)
        self._clock = clock

    def send(self, message: Message) -> None:
        moment = str(int(self._clock()))
        request = Request("POST", self._target, self._headers(message, moment), message.body)
        with self._client.open(self._endpoint, request, body_limit_bytes=ANSWER_BYTES, timeout_s=TIMEOUT_S) as reply:
            reply.read_start()
            if 200 <= reply.status < 300:
                return
            if reply.status == GONE:
                raise ForbiddenError("the receiver wants no more events (410)")
            wait = reply.header("retry-after") or ""
            raise OriginError(
                f"the receiver answered {reply.status}",
                retry_after_s=min(int(wait), 86_400) if wait.isdigit() and len(wait) < 9 else None,
            )

    def close(self) -> None:
        """Closes idle connections."""
        self._client.close()

    def _headers(self, message: Message, moment: str) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "pixelshift",
            "webhook-id": message.id,
            "webhook-timestamp": moment,
            "webhook-signature": sign(self._key, message.id, moment, message.body),
        }


def sign(key: bytes, message_id: str, moment: str, body: bytes) -> str:
    """The ``webhook-signature`` of a message: ``v1,`` and base64 of HMAC-SHA256 over ``id.timestamp.body``."""
    digest = hmac.new(key, f"{message_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise SettingsError("the webhook secret after whsec_ is not base64") from None
    else:
        key = secret.encode()
    if len(key) < 16:
        raise SettingsError("the webhook secret is too short: 16 bytes or more are needed")
    return key
