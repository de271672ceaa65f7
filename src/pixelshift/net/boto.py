"""Clients of AWS services through boto3: slow to import, so built at the first call, once."""

import threading
from typing import Any

from pixelshift.errors import ForbiddenError, OriginError, OverloadedError
from pixelshift.value import field, frozen, mutable

BUSY_CODES = frozenset(
    {
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ServiceUnavailable",
        "SlowDown",
        "Throttled",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
REFUSED_CODES = frozenset(
    {"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "InvalidMessageContents"}
)


@frozen
class AwsSettings:
    """Where AWS is and how long it may take; credentials are found as boto3 finds them."""

    region: str = "us-east-1"
    endpoint_url: str | None = None
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 8.0
    attempts: int = 3
    """Of each call, boto3's own pauses between them."""


class AwsRefusalError(OriginError):
    """An answer that says no; ``code`` is AWS's, ``answer`` the whole of it."""

    def __init__(self, message: str, *, code: str, answer: dict[str, Any] | None = None) -> None:
        super().__init__(message, code=code)
        self.answer = answer or {}


@mutable
class AwsClient:
    """One service. Thread-safe.

    :raises OverloadedError: throttled.
    :raises ForbiddenError: the message itself is refused; it will be next time, too.
    :raises AwsRefusalError: another answer that says no.
    :raises OriginError: no answer; whether anything was done is unknown.
    """

    service: str
    settings: AwsSettings
    _client: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Calls an operation by boto3's name for it."""
        client = self._connected()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            short = code.rpartition(".")[2]
            if short in BUSY_CODES:
                raise OverloadedError(f"{self.service} is busy", detail=code, retry_after_s=1) from error
            if short in REFUSED_CODES:
                raise ForbiddenError(f"{self.service} refused the message", detail=str(error)) from error
            raise AwsRefusalError(f"{self.service} refused", code=short, answer=dict(error.response)) from error
        except BotoCoreError as error:
            raise OriginError(f"{self.service} does not answer", detail=str(error), retry_after_s=1) from error
        return answer

    def close(self) -> None:
        """Closes connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                try:
                    import boto3
                except ImportError as error:
                    raise OriginError("AWS services need boto3", detail="install pixelshift[aws]") from error
                from botocore.config import Config

                chosen = self.settings
                config = Config(
                    connect_timeout=chosen.connect_timeout_s,
                    read_timeout=chosen.read_timeout_s,
                    retries={"total_max_attempts": chosen.attempts, "mode": "standard"},
                )
                self._client = boto3.session.Session().client(
                    self.service,  # type: ignore[call-overload]  # the stubs know literal names only
                    region_name=chosen.region,
                    endpoint_url=chosen.endpoint_url,
                    config=config,
                )
            return self._client
