"""Signature keys that follow the rotation of their secret without a gap on either side."""

import json
import threading
import time
from collections.abc import Callable, Iterator

from pixelshift.errors import InternalError, OriginError
from pixelshift.secret.base import SecretReader
from pixelshift.value import frozen, replace

_CODE = "SignatureValidationFailure"


@frozen
class KeyName:
    """Where a key lies: member ``member`` of the JSON object that secret ``secret`` holds."""

    secret: str
    member: str


@frozen
class RotationTimes:
    """How long a key read is used, how soon a misfit may ask again, how long an outgoing key still counts."""

    ttl_s: float = 300.0
    hurry_s: float = 15.0
    grace_s: float = 3600.0
    outage_s: float = 3600.0
    """How long the last key read serves while its keeper fails."""


@frozen
class _Known:
    key: bytes
    read_at_s: float
    checked_at_s: float
    rotated_at_s: float | None
    previous: bytes | None = None
    previous_read: bool = False

    def __repr__(self) -> str:
        return f"_Known(read_at_s={self.read_at_s}, rotated_at_s={self.rotated_at_s})"


class FixedKeys:
    """Keys from the configuration: they change with it."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys

    def candidates(self) -> Iterator[bytes]:
        """Yields the keys in the order given."""
        if not self._keys:
            raise InternalError("no signature key is configured", code=_CODE)
        yield from self._keys


class RotatingKeys:
    """Yields the current key, then the previous one within its grace, then a newer one that has appeared meanwhile.

    The keeper is asked when a key is older than its time, and by misfits at most once in ``hurry_s``: a stranger's
    wrong signatures cannot make more calls than that.
    """

    def __init__(
        self,
        reader: SecretReader,
        name: KeyName,
        times: RotationTimes | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._name = name
        self._times = times or RotationTimes()
        self._clock = clock
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def candidates(self) -> Iterator[bytes]:
        """Yields keys lazily. See :class:`pixelshift.secret.base.SignatureKeys`."""
        tried = self._current(self._times.ttl_s)
        yield tried.key
        previous = self._previous()
        if previous is not None and previous != tried.key:
            yield previous
        latest = self._current(self._times.hurry_s)
        if latest.key not in (tried.key, previous):
            yield latest.key

    def _current(self, age_limit_s: float) -> _Known:
        with self._lock:
            now_s = self._clock()
            known = self._known
            if known is not None and now_s - known.checked_at_s < age_limit_s:
                return known
            try:
                self._known = self._renewed(known, now_s)
            except OriginError as error:
                if known is None or now_s - known.read_at_s > self._times.outage_s:
                    raise InternalError(
                        "the signature key cannot be read", code=_CODE, detail=f"{error.message}: {error.detail}"
                    ) from error
                retry_at_s = now_s - self._times.ttl_s + self._times.hurry_s
                self._known = replace(known, checked_at_s=retry_at_s)
            return self._known

    def _renewed(self, known: _Known | None, now_s: float) -> _Known:
        version = self._reader.read(self._name.secret)
        if version is None:
            raise InternalError("the secret of the signature key does not exist", code=_CODE)
        key = _member(version.text, self._name.member)
        if known is not None and key == known.key:
            return replace(known, read_at_s=now_s, checked_at_s=now_s)
        created_at_s = version.created_at.timestamp() if version.created_at else None
        if known is None:
            return _Known(key, now_s, now_s, rotated_at_s=created_at_s)
        return _Known(key, now_s, now_s, created_at_s or now_s, previous=known.key, previous_read=True)

    def _previous(self) -> bytes | None:
        """The outgoing key while it counts; a process that started after the rotation asks for it once."""
        with self._lock:
            known = self._known
            if known is None or known.rotated_at_s is None:
                return None
            if self._clock() - known.rotated_at_s > self._times.grace_s:
                return None
            if not known.previous_read:
                try:
                    version = self._reader.read(self._name.secret, "previous")
                    previous = _member(version.text, self._name.member) if version else None
                except (OriginError, InternalError):
                    previous = None
                known = self._known = replace(known, previous=previous, previous_read=True)
            return known.previous


def _member(text: str, member: str) -> bytes:
    try:
        value = json.loads(text)[member]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, str) or not value:
        raise InternalError("the secret is no JSON object with the signature key as text", code=_CODE)
    return value.encode("utf-8", "surrogatepass")
