"""One JSON value of an edit, and the questions that parsers ask of it."""

import math
import re
from collections.abc import Mapping
from typing import TypeVar

from pixelshift.edits.colour import parse_colour
from pixelshift.edits.types import Colour
from pixelshift.errors import InvalidRequestError
from pixelshift.limits import Limits

T = TypeVar("T")

INVALID_PARAMETER = InvalidRequestError.code
PROCESSING_FAILURE = "ProcessingFailure"
"""Upstream's code for what its engine refuses, always with status 500; kept only where a vector asks for it."""
LARGEST_SIZE = 2**31 - 1
"""Coordinates and sides beyond this are refused before anything is computed with them."""
LARGEST_NUMBER = 1e9

_NUMBER = r"(?ai)[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_LEADING_INTEGER = r"(?a)\s*([+-]?\d{1,15})"
_SHOWN_CHARACTERS = 40


class Argument:
    """A value at ``name`` (dotted), read by type and range; a refusal carries ``code`` and says what is accepted.

    ``None`` (JSON ``null`` or absent) yields the ``default`` where one is given.
    """

    __slots__ = ("code", "limits", "name", "value")

    def __init__(self, name: str, value: object, limits: Limits, code: str = INVALID_PARAMETER) -> None:
        self.name = name
        self.value = value
        self.limits = limits
        self.code = code

    def refuse(self, expected: str) -> InvalidRequestError:
        """The error to raise when the value is not what is ``expected``."""
        status = 500 if self.code == PROCESSING_FAILURE else None
        message = f"{self.name}: expected {expected}, got {_show(self.value)}."
        return InvalidRequestError(message, code=self.code, status=status)

    def with_code(self, code: str) -> "Argument":
        return Argument(self.name, self.value, self.limits, code)

    def members(self, expected: str = "an object") -> Mapping[str, object]:
        """The value as a JSON object."""
        if not isinstance(self.value, Mapping):
            raise self.refuse(expected)
        return self.value

    def member(self, key: str) -> "Argument":
        """The value under ``key`` of an object; ``None`` when it is absent."""
        return Argument(f"{self.name}.{key}", self.members().get(key), self.limits, self.code)

    def items(self, expected: str) -> "list[Argument]":
        """The elements of a list."""
        if not isinstance(self.value, list | tuple):
            raise self.refuse(expected)
        return [
            Argument(f"{self.name}[{index}]", item, self.limits, self.code) for index, item in enumerate(self.value)
        ]

    def number(self, low: float, high: float, default: float | None = None) -> float:
        """A finite number from ``low`` to ``high``, both included."""
        value = self.value
        if value is None and default is not None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise self.refuse(f"a number from {low:g} to {high:g}")

    def integer(self, low: int, high: int, default: int | None = None) -> int:
        """A whole number; ``10.0`` is one, as in JSON it cannot be told from ``10``."""
        value = self.value
        if value is None and default is not None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            whole = int(value)
            if whole == value:
                return whole
        raise self.refuse(f"a whole number from {low} to {high}")

    def boolean(self, default: bool | None = None) -> bool:
        """``true`` or ``false``."""
        if self.value is None and default is not None:
            return default
        if isinstance(self.value, bool):
            return self.value
        raise self.refuse("true or false")

    def text(self, expected: str = "text") -> str:
        """Text that can be written as UTF-8."""
        if not isinstance(self.value, str) or not is_encodable(self.value):
            raise self.refuse(expected)
        return self.value

    def choice(self, table: Mapping[str, T], default: T | None = None) -> T:
        """What the table holds under the text."""
        if self.value is None and default is not None:
            return default
        if isinstance(self.value, str) and self.value in table:
            return table[self.value]
        raise self.refuse("one of " + ", ".join(table))

    def colour(self, default: Colour | None = None) -> Colour:
        """A colour in any of the notations of :func:`pixelshift.edits.colour.parse_colour`."""
        if self.value is None and default is not None:
            return default
        colour = parse_colour(self.value)
        if colour is None:
            raise self.refuse("a CSS colour name, #rrggbb, rgb(), hsl() or {r, g, b, alpha}")
        return colour


def to_number(value: object) -> float:
    """What JavaScript's ``Number()`` makes of a JSON value; NaN for what is no number."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return 0.0
        return float(text) if re.fullmatch(_NUMBER, text) else math.nan
    if value is None or isinstance(value, bool):
        return float(value or 0)
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e300 else math.inf if value > 0 else -math.inf
    return math.nan


def leading_integer(text: str) -> int | None:
    """What JavaScript's ``parseInt()`` makes of a decimal text (at most 15 digits are read); ``None`` for NaN."""
    match = re.match(_LEADING_INTEGER, text)
    return int(match[1]) if match else None


def round_half_up(number: float) -> int:
    """JavaScript's ``Math.round``."""
    return math.floor(number + 0.5)


def is_encodable(text: str) -> bool:
    """Whether the text has no lone surrogates, which no storage service takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _show(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) > LARGEST_SIZE:
        return "a number beyond any size"
    return ascii(value)[:_SHOWN_CHARACTERS]
