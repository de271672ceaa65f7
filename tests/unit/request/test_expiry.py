from datetime import UTC, datetime, timedelta, timezone

import pytest

from pixelshift.errors import PixelshiftError
from pixelshift.request.expiry import format_expires, parse_expires, seconds_left

NOW = datetime(2026, 2, 3, 4, 5, 6, 999_999, tzinfo=UTC)


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(PixelshiftError) as caught:
        parse_expires(text, NOW)
    return caught.value.status, caught.value.code


def test_a_time_is_read_in_utc() -> None:
    assert parse_expires("20280229T235959Z", NOW) == datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "20270101T000000", "20270101T000000z", "20270101t000000Z", "20270101T240000Z", "20270101T006000Z",
        "20270101T000060Z", "20270229T000000Z", "20271301T000000Z", "20270100T000000Z", "2027-01-01T00:00:00Z",
        "20270101T000000Z ", "20270101T000000Z\n", "00000101T000000Z",
        "\u0662\u0660\u0662\u0667\u0660\u0661\u0660\u0661T000000Z",
    ],
)  # fmt: skip
def test_only_the_exact_format_is_a_time(text: str) -> None:
    assert refusal(text) == (400, "ImageRequestExpiryFormat")


def test_a_past_time_has_expired_and_the_present_second_too_once_it_has_begun() -> None:
    assert refusal("20260203T040506Z") == (400, "ImageRequestExpired")
    assert parse_expires("20260203T040507Z", NOW)


def test_seconds_are_rounded_down_and_capped_at_a_year() -> None:
    assert seconds_left(NOW + timedelta(seconds=59.9), NOW) == 59
    assert seconds_left(NOW - timedelta(seconds=1), NOW) == 0
    assert seconds_left(NOW + timedelta(days=5000), NOW) == 31_536_000


def test_writing_and_reading_agree_in_any_time_zone() -> None:
    local = datetime(2030, 1, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert format_expires(local) == "20291231T230000Z"
    assert parse_expires(format_expires(local), NOW) == local
