"""Secrets in AWS Secrets Manager, read by one signed POST: a cold start need not import boto3 for it."""

import json
from datetime import UTC, datetime

from pixelshift.errors import OriginError
from pixelshift.net.credential import CredentialSource
from pixelshift.net.dial import Endpoint, parse_endpoint
from pixelshift.net.http import HttpClient, Request
from pixelshift.net.sigv4 import Scope, Signable, sign
from pixelshift.secret.base import SecretVersion, Stage

_SERVICE = "secretsmanager"
_STAGES: dict[Stage, str] = {"current": "AWSCURRENT", "previous": "AWSPREVIOUS"}
_YEAR_9999_S = 253_370_764_800
_ANSWER_BYTES = 256 * 1024  # a secret is at most 64 KiB


class SecretsManager:
    """Reads secret strings of one region, or of what answers at ``endpoint_url``."""

    def __init__(
        self,
        region: str,
        credentials: CredentialSource,
        *,
        endpoint_url: str | None = None,
        client: HttpClient | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        default = Endpoint(f"{_SERVICE}.{region}.{domain}", 443, tls=True)
        self._endpoint, self._prefix = parse_endpoint(endpoint_url) if endpoint_url else (default, "")
        self._region = region
        self._credentials = credentials
        self._client = client or HttpClient(idle_limit=1)
        self._timeout_s = timeout_s

    def read(self, name: str, stage: Stage = "current") -> SecretVersion | None:
        """Calls GetSecretValue. See :class:`pixelshift.secret.base.SecretReader`."""
        body = json.dumps({"SecretId": name, "VersionStage": _STAGES[stage]}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{_SERVICE}.GetSecretValue"}
        path = f"{self._prefix}/"
        credentials = self._credentials()
        if credentials is None:
            raise OriginError("no AWS credentials to read the secret with")
        signable = Signable("POST", self._endpoint.authority, path, headers, body)
        headers = sign(signable, credentials, Scope(self._region, _SERVICE), datetime.now(UTC))
        with self._client.open(
            self._endpoint,
            Request("POST", path, headers, body),
            body_limit_bytes=_ANSWER_BYTES,
            timeout_s=self._timeout_s,
        ) as reply:
            answer = reply.read_start(_ANSWER_BYTES)
        if reply.status != 200:
            if b"ResourceNotFoundException" in answer:
                return None
            raise OriginError("Secrets Manager refused", detail=f"status {reply.status}", retry_after_s=2)
        return _version(answer)


def _version(answer: bytes) -> SecretVersion:
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    text = document.get("SecretString") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise OriginError("Secrets Manager answered without a secret string")
    created_s = document.get("CreatedDate")
    known = isinstance(created_s, int | float) and 0 <= created_s < _YEAR_9999_S
    return SecretVersion(text, datetime.fromtimestamp(created_s, UTC) if known else None)
