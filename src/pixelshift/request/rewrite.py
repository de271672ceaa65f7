"""Custom rewrites, which operators write in JavaScript's terms (contract, 1.7)."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pixelshift.errors import InvalidRequestError
from pixelshift.value import frozen

if TYPE_CHECKING:
    import regex

_LITERAL = r"/(.*)/([a-z]*)"
_TIME_LIMIT_S = 0.25
_LONGEST_RESULT = 32_768


@frozen
class Rewrite:
    """A compiled pattern and its replacement; :meth:`apply` is bounded in time and in the length of its result."""

    pattern: "regex.Pattern[str]"
    expand: "Callable[[regex.Match[str]], str]"
    everywhere: bool
    """The flag ``g``: replace every match rather than the first."""

    def apply(self, path: str) -> str:
        """Return the rewritten path; raises :class:`InvalidRequestError` when the path makes the pattern explode."""
        length = len(path)

        def replace(match: "regex.Match[str]") -> str:
            nonlocal length
            text = self.expand(match)
            length += len(text)
            if length > _LONGEST_RESULT:
                raise InvalidRequestError("The rewritten path would be too long.")
            return text

        try:
            return self.pattern.sub(replace, path, count=0 if self.everywhere else 1, timeout=_TIME_LIMIT_S)
        except TimeoutError:
            raise InvalidRequestError("The path takes too long to rewrite.") from None


def compile_rewrite(pattern: str, substitution: str) -> Rewrite | None:
    """Compile a pattern literal (``/expression/flags``) and a replacement string; ``None`` when either is empty.

    Raises :class:`SettingsError` for what JavaScript would not compile, or we cannot.
    """
    if not pattern or not substitution:
        return None
    # Unlike re, regex can be stopped; it and what reads JavaScript are imported only where a rewrite is configured.
    import regex

    from pixelshift.request.javascript import parse_substitution, pattern_error, translate_pattern

    literal = re.fullmatch(_LITERAL, pattern, re.DOTALL)
    if not literal:
        raise pattern_error("the pattern must be written as /expression/flags")
    expression, flags = literal.groups()
    try:
        compiled = regex.compile(translate_pattern(expression, flags), _options(flags))
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise pattern_error(f"the expression does not compile: {error}") from None
    expand = parse_substitution(substitution, compiled.groups, frozenset(compiled.groupindex))
    return Rewrite(compiled, expand, "g" in flags)


def _options(flags: str) -> int:
    import regex

    options = regex.VERSION0 | regex.ASCII
    for flag, option in (("i", regex.IGNORECASE), ("m", regex.MULTILINE), ("s", regex.DOTALL)):
        if flag in flags:
            options |= option
    return int(options)
