"""Signed URLs, against botocore's own."""

from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from pixelshift.net.sigv4 import Credentials, Scope, Signable, encode_key, presign

NOW = datetime(2026, 11, 27, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("token", [None, "a/token+with=signs&and more"])
@pytest.mark.parametrize("key", ["oversize/abc", "ä b%/c+d=e?f&g.png", "//double//"])
@pytest.mark.parametrize("life_s", [60, 900, 43_200])
def test_a_signed_url_is_the_one_that_botocore_makes(token: str | None, key: str, life_s: int) -> None:
    path = "/" + encode_key(key)
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    request = Signable("GET", "b.s3.eu-west-1.amazonaws.com", path, {})
    ours = presign(request, credentials, Scope("eu-west-1", "s3"), NOW, life_s=life_s)

    theirs = botocore.awsrequest.AWSRequest("GET", f"https://b.s3.eu-west-1.amazonaws.com{path}")
    known = botocore.credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    with patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        botocore.auth.S3SigV4QueryAuth(known, "s3", "eu-west-1", expires=life_s).add_auth(theirs)
    assert _fields(ours) == _fields(theirs.url.partition("?")[2])


def _fields(query: str) -> dict[str, str]:
    return dict(field.partition("=")[::2] for field in query.split("&"))
