"""The reference pages: every name is there, every example does what it says."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pixelshift.edits.parse import _ALIASES, _PARSERS, parse_edits
from pixelshift.limits import Limits
from pixelshift.request.base import RequestRules
from pixelshift.request.filter import _FILTERS
from pixelshift.request.parse import parse_request
from pixelshift.request.query import read_query_edits
from pixelshift.request.rewrite import compile_rewrite

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
URLS = (REFERENCE / "urls.md").read_text()
EDITS = (REFERENCE / "edits.md").read_text()
RULES = RequestRules(buckets=("photos", "archive"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", [*_PARSERS, *_ALIASES])
def test_every_edit_is_described(name: str) -> None:
    spelled = name.replace("Colorspace", "Colourspace")  # the page says once that both spellings count
    assert re.search(rf"\b{spelled}\b", EDITS)


@pytest.mark.parametrize("name", _FILTERS)
def test_every_filter_is_described(name: str) -> None:
    assert f"| `{name}(" in URLS or f", `{name}(" in URLS


@pytest.mark.parametrize("example", sorted(set(re.findall(r"`(\{\"\w+\": .*\})`", EDITS))))
def test_every_example_of_an_edit_is_accepted(example: str) -> None:
    edits = json.loads(example)
    if "r" not in edits:  # a colour
        assert parse_edits(edits, Limits())


@pytest.mark.parametrize("name", sorted(set(_PARSERS) - {"boolean", "joinChannel", "heif"}))
def test_every_edit_has_an_example_or_a_table_of_options(name: str) -> None:
    encoders = {"png", "webp", "avif", "gif", "tiff"}
    shown = {"flop": "flip", "extract": "crop", "stripIcc": "stripExif", "pipelineColourspace": "toColourspace"}
    alternative = {"greyscale": "grayscale"}.get(name, shown.get(name, name))
    assert name in encoders or f'{{"{alternative}": ' in EDITS


@pytest.mark.parametrize("path", re.findall(r"`(/[^` |\u2026]*\.jpg(?:/filters[^` ]*)?)`", URLS))
def test_every_path_in_the_page_is_read(path: str) -> None:
    assert parse_request(path, [], RULES, NOW).key.endswith(".jpg")


def test_the_body_in_the_page_is_the_one_behind_its_path() -> None:
    shown, path = re.findall(r"```json\n(.*)\n```\n\n```\n(.*)\n```", URLS)[0]
    request = parse_request(path, [], RULES, NOW)
    body = json.loads(shown)
    assert (request.bucket, request.key) == (body["bucket"], body["key"])
    assert request.edits == parse_edits(body["edits"], Limits())
    assert request.output_format == body["outputFormat"]


def test_the_rewrite_in_the_page_does_what_it_says() -> None:
    pattern = re.findall(r"REWRITE_MATCH_PATTERN=(/.*)", URLS)[0]
    substitution = re.findall(r"REWRITE_SUBSTITUTION=(.*)", URLS)[0]
    rewrite = compile_rewrite(pattern, substitution)
    assert rewrite
    before, after = re.findall(r"turns `(.*)` into `(.*)`", URLS)[0]
    assert rewrite.apply(before) == after


@pytest.mark.parametrize(
    "name", ["width", "height", "fit", "format", "rotate", "flip", "flop", "grayscale", "greyscale"]
)
def test_every_query_parameter_is_described(name: str) -> None:
    assert read_query_edits({name: "1"})
    assert re.search(rf"^\|.*`{name}`.*\|", URLS[URLS.index("## Query edits") :], re.MULTILINE)
