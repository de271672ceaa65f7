import hashlib
import hmac

import pytest

from pixelshift.errors import PixelshiftError
from pixelshift.request.signature import sign, verify_signature

KEY = b"secret"


def hexdigest(text: str, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def refusal(path: str, query: list[tuple[str, str]], *keys: bytes, accept_v6: bool = False) -> tuple[int, str]:
    with pytest.raises(PixelshiftError) as caught:
        verify_signature(path, query, keys, accept_v6=accept_v6)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ([], "/a%20b.jpg"),
        ([("signature", "x")], "/a%20b.jpg"),
        ([("width", "100")], "/a%20b.jpg?width=100"),
        ([("width", "100"), ("flip", "1")], "/a%20b.jpg?flip=1&width=100"),
        ([("foo", "b r&=%")], "/a%20b.jpg?foo=b r&=%"),
        ([("a", "1"), ("signature", "x"), ("a", "2")], "/a%20b.jpg?a=2"),
        ([("a", ""), ("B", "")], "/a%20b.jpg?B=&a="),
        # "a,9" sorts before "a!,1" by name alone, but "!" comes before ","
        ([("a", "9"), ("a!", "1")], "/a%20b.jpg?a!=1&a=9"),
        # UTF-16 code units put a surrogate pair (U+1F600) before U+FF01
        ([("\uff01", "1"), ("\U0001f600", "2")], "/a%20b.jpg?\U0001f600=2&\uff01=1"),
    ],
)
def test_the_text_that_is_signed_is_the_path_and_the_sorted_decoded_query(
    query: list[tuple[str, str]], text: str
) -> None:
    assert sign("/a%20b.jpg", query, KEY) == hexdigest(text)


def test_a_published_test_value_of_hmac_sha256_comes_out() -> None:
    # RFC 4231, test case 2
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign("what do ya want for nothing?", [], b"Jefe") == expected


def test_any_of_several_keys_will_do() -> None:
    query = [("signature", hexdigest("/a", b"old"))]
    verify_signature("/a", query, [b"new", b"old"])
    assert refusal("/a", query, b"new") == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("query", [[], [("signature", "")], [("Signature", "x")]])
def test_a_missing_signature_is_told_apart(query: list[tuple[str, str]]) -> None:
    assert refusal("/a", query, KEY) == (400, "AuthorizationQueryParametersError")


@pytest.mark.parametrize(
    "signature", ["00", hexdigest("/a").upper(), hexdigest("/a") + "0", hexdigest("/a")[:-1], "\u00e9", "\ud800"]
)
def test_a_wrong_signature_is_forbidden(signature: str) -> None:
    assert refusal("/a", [("signature", signature)], KEY) == (403, "SignatureDoesNotMatch")


def test_without_keys_nothing_is_right() -> None:
    assert refusal("/a", [("signature", hexdigest("/a"))]) == (403, "SignatureDoesNotMatch")


def test_a_signature_of_version_6_counts_only_where_it_is_accepted() -> None:
    query = [("width", "100"), ("signature", hexdigest("/a"))]
    assert refusal("/a", query, KEY) == (403, "SignatureDoesNotMatch")
    verify_signature("/a", query, [KEY], accept_v6=True)
    verify_signature("/a", [("width", "100"), ("signature", hexdigest("/a?width=100"))], [KEY], accept_v6=True)
    assert refusal("/b", query, KEY, accept_v6=True) == (403, "SignatureDoesNotMatch")
