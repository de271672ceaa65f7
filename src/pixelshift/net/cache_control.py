"""Cache-Control as a shared cache reads it (RFC 9111, 4.2.1 and 5.2.2)."""

import re
from collections.abc import Iterator

_DIRECTIVE = r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^",\s]*))?\s*(?:,|$)'
_DECIMAL = r"\d{1,19}"
_FOREVER_S = 2**31


def directives(cache_control: str) -> dict[str, str | None]:
    """The directives of a Cache-Control value by lower-case name; the first of a repeated one counts.

    What cannot be read ends the list: the rest is not guessed at.
    """
    found: dict[str, str | None] = {}
    for name, value in _directives(cache_control):
        found.setdefault(name, value)
    return found


def _directives(text: str) -> Iterator[tuple[str, str | None]]:
    position = 0
    while position < len(text):
        if text[position] in ", \t":
            position += 1
            continue
        match = re.compile(_DIRECTIVE).match(text, position)
        if match is None:
            return
        value = match[2]
        yield match[1].lower(), value.strip('"') if value is not None else None
        position = match.end()


def seconds(value: str | None) -> int | None:
    """Delta-seconds, capped (RFC 9111, 1.2.2); anything that is not a plain whole number is ``None``."""
    if value is None or re.fullmatch(_DECIMAL, value) is None:
        return None
    return min(int(value), _FOREVER_S)


def lifetime_s(cache_control: str, left_s: float | None) -> int | None:
    """Seconds for which a shared cache may serve an answer unasked; ``None`` forbids storing it.

    ``s-maxage`` beats ``max-age`` beats Expires, by which ``left_s`` are left; a value that cannot be read counts as
    stale already; without any of them there is no freshness, we do not guess.
    """
    rules = directives(cache_control)
    if "no-store" in rules or "private" in rules:
        return None
    if "no-cache" in rules:
        return 0
    for name in ("s-maxage", "max-age"):
        if name in rules:
            return seconds(rules[name]) or 0
    return 0 if left_s is None else max(0, min(_FOREVER_S, int(left_s)))
