"""The contract's vectors, as far as they speak of what a URL says: kind, bucket, key, edits, refusals."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pixelshift.edits.geometry import AUTO_ORIENT
from pixelshift.edits.parse import parse_edits
from pixelshift.edits.types import Format
from pixelshift.errors import PixelshiftError, SettingsError
from pixelshift.limits import Limits
from pixelshift.request.base import ImageRequest, RequestRules
from pixelshift.request.bucket import parse_buckets
from pixelshift.request.parse import parse_request, rekey_quality
from pixelshift.request.rewrite import compile_rewrite

VECTORS = json.loads((Path(__file__).parent / "image-vectors.json").read_text())
LAMBDA = [vector for vector in VECTORS["vectors"] if vector["target"] == "lambda-v7"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)

# Codes that only the pixels, the store or the face providers can bring about.
LATER_CODES = {
    "NoSuchKey", "BadRequest", "SmartCrop::FaceIndexOutOfRange", "SmartCrop::PaddingOutOfBounds", "SmartCrop::Error",
    "Rekognition::DetectModerationLabelsError", "OverlayImageException", "InstantiationError", "TooLargeImageException",
    "AuthorizationQueryParametersError", "SignatureDoesNotMatch", "SignatureValidationFailure", "ImageRequestExpired",
}  # fmt: skip
OURS = {
    "buckets-004": "the tag is literal text since 8.1.2",
    "thumbor-037": "the side that is given is scaled",
    "thumbor-filter-010": "a blur below 0.3 does nothing",
    "thumbor-filter-018": "format names count in any letter case",
    "thumbor-filter-048": "strip_exif strips and no longer turns, since 8.0.3",
    "thumbor-filter-049": "rotation and stripping both happen",
    "orientation-006": "strip_exif strips and no longer turns, since 8.0.3",
    "thumbor-filter-033": "a quality is brought into 1-100",
    "thumbor-filter-034": "a quality is brought into 1-100",
    "crop-003": "only the picture tells that the cut leaves it",
    "animated-009": "only the picture tells that it moves",
    "metadata-007": "strip_icc strips and no longer turns, since 8.0.3",
}


def is_refused(vector: dict[str, Any]) -> bool:
    return int(vector["expect"].get("status", 200)) >= 400


def read(vector: dict[str, Any]) -> ImageRequest:
    env = VECTORS["meta"]["default_env"] | (vector["request"].get("env") or {})
    rules = RequestRules(
        buckets=parse_buckets(env["SOURCE_BUCKETS"] or ""),
        rewrite=compile_rewrite(env["REWRITE_MATCH_PATTERN"], env["REWRITE_SUBSTITUTION"]),
    )
    query = (vector["request"].get("query") or {}).items()
    filled = [(name, value.replace("{{now+3600}}", "20260101T010000Z")) for name, value in query]
    return parse_request(vector["request"]["path"], filled, rules, NOW)


def unmark(value: Any) -> Any:
    """JSON for what JavaScript had: undefined is absent, except at the top, where it asks for auto-orientation."""
    if isinstance(value, dict):
        return AUTO_ORIENT if value == {"$undefined": True} else {name: unmark(item) for name, item in value.items()}
    return value


def identify(vector: dict[str, Any]) -> str:
    return str(vector["id"])


def with_field(name: str) -> list[dict[str, Any]]:
    return [
        vector for vector in LAMBDA if name in vector["expect"] and vector["id"] not in OURS and not is_refused(vector)
    ]


@pytest.mark.parametrize("vector", with_field("key"), ids=identify)
def test_the_key_is_the_one_that_upstream_read(vector: dict[str, Any]) -> None:
    assert read(vector).key == vector["expect"]["key"]


@pytest.mark.parametrize("vector", with_field("bucket"), ids=identify)
def test_the_bucket_is_the_one_that_upstream_read(vector: dict[str, Any]) -> None:
    assert read(vector).bucket == vector["expect"]["bucket"]


@pytest.mark.parametrize("vector", with_field("request_type"), ids=identify)
def test_the_kind_is_the_one_that_upstream_found(vector: dict[str, Any]) -> None:
    assert read(vector).kind == vector["expect"]["request_type"]


@pytest.mark.parametrize("vector", with_field("effort"), ids=identify)
def test_the_effort_is_the_one_that_upstream_used(vector: dict[str, Any]) -> None:
    assert read(vector).webp_effort == vector["expect"]["effort"]


@pytest.mark.parametrize("vector", with_field("edits"), ids=identify)
def test_the_edits_are_those_that_upstream_made(vector: dict[str, Any]) -> None:
    expected = vector["expect"]["edits"]
    request = read(vector)
    edits = rekey_quality(request.edits, Format.WEBP) if vector["id"] == "auto-webp-004" else request.edits
    assert sorted(map(repr, edits)) == sorted(map(repr, parse_edits(unmark(expected), Limits())))
    assert request.has_edits == bool(expected)


@pytest.mark.parametrize("vector", [vector for vector in LAMBDA if not is_refused(vector)], ids=identify)
def test_what_upstream_serves_is_read(vector: dict[str, Any]) -> None:
    if vector["request"].get("path") is not None:
        assert read(vector).key


@pytest.mark.parametrize(
    "vector",
    [
        vector
        for vector in LAMBDA
        if is_refused(vector)
        and vector["expect"].get("code", "NoSuchKey") not in LATER_CODES
        and "recommend" not in vector
        and vector["id"] not in OURS
    ],
    ids=identify,
)
def test_what_upstream_refuses_is_refused_with_its_code(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    with pytest.raises(PixelshiftError) as caught:
        read(vector)
    assert (caught.value.status, caught.value.code) == (expect["status"], expect["code"])


@pytest.mark.parametrize(
    "vector",
    [
        vector
        for vector in LAMBDA
        if is_refused(vector) and vector.get("recommend", "").startswith("400") and vector["id"] not in OURS
    ],
    ids=identify,
)
def test_a_recommended_400_is_given_while_parsing(vector: dict[str, Any]) -> None:
    with pytest.raises(PixelshiftError) as caught:
        read(vector)
    assert caught.value.status == 400


@pytest.mark.parametrize("vector", [v for v in LAMBDA if v["id"] == "custom-005"], ids=identify)
def test_a_pattern_that_does_not_compile_stops_the_start(vector: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="REWRITE_MATCH_PATTERN"):
        read(vector)
