"""HTTP dates, against Python's own writers of them."""

import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.net.date import http_date, parse_date

INSTANTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(
    lambda instant: instant.replace(microsecond=0)
)


@given(INSTANTS)
def test_dates_are_written_and_read_as_others_write_them(instant: datetime) -> None:
    written = format_datetime(instant, usegmt=True)
    assert http_date(instant) == written
    assert parse_date(written) == parse_date(written.upper()) == instant
    assert parse_date(time.asctime(instant.timetuple())) == (instant if instant.year > 999 else None)


@given(st.integers(-49, 50), INSTANTS)
def test_a_year_of_two_digits_is_at_most_fifty_years_ahead(ahead: int, instant: datetime) -> None:
    there = instant.replace(year=datetime.now(UTC).year + ahead, day=min(instant.day, 28))
    assert parse_date(f"{there:%A, %d-%b-%y %H:%M:%S} GMT") == there


def test_the_example_of_the_rfc_is_read_in_its_three_forms() -> None:
    forms = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994")
    assert {parse_date(form) for form in forms} == {datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)}
    assert parse_date("Sun, 6 Nov 1994 08:49:37 GMT") == parse_date(forms[0])


def test_other_zones_and_no_date_at_all() -> None:
    assert http_date(None) is None
    at = datetime(2027, 3, 1, 0, 30, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert http_date(at) == "Sun, 28 Feb 2027 23:30:05 GMT"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "0",
        "-1",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT" + " " * 99,
    ],
)
def test_anything_else_is_no_date(text: str | None) -> None:
    assert parse_date(text) is None
