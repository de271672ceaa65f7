"""The query-string grammar, which adds edits to the other two (contract, 1.9)."""

from collections.abc import Mapping

from pixelshift.edits.argument import leading_integer
from pixelshift.errors import InvalidRequestError

_RESIZE = ("width", "height", "fit")


def read_query_edits(parameters: Mapping[str, str]) -> dict[str, object]:
    """The edit map of the decoded parameters, in their order; unknown names are passed over.

    Raises :class:`InvalidRequestError` for a size or angle that does not begin with a whole number.
    """
    edits: dict[str, object] = {}
    for name, text in parameters.items():
        if name in _RESIZE:
            resize = edits.setdefault("resize", {})
            assert isinstance(resize, dict)
            resize[name] = text if name == "fit" else _side(name, text)
        elif name == "format":
            edits["toFormat"] = text
        elif name == "rotate":
            edits["rotate"] = None if text == "" else _integer(name, text, InvalidRequestError.code)
        elif name in {"flip", "flop"}:
            edits[name] = _is_on(text)
        elif name in {"grayscale", "greyscale"}:
            edits["greyscale"] = _is_on(text)
    return edits


def _side(name: str, text: str) -> int | None:
    return None if text in {"", "0"} else _integer(name, text, "InvalidResizeException")


def _integer(name: str, text: str, code: str) -> int:
    number = leading_integer(text)
    if number is None:
        raise InvalidRequestError(f"{name}: expected a whole number.", code=code)
    return number


def _is_on(text: str) -> bool:
    return text.lower() not in {"0", "false", ""}
