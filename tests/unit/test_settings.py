from pathlib import Path

import pytest

from pixelshift.environment import load, variables
from pixelshift.errors import SettingsError
from pixelshift.limits import Limits
from pixelshift.settings import Settings
from pixelshift.wiring import image_function, policy, source_buckets
from tests.support.settings_table import settings_table

DOCS = Path(__file__).parents[2] / "docs" / "reference"
# Contract, 9.1: every variable of the Lambda line that is not about S3 Object Lambda or deployment.
UPSTREAM = {
    "SOURCE_BUCKETS", "AUTO_WEBP", "CORS_ENABLED", "CORS_ORIGIN", "REWRITE_MATCH_PATTERN", "REWRITE_SUBSTITUTION",
    "ENABLE_SIGNATURE", "SECRETS_MANAGER", "SECRET_KEY", "ENABLE_DEFAULT_FALLBACK_IMAGE",
    "DEFAULT_FALLBACK_IMAGE_BUCKET", "DEFAULT_FALLBACK_IMAGE_KEY", "SHARP_SIZE_LIMIT",
}  # fmt: skip


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    assert load({}) == Settings()
    assert load({}).limits.limits() == Limits()


def test_every_setting_of_upstream_is_known_by_its_name() -> None:
    assert {variable.name for _, variable, _ in variables()} >= UPSTREAM


def test_no_two_settings_share_a_variable() -> None:
    names = [variable.name for _, variable, _ in variables()]
    assert len(names) == len(set(names))


def test_the_reference_page_lists_every_setting_with_its_default() -> None:
    assert settings_table() in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("text", ["yes", "YES", "true", "1", "on", " Yes", ""])
def test_switches_of_upstream_want_exactly_yes(text: str) -> None:
    assert not load({"AUTO_WEBP": text}).output.auto_webp
    assert load({"AUTO_WEBP": "Yes"}).output.auto_webp


@pytest.mark.parametrize(
    ("text", "pixels"),
    [
        ("", 268_402_689),
        ("abc", 268_402_689),
        ("0", 2**31 - 1),
        ("119999", 119_999),
        ("1e3", 1000),
        ("inf", 268_402_689),
        ("-1", 0),
        ("1.5", 0),
    ],
)
def test_the_size_limit_is_read_as_upstream_reads_it(text: str, pixels: int) -> None:
    assert load({"SHARP_SIZE_LIMIT": text}).limits.limits().source_pixels == pixels


def test_all_problems_are_told_at_once() -> None:
    wrong = {
        "PIXELSHIFT_MAX_FRAMES": "-1",
        "PIXELSHIFT_WORKERS": "many",
        "PIXELSHIFT_ORIGIN": "ftp",
        "PIXELSHIFT_MAX_TIME": "nan",
        "PIXELSHIFT_ORIGIN_CACHE": "maybe",
        "PIXELSHIFT_PATH_PREFIX": "image",
    }
    with pytest.raises(SettingsError) as caught:
        load(wrong)
    assert all(name in caught.value.message for name in wrong)


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"PIXELSHIFT_ORIGIN": "folder"}, "PIXELSHIFT_FOLDER"),
        ({"PIXELSHIFT_ORIGIN": "https"}, "PIXELSHIFT_HTTPS_HOSTS"),
    ],
)
def test_values_that_contradict_each_other_are_refused(environment: dict[str, str], names: str) -> None:
    with pytest.raises(SettingsError, match=names):
        load(environment)


def test_a_rewrite_that_does_not_compile_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="REWRITE_MATCH_PATTERN"):
        image_function({"REWRITE_MATCH_PATTERN": "/(/g", "REWRITE_SUBSTITUTION": "x"})


def test_avif_is_offered_before_webp() -> None:
    offered = policy(load({"AUTO_WEBP": "Yes", "AUTO_AVIF": "Yes"})).offered
    assert [one.value for one in offered] == ["avif", "webp"]


@pytest.mark.parametrize(
    ("environment", "buckets"),
    [
        ({"SOURCE_BUCKETS": " aaa , ,bbb,a*"}, ("aaa", "bbb")),
        ({"PIXELSHIFT_ORIGIN": "folder", "PIXELSHIFT_FOLDER": "/x"}, ("pictures",)),
        ({"PIXELSHIFT_ORIGIN": "https", "PIXELSHIFT_HTTPS_HOSTS": "A.example, b.example"}, ("a.example", "b.example")),
        ({}, ()),
    ],
)
def test_the_allow_list_is_the_buckets_the_folder_or_the_hosts(
    environment: dict[str, str], buckets: tuple[str, ...]
) -> None:
    assert source_buckets(load(environment)) == buckets
