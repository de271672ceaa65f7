"""Where AWS credentials come from, without boto3 where that can be.

Lambda puts them into the environment and ECS and EKS behind a local address: both are read here. Everything else
(profiles, single sign-on, web identity, instance metadata) is left to botocore, which costs half a second to import.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pixelshift.errors import OriginError, SettingsError
from pixelshift.net.dial import Endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.net.sigv4 import Credentials

CredentialSource = Callable[[], Credentials | None]
"""Returns credentials that are good for at least some minutes; ``None`` means: send requests unsigned."""

_BAD_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to a loopback or container address"
_EARLY = timedelta(minutes=5)
_ANSWER_BYTES = 64 * 1024
_ANSWER_S = 5.0
_ECS = Endpoint("169.254.170.2", 80, tls=False)
_EKS_HOSTS = ("169.254.170.23", "fd00:ec2::23")


def credential_source(environment: Mapping[str, str]) -> CredentialSource:
    """Chooses by the environment variables that the AWS tools agree on.

    :raises SettingsError: a container address that could be anybody's.
    """
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        fixed = Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)
        return lambda: fixed
    if relative := environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return ContainerCredentials(_ECS, relative)
    if full := environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        endpoint, target = _container_endpoint(full)
        token_file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        return ContainerCredentials(
            endpoint,
            target,
            token=environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            token_file=Path(token_file) if token_file else None,
        )
    return BotocoreCredentials()


def _container_endpoint(url: str) -> tuple[Endpoint, str]:
    """Splits a full URI; plain HTTP is for the addresses that never leave the machine, as in the AWS SDKs."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingsError(_BAD_URI) from error
    tls = parts.scheme == "https"
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if parts.scheme not in ("http", "https") or not (tls or loopback or host in (_ECS.host, *_EKS_HOSTS)):
        raise SettingsError(_BAD_URI)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(host, port or (443 if tls else 80), tls), target


class ContainerCredentials:
    """Reads the credentials that ECS or EKS hands to a container, again before they end. Thread-safe."""

    def __init__(
        self, endpoint: Endpoint, target: str, *, token: str | None = None, token_file: Path | None = None
    ) -> None:
        self._endpoint = endpoint
        self._target = target
        self._token = token
        self._token_file = token_file
        self._client = HttpClient(idle_limit=0)
        self._lock = threading.Lock()
        self._known: Credentials | None = None

    def __call__(self) -> Credentials:
        """Returns current credentials.

        :raises OriginError: none could be had.
        """
        with self._lock:
            known = self._known
            if known and (known.expires_at is None or datetime.now(UTC) < known.expires_at - _EARLY):
                return known
            try:
                self._known = self._read()
            except OriginError:
                if known and known.expires_at and datetime.now(UTC) < known.expires_at:
                    return known
                raise
            return self._known

    def _read(self) -> Credentials:
        token = self._token_text()
        headers = {"Accept": "application/json", **({"Authorization": token} if token else {})}
        request = Request("GET", self._target, headers)
        with self._client.open(self._endpoint, request, body_limit_bytes=_ANSWER_BYTES, timeout_s=_ANSWER_S) as reply:
            body = reply.read_start(_ANSWER_BYTES)
        try:
            answer = json.loads(body)
            ends = answer.get("Expiration")
            return Credentials(
                answer["AccessKeyId"],
                answer["SecretAccessKey"],
                answer.get("Token"),
                datetime.fromisoformat(ends) if ends else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise OriginError(
                "no AWS credentials", detail=f"container endpoint: {reply.status}, {type(error).__name__}"
            ) from error

    def _token_text(self) -> str | None:
        if self._token_file is None:
            return self._token
        try:
            return self._token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise OriginError("no AWS credentials", detail=f"{self._token_file}: {error}") from error


class BotocoreCredentials:
    """Asks botocore, which knows every other source and renews what it finds. Thread-safe.

    Without any credentials requests go unsigned, which suits public buckets.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: object | None = None

    def __call__(self) -> Credentials | None:
        """Returns current credentials, or ``None`` where botocore finds none.

        :raises OriginError: botocore is not installed, or its source fails.
        """
        try:
            import botocore.exceptions
            import botocore.session
        except ImportError as error:
            raise OriginError(
                "no AWS credentials",
                detail="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or install pixelshift[aws]",
            ) from error
        with self._lock:
            try:
                if self._session is None:
                    self._session = botocore.session.Session()
                found = self._session.get_credentials()  # type: ignore[attr-defined]  # botocore has no types
                frozen = found and found.get_frozen_credentials()
            except botocore.exceptions.BotoCoreError as error:
                raise OriginError("no AWS credentials", detail=str(error), retry_after_s=5) from error
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token) if frozen else None
