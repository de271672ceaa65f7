"""Making URLs: the inverse of the base64 grammar, signed where a key is given."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pixelshift.request.expiry import format_expires
from pixelshift.request.signature import PARAMETER, sign
from pixelshift.value import field, frozen


@frozen
class ImageLink:
    """What a link asks for; the members are those of the base64 body."""

    key: str
    bucket: str | None = None
    edits: Mapping[str, object] = field(default_factory=dict)
    output_format: str | None = None
    effort: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def build_url(link: ImageLink, *, expires: datetime | None = None, signing_key: bytes | None = None) -> str:
    """Return path and query of the link. Standard base64, so that every SIH understands it."""
    body: dict[str, Any] = {
        "bucket": link.bucket, "key": link.key, "edits": link.edits, "outputFormat": link.output_format,
        "effort": link.effort, "headers": link.headers,
    }  # fmt: skip
    kept = {name: value for name, value in body.items() if value is not None and value != {}}
    path = "/" + b64encode(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()).decode()
    query = [("expires", format_expires(expires))] if expires else []
    if signing_key is not None:
        query.append((PARAMETER, sign(path, query, signing_key)))
    return path + ("?" + urlencode(query) if query else "")
