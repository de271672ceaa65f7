from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from pixelshift.edits.types import Format, Resize
from pixelshift.request.base import RequestRules
from pixelshift.request.link import ImageLink, build_url
from pixelshift.request.parse import parse_request
from pixelshift.request.signature import verify_signature

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINK = ImageLink(
    key="dir/\u00e9 ?.jpg",
    bucket="two",
    edits={"resize": {"width": 5}},
    output_format="webp",
    effort=0,
    headers={"Cache-Control": "no-store"},
)


def test_a_signed_link_is_accepted_and_read_back() -> None:
    url = urlsplit(build_url(LINK, expires=datetime(2027, 1, 1, tzinfo=UTC), signing_key=b"key"))
    query = parse_qsl(url.query, strict_parsing=True)
    verify_signature(url.path, query, [b"key"])
    request = parse_request(url.path, query, RequestRules(buckets=("one", "two")), NOW)
    assert (request.bucket, request.key, request.edits) == ("two", LINK.key, (Resize(width=5),))
    assert (request.output_format, request.webp_effort) == (Format.WEBP, 0)
    assert request.headers == {"cache-control": "no-store"}
    assert request.expires == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_plain_link_has_no_query_and_nothing_superfluous() -> None:
    assert build_url(ImageLink("a.jpg")) == "/eyJrZXkiOiJhLmpwZyJ9"
