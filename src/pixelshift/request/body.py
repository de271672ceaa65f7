"""The base64 JSON grammar (contract, 1.2, 1.3, 2)."""

import json
import math
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import unquote

from pixelshift.edits.argument import is_encodable, to_number
from pixelshift.edits.encode import FORMAT_NAMES, UNSUPPORTED_FORMAT
from pixelshift.edits.types import Format
from pixelshift.errors import InvalidRequestError, NotFoundError
from pixelshift.limits import Limits

CANNOT_DECODE = "DecodeRequest::CannotDecodeRequest"
_DEFAULT_EFFORT = 4
_LARGEST_EFFORT = 6

_ALPHABETS = r"[0-9A-Za-z+/_-]+={0,2}"
_SIH_SHAPE = r"(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?"
_STRINGS = r'(?s)"(?:[^"\\]|\\.)*"?'
_NO_JSON: Any = object()


def find_body(path: str, limits: Limits) -> Mapping[str, object] | None:
    """The body that the path carries, or ``None`` when it is of another grammar.

    Beyond upstream's shape this takes missing padding, the URL-safe alphabet and percent-escapes, as long as a JSON
    object comes out. Raises :class:`InvalidRequestError` for a well-formed body that is no object,
    or is nested too deeply.
    """
    sent = path.removeprefix("/")
    text = unquote(sent) if "%" in sent else sent
    if not re.fullmatch(_ALPHABETS, text) or (text.endswith("/") and len(text) % 4 == 1):  # a slash too many: a folder
        return None
    value = _load(text, limits)
    if isinstance(value, Mapping):
        return value
    if value is not _NO_JSON and text == sent and re.fullmatch(_SIH_SHAPE, sent):
        raise InvalidRequestError("The body must be a JSON object with a key.", code=CANNOT_DECODE)
    return None


def _load(text: str, limits: Limits) -> Any:
    digits = text.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        decoded = b64decode(digits + "=" * (-len(digits) % 4)).decode(errors="replace")
    except ValueError:  # six bits too many, or an equals sign before a trailing slash
        return _NO_JSON
    if _nesting(decoded) > limits.json_depth:
        raise InvalidRequestError(f"The body is nested deeper than {limits.json_depth} levels.", code=CANNOT_DECODE)
    try:
        # Every number is a double, as in JavaScript; float() also reads huge integers in linear time.
        return json.loads(decoded, parse_int=float, parse_constant=_refuse_constant)
    except ValueError:
        return _NO_JSON


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in re.sub(_STRINGS, "", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def read_key(body: Mapping[str, object]) -> str:
    """The object's key, as given: no percent-decoding, no trimming."""
    key = body.get("key")
    if not isinstance(key, str) or not is_encodable(key):
        raise InvalidRequestError("The body must be a JSON object with a key, which is text.", code=CANNOT_DECODE)
    if not key:
        raise NotFoundError("There is no image under an empty key.")
    return key


def read_edits(body: Mapping[str, object]) -> dict[str, object]:
    """The edit map; absent, ``null``, false, 0, empty text, list or object mean none."""
    edits = body.get("edits")
    if not edits:
        return {}
    if not isinstance(edits, Mapping):
        raise InvalidRequestError("edits: expected an object of operations.")
    return dict(edits)


def read_output_format(body: Mapping[str, object]) -> Format | None:
    """``outputFormat``: an exact name; falsy values are passed over."""
    name = body.get("outputFormat")
    if not name:
        return None
    if isinstance(name, str) and name in FORMAT_NAMES:
        return FORMAT_NAMES[name]
    raise InvalidRequestError("outputFormat: expected one of " + ", ".join(FORMAT_NAMES) + ".", code=UNSUPPORTED_FORMAT)


def read_effort(body: Mapping[str, object]) -> int | None:
    """``effort``: cut to a whole number; 4 for what is not 0-6; ``None`` when absent."""
    if "effort" not in body:
        return None
    number = to_number(body["effort"])
    if not math.isfinite(number) or not 0 <= math.trunc(number) <= _LARGEST_EFFORT:
        return _DEFAULT_EFFORT
    return math.trunc(number)
