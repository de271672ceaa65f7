"""Signatures agree with botocore's, byte for byte."""

from datetime import UTC, datetime

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelshift.net.sigv4 import Credentials, Scope, Signable, encode_key, sign

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def botocore_authorization(path: str, credentials: Credentials, scope: Scope, headers: dict[str, str]) -> str:
    signer = botocore.auth.S3SigV4Auth if scope.service == "s3" else botocore.auth.SigV4Auth
    keys = botocore.credentials.Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    request = botocore.awsrequest.AWSRequest("GET", f"https://host.example{path}", headers=headers)
    request.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
    auth = signer(keys, scope.service, scope.region)
    if credentials.session_token:
        request.headers["X-Amz-Security-Token"] = credentials.session_token
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if scope.service == "s3":
        request.headers["X-Amz-Content-SHA256"] = auth.payload(request)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    names = auth.signed_headers(auth.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={names}, Signature={signature}"


@settings(max_examples=60, deadline=None)
@given(key=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
@pytest.mark.parametrize("token", [None, "token/with+signs=="])
def test_any_s3_key_is_signed_as_botocore_signs_it(token: str | None, key: str) -> None:
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    scope = Scope("eu-central-1", "s3")
    path = "/" + encode_key(key)
    headers = {"If-None-Match": '"abc   def"'}
    ours = sign(Signable("GET", "host.example", path, headers), credentials, scope, NOW)["Authorization"]
    assert ours == botocore_authorization(path, credentials, scope, headers)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a b+c%20d.jpg", "a%20b%2Bc%2520d.jpg"),
        ("/lead//two/../dots/", "/lead//two/../dots/"),
        ("ä", "%C3%A4"),
        ("-._~()!*'", "-._~%28%29%21%2A%27"),
    ],
)
def test_keys_are_encoded_once_and_never_normalised(key: str, path: str) -> None:
    assert encode_key(key) == path


def test_a_printed_credential_keeps_its_secrets() -> None:
    assert "hidden" not in repr(Credentials("AKID", "hidden", "hidden"))
