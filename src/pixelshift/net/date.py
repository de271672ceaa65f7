"""HTTP dates (RFC 9110, 5.6.7): three forms are read, one is written."""

import re
from datetime import UTC, datetime

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_CLOCK = "([0-9]{2}):([0-9]{2}):([0-9]{2})"
_FIXED = rf"[a-z]{{3}}, ([0-9]{{1,2}}) ([a-z]{{3}}) ([0-9]{{4}}) {_CLOCK} gmt"
_RFC_850 = rf"[a-z]{{6,9}}, ([0-9]{{2}})-([a-z]{{3}})-([0-9]{{2}}) {_CLOCK} gmt"
_ASCTIME = rf"[a-z]{{3}} ([a-z]{{3}}) ([ 0-9][0-9]) {_CLOCK} ([0-9]{{4}})"


def parse_date(text: str | None) -> datetime | None:
    """Reads an HTTP date, in any letter case; ``None`` for anything else."""
    if not text or len(text) > 64:
        return None
    lower = text.lower()
    if found := re.fullmatch(_FIXED, lower):
        day, month, year, *clock = found.groups()
    elif found := re.fullmatch(_RFC_850, lower):
        day, month, short, *clock = found.groups()
        year = str(_whole_year(int(short)))
    elif found := re.fullmatch(_ASCTIME, lower):
        month, day, *clock, year = found.groups()
    else:
        return None
    try:
        number = _MONTHS.index(month.capitalize()) + 1
        hour, minute, second = map(int, clock)
        return datetime(int(year), number, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def http_date(instant: datetime | None) -> str | None:
    """Writes an HTTP date; ``None`` stays ``None``."""
    if instant is None:
        return None
    at = instant.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT"


def _whole_year(short: int) -> int:
    """The year of two digits that is at most 50 years ahead."""
    latest = datetime.now(UTC).year + 50
    return latest - (latest - short) % 100
