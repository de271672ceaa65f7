"""URL signatures: HMAC-SHA256 over the path and the sorted query (contract, 8.1)."""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256

from pixelshift.errors import ForbiddenError, InvalidRequestError

PARAMETER = "signature"


def sign(path: str, query: Iterable[tuple[str, str]], key: bytes) -> str:
    """Return the signature, 64 lower-case hexadecimal digits.

    ``path`` is as sent (leading slash, percent-escapes kept), ``query`` holds decoded names and values; ``signature``
    itself is left out, and of a repeated name the last value counts.
    """
    return _digest(_base_text(path, dict(query)), key)


def verify_signature(
    path: str, query: Iterable[tuple[str, str]], keys: Sequence[bytes], *, accept_v6: bool = False
) -> None:
    """Check the ``signature`` parameter against every key, in constant time for each.

    With ``accept_v6``, a signature over the path alone also counts on a request with a query. Raises
    :class:`InvalidRequestError` (400) when there is no signature and :class:`ForbiddenError` (403) when it is wrong.
    """
    parameters = dict(query)
    given = parameters.get(PARAMETER, "")
    if not given:
        raise InvalidRequestError(
            "This service takes signed URLs only. Add the query parameter signature.",
            code="AuthorizationQueryParametersError",
        )
    texts = {_base_text(path, parameters)} | ({path} if accept_v6 else set())
    candidate = given.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(_digest(text, key).encode(), candidate) for text in texts for key in keys]
    if not any(matches):
        raise ForbiddenError(
            "The signature does not fit this URL. Sign the path and the sorted query as they are sent.",
            code="SignatureDoesNotMatch",
        )


def _base_text(path: str, parameters: dict[str, str]) -> str:
    pairs = [pair for pair in parameters.items() if pair[0] != PARAMETER]
    if not pairs:
        return path
    # SIH sorts JavaScript arrays, that is by the text "name,value" in UTF-16 code units.
    pairs.sort(key=lambda pair: ",".join(pair).encode("utf-16-be", "surrogatepass"))
    return path + "?" + "&".join(f"{name}={value}" for name, value in pairs)


def _digest(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), sha256).hexdigest()
