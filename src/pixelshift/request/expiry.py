"""Links that end: the ``expires`` query parameter (contract, 7.2)."""

import re
from datetime import UTC, datetime

from pixelshift.errors import InvalidRequestError

LONGEST_LIFE_S = 365 * 24 * 3600
_FORMAT = r"(?a)(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z"


def parse_expires(text: str, now: datetime) -> datetime:
    """Read ``YYYYMMDDTHHmmssZ``, a UTC instant that is not before ``now``.

    Raises :class:`InvalidRequestError` with code ``ImageRequestExpiryFormat`` or ``ImageRequestExpired``.
    """
    match = re.fullmatch(_FORMAT, text)
    if not match:
        raise _format_error()
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        expires = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _format_error() from None
    if expires < now:
        raise InvalidRequestError("This link has expired. Ask for a new one.", code="ImageRequestExpired")
    return expires


def format_expires(expires: datetime) -> str:
    """The text that :func:`parse_expires` reads; fractions of a second are dropped."""
    return expires.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def seconds_left(expires: datetime, now: datetime) -> int:
    """Whole seconds from ``now``, rounded down, at least 0 and at most one year."""
    return min(max(int((expires - now).total_seconds()), 0), LONGEST_LIFE_S)


def _format_error() -> InvalidRequestError:
    return InvalidRequestError(
        "expires: expected a UTC time such as 20301231T235959Z.", code="ImageRequestExpiryFormat"
    )
