"""Response headers that a base64 body asks for (contract, 2)."""

import re
from collections.abc import Mapping

from pixelshift.errors import InvalidRequestError

_DENIED = frozenset({
    "authorization", "connection", "server", "transfer-encoding", "referrer-policy", "permissions-policy",
    "www-authenticate", "proxy-authenticate", "x-api-key", "set-cookie",
})  # fmt: skip
_DENIED_PREFIXES = (
    "x-frame-", "x-content-", "x-xss-", "strict-transport-", "permissions-", "x-amz-", "x-amzn-", "access-control-",
    "cross-origin-", "content-",
)  # fmt: skip
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"  # a token of RFC 9110, 5.6.2
_VALUE = r"[\t\x20-\x7e\x80-\xff]*"  # RFC 9110, 5.5: no control characters, so no new header lines


def select_headers(headers: object, allowed: frozenset[str] | None) -> dict[str, str]:
    """Return the headers that may be sent, names in lower case, later spellings of a name replacing earlier ones.

    ``allowed`` narrows the names further; denied names are dropped in silence, as upstream does. Raises
    :class:`InvalidRequestError` when ``headers`` is no object, or has a name or value that no response can carry.
    """
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise InvalidRequestError("headers: expected an object of names and values.")
    selected: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if is_denied(lower) or (allowed is not None and lower not in allowed):
            continue
        if not re.fullmatch(_NAME, name):
            raise InvalidRequestError("headers: a name has characters that no header may have.")
        selected[lower] = _text(lower, value)
    return selected


def is_denied(name: str) -> bool:
    """Whether no client may set this header; ``name`` in lower case."""
    return name in _DENIED or name.startswith(_DENIED_PREFIXES)


def _text(name: str, value: object) -> str:
    """The value as JavaScript would print it."""
    if value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        text = str(int(value))
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        raise InvalidRequestError(f"headers.{name}: expected text, a number or a boolean.")
    if not re.fullmatch(_VALUE, text):
        raise InvalidRequestError(f"headers.{name}: line breaks and characters outside Latin-1 cannot be sent.")
    return text.strip()
