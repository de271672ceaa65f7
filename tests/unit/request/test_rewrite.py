"""Rewrites against the answers of Node.js, which are in a table and asked again."""

import json
import subprocess
from datetime import UTC, datetime

import pytest

from pixelshift.errors import PixelshiftError, SettingsError
from pixelshift.request.base import RequestKind, RequestRules
from pixelshift.request.parse import parse_request
from pixelshift.request.rewrite import compile_rewrite
from tests.support.node import NODE

# literal, substitution, path, result
TABLE = [
    (r"/thumb/", "x", "/thumb/thumb", "/x/thumb"),
    (r"/thumb/g", "x", "/thumb/thumb", "/x/x"),
    (r"/^\/w(\d+)\//", "/$1x0/", "/w200/a.jpg", "/200x0/a.jpg"),
    (r"/(filters-)/gm", "filters:", "/filters-a/filters-b", "/filters:a/filters:b"),
    (r"/a\/b/", "c", "/a/b/c", "/c/c"),
    (r"/(?<w>\d+)-(?<h>\d+)/", "$<h>x$<w>$<none>|", "/20-30/a", "/30x20|/a"),
    (r"/(\d+)/", "$<w>", "/20", "/$<w>"),
    (r"/b/", "[$&$$$`$']", "abc", "a[b$ac]c"),
    (r"/(a)(b)?/", "<$1$2$3$0$01$10$11>", "ab ac", "<ab$3$0aa0a1> ac"),
    (r"/(a)(b)?/g", "<$2>", "ab ac", "<b> <>c"),
    (r"/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)/", "$11$1$12$011", "abcdefghijk", "kaa2a1"),
    (r"/ABC/i", "x", "/abc", "/x"),
    (r"/^b/m", "x", "a\nb", "a\nx"),
    (r"/^b/", "x", "a\nb", "a\nb"),
    (r"/a$/", "x", "a\n", "a\n"),
    (r"/a.b/", "x", "a\nb a b", "a\nb x"),
    (r"/a.b/s", "x", "a\nb", "x"),
    (r"/a/y", "x", "ba", "ba"),
    (r"/a/y", "x", "aab", "xab"),
    (r"/a/gy", "x", "aaba", "xxba"),
    (r"/x*/g", "-", "abc", "-a-b-c-"),
    (r"/a*/g", "-", "baac", "-b--c-"),
    (r"/(a|b)\1/", "<$1>", "ab bb", "ab <b>"),
    (r"/(x)?\1a/", "<>", "a", "<>"),
    (r"/(?<q>['\"]).*?\k<q>/", "_", "a'b\"c'd", "a_d"),
    (r"/[\w-.]+/", "x", "/a-b.c/d", "/x/d"),
    (r"/[^]/", "x", "\na", "xa"),
    (r"/[]/", "x", "[]", "[]"),
    (r"/[[&&]+/g", "x", "a[&]", "ax]"),
    (r"/[~||^]/g", "x", "a~|^", "axxx"),
    (r"/[a\]b]+/", "x", "ca]b", "cx"),
    (r"/[\b]/", "x", "a\bb", "axb"),
    (r"/\bfoo\b/", "x", "a foo", "a x"),
    (r"/a{2}/", "x", "aaa", "xa"),
    (r"/a{,2}/", "x", "a{,2}", "x"),
    (r"/{e}/", "x", "{e}", "x"),
    (r"/a]}/", "x", "a]}", "x"),
    (r"/\x41\u0042\cJ\0?/", "x", "AB\n", "x"),
    (r"/\e\-\//", "x", "e-/", "x"),
    (r"/\u{41}/u", "x", "A", "x"),
    (r"/(?=b)/", "x", "ab", "axb"),
    (r"/(?<!a)b/", "x", "abb", "abx"),
    (r"/(?:ab)+?/", "x", "abab", "xab"),
    (r"/\d/", "x", "\u0661" + "1", "\u0661" + "x"),
    (r"/a|/g", "x", "ba", "xbxx"),
    (r"/#\s/", "x", "# ", "x"),
]


@pytest.mark.parametrize(("literal", "substitution", "path", "result"), TABLE)
def test_a_rewrite_does_what_javascript_does(literal: str, substitution: str, path: str, result: str) -> None:
    rewrite = compile_rewrite(literal, substitution)
    assert rewrite is not None
    assert rewrite.apply(path) == result


def test_the_table_is_what_javascript_does() -> None:
    script = (
        "const t = JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(t.map(([l, s, p]) => {"
        "const e = l.lastIndexOf('/'); return p.replace(new RegExp(l.slice(1, e), l.slice(e + 1)), s); })))"
    )
    node = subprocess.run([NODE, "-e", script], input=json.dumps(TABLE), capture_output=True, text=True, check=True)
    assert json.loads(node.stdout) == [row[3] for row in TABLE]


@pytest.mark.parametrize(
    "literal",
    [
        "/(/g", "/[a/", "/a++/", "/a**/", "/a{2}+/", "/*a/", "/(?P<n>a)/", "/(?i)a/", "/(?>a)/", "/(?#c)/", "/\\/",
        "/a/gg", "/a/x", "/a/v", "thumb", "thumb/x", "/", "/\\2(a)/", "/(?<a>x)(?<a>y)/", "/\\k<n>/", "/[b-a]/", "/)/",
        "/\\e/u",
    ],
)  # fmt: skip
def test_what_does_not_compile_is_refused_at_start_up(literal: str) -> None:
    with pytest.raises(SettingsError, match="REWRITE_MATCH_PATTERN"):
        compile_rewrite(literal, "x")


@pytest.mark.parametrize(("literal", "substitution"), [("", "x"), ("/a/", ""), ("", "")])
def test_half_a_rewrite_is_none(literal: str, substitution: str) -> None:
    assert compile_rewrite(literal, substitution) is None


def test_a_pattern_that_explodes_is_stopped() -> None:
    rewrite = compile_rewrite(r"/^\/(a|a)*(a|aa)*(a*)*$/", "x")
    assert rewrite is not None
    with pytest.raises(PixelshiftError, match="too long to rewrite") as caught:
        rewrite.apply("/" + "a" * 2000 + "!")
    assert caught.value.status == 400


def test_a_result_that_explodes_is_stopped() -> None:
    rewrite = compile_rewrite("/a/g", "$`$`$`")
    assert rewrite is not None
    with pytest.raises(PixelshiftError, match="would be too long"):
        rewrite.apply("a" * 5000)


RULES = RequestRules(buckets=("one", "two"), rewrite=compile_rewrite(r"/^\/(?:B(2)\/)?w(\d+)\//", "/s3:two/$2x0/"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "key", "bucket", "width"),
    [
        ("/B2/w20/a.jpg", "a.jpg", "two", 20),
        ("/a.bmp", "a.bmp", "one", None),
        ("/s3:two/a.jpg", "a.jpg", "two", None),
        ("/x/s3:one/w9/a.jpg", "x/w9/a.jpg", "one", None),
    ],
)
def test_a_rewritten_path_is_read_as_a_path_of_any_ending(path: str, key: str, bucket: str, width: int | None) -> None:
    request = parse_request(path, [], RULES, NOW)
    assert (request.kind, request.key, request.bucket) == (RequestKind.CUSTOM, key, bucket)
    assert [getattr(edit, "width", None) for edit in request.edits] == ([width] if width else [])


def test_a_tag_counts_that_the_rewrite_takes_away() -> None:
    rules = RequestRules(buckets=("one", "two"), rewrite=compile_rewrite(r"/s3:\w+\//", "$`"))
    request = parse_request("/s3:two/a.jpg", [], rules, NOW)
    assert (request.bucket, request.key) == ("two", "a.jpg")


def test_a_base64_body_is_not_rewritten() -> None:
    assert parse_request("/eyJrZXkiOiJhLmpwZyJ9", [], RULES, NOW).kind is RequestKind.DEFAULT
