"""JavaScript's regular expressions and replacement strings, translated (ECMA-262, 22.2.1 and 22.1.3.19.1).

Covered is what both languages can say; what only one of them can is refused rather than guessed. Classes and case
folding are those of ASCII, since paths arrive percent-encoded.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pixelshift.errors import SettingsError

if TYPE_CHECKING:
    import regex

FLAGS = frozenset("dgimsuy")
_LINE_ENDS = r"\n\r\u2028\u2029"
_QUANTIFIER = r"(?a)(?:[*+?]|\{\d+(?:,\d*)?\})(\??)"
_GROUP = r"(?a)\(\?(?::|<?[=!]|<([A-Za-z_]\w*)>)"
_BACK_REFERENCE = r"(?a)[1-9]\d*"
_CHARACTER_CODE = r"(?a)x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|c([A-Za-z])|(0)(?!\d)"
_CODE_POINT = r"u\{0*([0-9A-Fa-f]{1,6})\}"
_NAMED_REFERENCE = r"(?a)k<(\w+)>"
_SAME_ESCAPES = "dDwWsSnrtvf"
_SET_OPERATORS = "[&~|^"

_Expand: TypeAlias = "Callable[[regex.Match[str]], str]"


def pattern_error(reason: str) -> SettingsError:
    """The error for a rewrite that cannot be used."""
    return SettingsError(f"REWRITE_MATCH_PATTERN: {reason}.")


def translate_pattern(expression: str, flags: str) -> str:
    """Return the expression in the syntax of the regex module; raises :class:`SettingsError`."""
    if not FLAGS.issuperset(flags) or len(set(flags)) != len(flags):
        raise pattern_error(f"the flags may be {', '.join(sorted(FLAGS))}, each once")
    translated = _Translation(expression, flags).run()
    return rf"\G(?:{translated})" if "y" in flags else translated


class _Translation:
    """One pass over an expression, a token at a time."""

    def __init__(self, expression: str, flags: str) -> None:
        self.source = expression
        self.unicode = "u" in flags
        self.multiline = "m" in flags
        self.dot_all = "s" in flags
        self.position = 0
        self.names: set[str] = set()
        self.output: list[str] = []

    def run(self) -> str:
        readers: dict[str, Callable[[], str]] = {"\\": self._escape, "[": self._set, "(": self._open}
        while self.position < len(self.source):
            character = self.source[self.position]
            if quantifier := re.compile(_QUANTIFIER).match(self.source, self.position):
                self.output.append(self._quantifier(quantifier))
            elif reader := readers.get(character):
                self.output.append(reader())
            else:
                self.position += 1
                self.output.append(self._plain(character))
        return "".join(self.output)

    def _plain(self, character: str) -> str:
        if character == "." and not self.dot_all:
            return f"[^{_LINE_ENDS}]"
        if character == "$" and not self.multiline:
            return r"\Z"
        return "\\" + character if character in "{}]" else character

    def _quantifier(self, match: "re.Match[str]") -> str:
        self.position = match.end()
        if self.source[self.position : self.position + 1] in {"+", "*", "?"}:
            raise pattern_error(f"nothing to repeat at {self.position}")
        return match[0]

    def _open(self) -> str:
        if self.source[self.position + 1 : self.position + 2] != "?":
            self.position += 1
            return "("
        match = re.compile(_GROUP).match(self.source, self.position)
        if not match:
            raise pattern_error(f"unknown kind of group at {self.position}")
        self.position = match.end()
        if not match[1]:
            return match[0]
        if match[1] in self.names:
            raise pattern_error(f"two groups are named {match[1]}")
        self.names.add(match[1])
        return f"(?P<{match[1]}>"

    def _escape(self) -> str:
        rest = self.source[self.position + 1 :]
        if reference := re.match(_BACK_REFERENCE, rest):
            self.position += 1 + reference.end()
            return f"(?({reference[0]})\\{reference[0]}|)"  # a group that took no part matches nothing, not never
        if reference := re.match(_NAMED_REFERENCE, rest):
            self.position += 1 + reference.end()
            return f"(?({reference[1]})(?P={reference[1]})|)"
        if rest[:1] in {"b", "B"}:
            self.position += 2
            return "\\" + rest[0]
        return self._character_escape(rest)

    def _character_escape(self, rest: str) -> str:
        """What means the same inside and outside a set: classes, control characters, codes, plain characters."""
        if not rest:
            raise pattern_error("the expression ends in a backslash")
        if match := re.match(_CHARACTER_CODE, rest):
            self.position += 1 + match.end()
            code = int(match[1] or match[2] or "0", 16)
            return f"\\u{ord(match[3]) % 32 if match[3] else code:04x}"
        if self.unicode and (match := re.match(_CODE_POINT, rest)):
            self.position += 1 + match.end()
            return f"\\U{int(match[1], 16):08x}"
        self.position += 2
        if rest[0] in _SAME_ESCAPES:
            return "\\" + rest[0]
        if rest[0].isalnum() and (self.unicode or rest[0].isdigit()):
            raise pattern_error(f"unknown escape \\{rest[0]}")
        return re.escape(rest[0])

    def _set(self) -> str:
        """A character set. ``[]`` matches nothing, ``[^]`` everything; what regex reads as set syntax is escaped."""
        self.position += 1
        negated = self.source.startswith("^", self.position)
        self.position += negated
        members: list[str] = []
        while not self.source.startswith("]", self.position):
            if self.position >= len(self.source):
                raise pattern_error("a character set is not closed")
            members.append(self._member())
        self.position += 1
        if not members:
            return r"[\s\S]" if negated else "(?!)"
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _member(self) -> str:
        character = self.source[self.position]
        if character == "\\":
            rest = self.source[self.position + 1 :]
            if rest[:1] == "b":
                self.position += 2
                return r"\x08"
            return self._character_escape(rest)
        self.position += 1
        return "\\" + character if character in _SET_OPERATORS else character


_TOKEN = r"(?a)\$(?:([$&`'])|(\d\d?)|<([^>]*)>)"


def parse_substitution(text: str, groups: int, names: frozenset[str]) -> _Expand:
    """Return the function that expands a replacement string for a match of a pattern with so many ``groups``."""
    parts: list[Callable[[regex.Match[str]], str]] = []
    position = 0
    for token in re.finditer(_TOKEN, text):
        parts.append(_constant(text[position : token.start()]))
        sign, number, name = token.groups()
        if sign:
            parts.append(_SIGNS[sign])
        elif number:
            parts.append(_numbered(number, groups))
        else:
            parts.append(_named(name, names) if names else _constant(token[0]))
        position = token.end()
    parts.append(_constant(text[position:]))
    return lambda match: "".join(part(match) for part in parts)


_SIGNS: "dict[str, Callable[[regex.Match[str]], str]]" = {
    "$": lambda _: "$",
    "&": lambda match: match[0],
    "`": lambda match: match.string[: match.start()],
    "'": lambda match: match.string[match.end() :],
}


def _constant(text: str) -> _Expand:
    return lambda _: text


def _numbered(digits: str, groups: int) -> _Expand:
    """``$nn``: two digits if there is such a group, else one digit and a plain one, else plain text."""
    for length in (2, 1):
        number = int(digits[:length])
        if 1 <= number <= groups:
            rest = digits[length:]
            return lambda match: (match[number] or "") + rest
    return _constant("$" + digits)


def _named(name: str, names: frozenset[str]) -> _Expand:
    return (lambda match: match[name] or "") if name in names else _constant("")
