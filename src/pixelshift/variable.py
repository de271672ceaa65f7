"""One environment variable: its name, its meaning, and how its text is read.

Readers raise ValueError with the reason.
"""

import math
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, TypeVar

from pixelshift.value import Field, frozen

_Value = TypeVar("_Value")


@frozen
class Variable:
    """One environment variable: its name, what reads its text, and what it means."""

    name: str
    read: Callable[[str], Any]
    meaning: str


def setting(name: str, read: Callable[[str], _Value], default: _Value, meaning: str) -> _Value:
    """A field that is read from the variable ``name``; its declared type is that of ``default``."""
    declared: Any = Field(default=default, about=Variable(name, read, meaning))
    return declared  # type: ignore[no-any-return]  # an instance holds a value of this type


def text(value: str) -> str:
    """Without the white space around it."""
    return value.strip()


def verbatim(value: str) -> str:
    """As it is."""
    return value


def yes(text: str) -> bool:
    """Upstream's rule: exactly ``Yes``; anything else is off, and no error."""
    return text == "Yes"


def on_off(text: str) -> bool:
    """``on`` or ``off``."""
    if text not in {"on", "off"}:
        raise ValueError("must be on or off")
    return text == "on"


def listed(text: str) -> tuple[str, ...]:
    """A comma list, all white space removed, empty entries skipped."""
    return tuple(name for name in "".join(text.split()).split(",") if name)


def lower_listed(text: str) -> tuple[str, ...]:
    """The same in lower case."""
    return tuple(name.lower() for name in listed(text))


def one_of(*choices: str) -> Callable[[str], str]:
    """One of the words, to the letter."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return text

    return read


def whole(least: int, most: int = 2**63 - 1) -> Callable[[str], int]:
    """A whole number between two bounds, both included."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}")
        return value

    return read


def rate(text: str) -> float:
    """A number from 0."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError("must be a number") from None
    if not (math.isfinite(value) and value >= 0):
        raise ValueError("must be 0 or above, and finite")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = rate(text)
    if value == 0:
        raise ValueError("must be above 0")
    return value


def networks(text: str) -> tuple[str, ...]:
    """A comma list of IP addresses and networks."""
    named = listed(text)
    for network in named:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError("must be addresses or networks, such as 10.0.0.0/8") from None
    return named


def url_prefix(text: str) -> str:
    """A path that every request begins with, without its trailing slash; empty for none."""
    text = text.strip().rstrip("/")
    if text and not text.startswith("/"):
        raise ValueError("must begin with /")
    return text
