"""Rows of numbers out of CSV, NDJSON and plain lines: each is an observation or a complaint with its row number."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from math import isnan
from typing import Any, NamedTuple

from pixelshift.errors import InvalidRequestError
from pixelshift.value import frozen

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
"""Cells that say "no value here"; the detector counts them and goes on."""

NAN = float("nan")
TOO_LONG = "the line is too long (raise the line limit if it is meant)"


class Row(NamedTuple):
    """One observation; ``value`` is NaN where it is missing."""

    number: int
    """1-based, of the line in the file (of the row in Parquet), headers counted."""
    value: float
    time: str | None = None
    key: str = ""


class BadRow(NamedTuple):
    """A row that cannot be used, and why."""

    number: int
    reason: str


@frozen
class Columns:
    """What to take from each row: names, or 1-based numbers of CSV columns."""

    value: str | None = None
    time: str | None = None
    key: str | None = None


Parse = Callable[[str], "tuple[float, str | None, str]"]
"""Text of a line to value, time, key; raises ``ValueError`` with a reason fit to be shown."""


def parse_number(text: str) -> float:
    """A decimal number or a word for "missing" (then NaN).

    :raises ValueError: neither, with a message that quotes the beginning of the text.
    """
    try:
        if "_" not in text:  # Python reads 1_000; no data format does
            return float(text)
    except ValueError:
        if text.strip().lower() in MISSING:
            return NAN
    raise ValueError(f"{_quote(text)} is not a number")


@frozen
class Layout:
    """How the lines of one input are to be read; learnt from its first lines."""

    kind: str
    """``csv``, ``ndjson`` or ``lines``."""
    header: tuple[str, ...] = ()
    delimiter: str = ","
    places: tuple[int, int | None, int | None] = (0, None, None)
    """CSV: where value, time and key stand."""


class RowReader:
    """Iterates over the rows of text lines, never a line ahead.

    ``kind`` is ``csv``, ``ndjson``, ``lines`` or ``auto``: told by the first line. With a ``layout`` and the
    ``number`` of lines read before, it goes on in the middle of a file.

    :raises InvalidRequestError: while iterating: a column that is not there, or a choice of columns that is not clear.
    """

    def __init__(
        self,
        lines: Iterable[bytes | None],
        columns: Columns,
        kind: str = "auto",
        *,
        layout: Layout | None = None,
        number: int = 0,
    ) -> None:
        self.layout = layout
        self._lines = enumerate(lines, number + 1)
        self._columns = columns
        self._kind = kind

    def __iter__(self) -> Iterator[Row | BadRow]:
        held: list[tuple[int, bytes | None]] = []
        if self.layout is None:
            for number, line in self._lines:
                if line is None:
                    yield BadRow(number, TOO_LONG)
                elif self._learn(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")):
                    held = [(number, line.removeprefix(b"\xef\xbb\xbf"))]
                    break
        if self.layout is not None:
            yield from _parse_all(chain(held, self._lines), self._parser(self.layout))

    def _parser(self, layout: Layout) -> Parse:
        if layout.kind == "csv":
            return _csv_parser(layout)
        return _json_parser(self._columns) if layout.kind == "ndjson" else _parse_plain

    def _learn(self, text: str) -> bool:
        """Looks at one of the first lines; true once the layout is known and this line is a row."""
        if not text.strip():
            return False
        kind = _kind_of(text) if self._kind == "auto" else self._kind
        if kind != "csv":
            self.layout = Layout(kind)
            return True
        if not self._header:
            self._delimiter = max(",;\t|", key=text.count)
            cells = _split(text, self._delimiter)
            if not any(_is_number(cell) for cell in cells):
                self._kind, self._header = "csv", tuple(cell.strip() for cell in cells)
                if self._columns.value is not None:
                    _place(self._header, self._columns, None)
                return False
            self._header = tuple(str(i) for i in range(1, len(cells) + 1))
        places = _place(self._header, self._columns, _split(text, self._delimiter))
        self.layout = Layout("csv", self._header, self._delimiter, places)
        return True

    _header: tuple[str, ...] = ()
    _delimiter: str = ","


def _kind_of(text: str) -> str:
    if text.lstrip().startswith("{"):
        return "ndjson"
    try:
        parse_number(text)
    except ValueError:
        return "csv"
    return "lines"


def _parse_all(numbered: Iterable[tuple[int, bytes | None]], parse: Parse) -> Iterator[Row | BadRow]:
    for number, line in numbered:
        if line is None:
            yield BadRow(number, TOO_LONG)
            continue
        if not line:
            continue
        try:
            value, time, key = parse(line.decode())
        except UnicodeDecodeError:
            yield BadRow(number, "the line is not UTF-8 text")
        except (ValueError, RecursionError, csv.Error) as error:
            yield BadRow(number, str(error))
        else:
            yield Row(number, value, time, key)


def _parse_plain(text: str) -> tuple[float, str | None, str]:
    return parse_number(text), None, ""


def _json_parser(columns: Columns) -> Parse:
    name = columns.value or "value"

    def parse(text: str) -> tuple[float, str | None, str]:
        try:
            record = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
        if not isinstance(record, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004  reported as a bad row, like every other reason
        time = None if columns.time is None else _text(_member(record, columns.time))
        key = "" if columns.key is None else _text(_member(record, columns.key))
        return json_number(_member(record, name)), time, key or ""

    return parse


def json_number(value: object) -> float:
    """A JSON value as a number; ``null`` and words for "missing" become NaN.

    :raises ValueError: it is no number.
    """
    if value is None:
        return NAN
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("the number is too large") from None
    if isinstance(value, str):
        return parse_number(value)
    raise ValueError(f"{_quote(json.dumps(value))} is not a number")


def _member(record: dict[str, Any], name: str) -> Any:
    """``record[name]``; where that is missing, a dotted name walks into nested objects."""
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            known = ", ".join(sorted(record)[:20])
            raise ValueError(f"no member {_quote(name)}; there are: {known}")
        value = value[part]
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _split(text: str, delimiter: str) -> list[str]:
    """The cells of one line, in full or as far as they can be read."""
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.split(delimiter)


def _csv_parser(layout: Layout) -> Parse:
    value_at, time_at, key_at = layout.places
    width, delimiter = len(layout.header), layout.delimiter

    def parse(text: str) -> tuple[float, str | None, str]:
        quoted = '"' in text
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), []) if quoted else text.split(delimiter)
        if len(cells) != width:
            raise ValueError(f"{len(cells)} cells where the header has {width}")
        time = None if time_at is None else cells[time_at]
        return parse_number(cells[value_at]), time, "" if key_at is None else cells[key_at]

    return parse


def _place(header: Sequence[str], columns: Columns, sample: list[str] | None) -> tuple[int, int | None, int | None]:
    time_at = None if columns.time is None else _find(header, columns.time)
    key_at = None if columns.key is None else _find(header, columns.key)
    if columns.value is not None:
        return _find(header, columns.value), time_at, key_at
    choices = [i for i in range(len(header)) if i not in (time_at, key_at)]
    if sample is not None:
        choices = [i for i in choices if i < len(sample) and _is_number(sample[i])]
    named = [i for i in choices if header[i].lower() == "value"]
    choices = named or choices
    if len(choices) != 1:
        what = "which column holds the numbers is not clear" if choices else "no column holds numbers"
        raise InvalidRequestError(f"{what}: choose one with --column; there are: {', '.join(header[:40])}")
    return choices[0], time_at, key_at


def _find(header: Sequence[str], name: str) -> int:
    if name in header:
        return header.index(name)
    if name.isascii() and name.isdigit() and 1 <= int(name[:9]) <= len(header):
        return int(name) - 1
    raise InvalidRequestError(f"no column {_quote(name)}; there are: {', '.join(header[:40])}")


def _is_number(text: str) -> bool:
    try:
        return not isnan(parse_number(text))  # a missing value proves nothing
    except ValueError:
        return False


def _quote(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
