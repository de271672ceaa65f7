"""What a shared cache may store and for how long.

The rows are what the public cache-tests suite (cache-tests.fyi) expects of a shared cache, as far as it applies here:
we are the origin too, so request directives, Authorization, Set-Cookie, POST and partial storing have no place.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.cache.memory import MemoryStore
from pixelshift.delivery.caching import Ages, Freshness, HttpCache, freshness_lifetime_s
from pixelshift.delivery.representation import HeaderMap, Representation
from pixelshift.net.cache_control import directives, seconds

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
FUTURE, PAST = "Fri, 15 Jan 2027 08:01:40 GMT", "Fri, 15 Jan 2027 07:00:00 GMT"

LIFETIMES = [
    # id of the group at cache-tests.fyi, Cache-Control, Expires, seconds of freshness (None: must not be stored)
    ("freshness-none", None, None, 0),
    ("freshness-max-age", "max-age=3600", None, 3600),
    ("freshness-max-age-0", "max-age=0", None, 0),
    ("freshness-max-age-max", "max-age=2147483648", None, 2**31),
    ("freshness-max-age-max-plus", "max-age=99999999999999", None, 2**31),
    ("freshness-max-age-0-expires", "max-age=0", FUTURE, 0),
    ("freshness-max-age-expires", "max-age=3600", PAST, 3600),
    ("freshness-max-age-extension", "foobar, max-age=3600", None, 3600),
    ("freshness-max-age-case-insenstive", "MaX-aGe=3600", None, 3600),
    ("freshness-max-age-negative", "max-age=-3600", None, 0),
    ("freshness-max-age-quoted", 'max-age="3600"', None, 3600),
    ("freshness-max-age-single-quoted", "max-age='3600'", None, 0),
    ("freshness-max-age-decimal-five", "max-age=3600.5", None, 0),
    ("freshness-max-age-a100", "max-age=a3600", None, 0),
    ("freshness-max-age-100a", "max-age=3600a", None, 0),
    ("freshness-max-age-leading-zero", "max-age=003600", None, 3600),
    ("freshness-max-age-space-before-equals", "max-age =3600", None, 3600),
    ("freshness-max-age-two-fresh-stale-sameline", "max-age=1800, max-age=1", None, 1800),
    ("freshness-max-age-ignore-quoted", 'extension="max-age=1", max-age=3600', None, 3600),
    ("freshness-max-age-ignore-quoted-rev", 'max-age=3600, extension="max-age=1"', None, 3600),
    ("freshness-s-maxage-shared", "s-maxage=3600", None, 3600),
    ("freshness-max-age-s-maxage-shared-longer", "max-age=1, s-maxage=3600", None, 3600),
    ("freshness-max-age-s-maxage-shared-shorter", "max-age=3600, s-maxage=1", None, 1),
    ("freshness-expires-future", None, FUTURE, 100),
    ("freshness-expires-past", None, PAST, 0),
    ("freshness-expires-invalid", None, "0", 0),
    ("freshness-expires-ansi-c", None, "Fri Jan 15 08:01:40 2027", 100),
    ("freshness-expires-old-date", None, "Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("cc-resp-no-store", "no-store", None, None),
    ("cc-resp-no-store-case-insensitive", "No-StOrE", None, None),
    ("cc-resp-no-store-fresh", "max-age=10000, no-store", None, None),
    ("cc-resp-private-shared", "private", None, None),
    ("cc-resp-private-fresh", "max-age=3600, private", None, None),
    ("cc-resp-no-cache", "no-cache", None, 0),
    ("cc-resp-no-cache-revalidate-fresh", "max-age=10000, no-cache", None, 0),
]


@pytest.mark.parametrize(
    ("control", "expires", "wanted"), [row[1:] for row in LIFETIMES], ids=[row[0] for row in LIFETIMES]
)
def test_freshness_is_what_the_public_suite_expects(
    control: str | None, expires: str | None, wanted: int | None
) -> None:
    headers = HeaderMap(
        {name: text for name, text in (("Cache-Control", control), ("Expires", expires)) if text is not None}
    )
    assert freshness_lifetime_s(headers, NOW) == wanted


def stored(control: str, ages: Ages, age_s: float) -> tuple[Freshness, bool]:
    now = [NOW]
    cache = HttpCache(MemoryStore(10**6), ages, lambda: now[0])
    assert cache.keep("k", Representation(200, {"Cache-Control": control}, b"x"), cache.generation())
    now[0] += age_s
    entry = cache.look("k")
    assert entry is not None
    return cache.judge(entry), cache.may_stand_in(entry)


OWN = Ages(max_ttl_s=1000, stale_while_revalidate_s=20, stale_if_error_s=200)


@pytest.mark.parametrize(
    ("control", "age_s", "wanted"),
    [
        ("max-age=10", 9, (Freshness.FRESH, True)),
        ("max-age=10", 11, (Freshness.RENEWING, True)),
        ("max-age=10", 31, (Freshness.STALE, True)),
        ("max-age=10", 211, (Freshness.GONE, False)),
        ("max-age=10, stale-while-revalidate=3600", 900, (Freshness.RENEWING, False)),
        ("max-age=10, stale-while-revalidate=0", 11, (Freshness.STALE, True)),
        ("max-age=10, stale-if-error=5", 16, (Freshness.RENEWING, False)),
        ("max-age=10, must-revalidate", 11, (Freshness.GONE, False)),
        ("max-age=10, proxy-revalidate", 11, (Freshness.GONE, False)),
        ("max-age=10, must-revalidate, stale-while-revalidate=99", 11, (Freshness.GONE, False)),
        ("s-maxage=10", 11, (Freshness.GONE, False)),
        ("s-maxage=10, stale-while-revalidate=60", 11, (Freshness.RENEWING, False)),
        ("no-cache, stale-while-revalidate=60", 0, (Freshness.GONE, False)),
        ("max-age=99999999", 999, (Freshness.FRESH, True)),
        ("max-age=99999999", 1001, (Freshness.RENEWING, True)),
    ],
)
def test_stale_answers_are_served_only_where_the_directives_allow(
    control: str, age_s: float, wanted: tuple[Freshness, bool]
) -> None:
    assert stored(control, OWN, age_s) == wanted


@given(st.text(max_size=60))
def test_any_cache_control_is_read_without_an_error(text: str) -> None:
    assert all(name == name.lower() for name in directives(text))


@given(st.dictionaries(st.sampled_from(["max-age", "s-maxage", "foo"]), st.integers(0, 10**6), min_size=1))
def test_well_formed_directives_are_read_back(wanted: dict[str, int]) -> None:
    text = " , ".join(f"{name}={value}" for name, value in wanted.items())
    assert {name: seconds(value) for name, value in directives(text).items()} == wanted
