"""Where rows come from: standard input, a text file that may grow, Parquet, a benchmark history; and how to go on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Self

from pixelshift.errors import InvalidRequestError
from pixelshift.streams.history import is_history, rows_of_history
from pixelshift.streams.line import LINE_LIMIT_BYTES, LineReader
from pixelshift.streams.row import BadRow, Columns, Layout, Row, RowReader, json_number
from pixelshift.streams.statefile import tail_digest
from pixelshift.value import contents, field, frozen

KINDS = ("auto", "csv", "ndjson", "lines", "parquet", "benchmark")


@frozen
class Reading:
    """How an input is to be read."""

    columns: Columns = field(default_factory=Columns)
    kind: str = "auto"
    line_limit_bytes: int = LINE_LIMIT_BYTES
    wait: Callable[[], bool] | None = None
    """Called at the end of a growing file; answers whether to look again. ``None`` ends there."""
    whole: bool = False
    """Leave a last line that has no end yet for a later reading."""


class Source(AbstractContextManager["Source"]):
    """One opened input; ``rows`` gives its observations and complaints.

    ``mark`` tells how far they were read, as JSON values; given as ``since`` it goes on from there, after a check that
    the file is the same one and has only grown. Standard input and pipes have no past: they go on with whatever comes.

    :raises InvalidRequestError: no such file, unknown kind, or a file that is not the one of ``since``.
    """

    def __init__(
        self, path: Path | None, reading: Reading, *, stdin: BinaryIO, since: Mapping[str, Any] | None = None
    ) -> None:
        self._resources = ExitStack()
        self._path = path
        self._reading = reading
        self._lines: LineReader | None = None
        self._reader: RowReader | None = None
        self._last = 0
        self.size_bytes: int | None = None
        """Of the file, when it is one that is read by bytes."""
        if reading.kind not in KINDS:
            raise InvalidRequestError(f"no input kind {reading.kind!r}; there are: {', '.join(KINDS)}")
        if since is not None and since.get("columns") != contents(reading.columns):
            raise InvalidRequestError("the state was kept with other columns: repeat those, or name another state file")
        if path is None:
            self.rows = self._open_lines(stdin, None)
        elif not path.exists():
            raise InvalidRequestError(f"no file {path}")
        elif reading.kind == "benchmark" or (reading.kind == "auto" and is_history(path)):
            self.rows = self._after(rows_of_history(path, reading.columns), since)
        elif reading.kind == "parquet" or (reading.kind == "auto" and path.suffix.lower() in (".parquet", ".pq")):
            self.rows = self._after(_parquet_rows(path, reading.columns), since)
        else:
            self.size_bytes = path.stat().st_size
            self.rows = self._open_lines(self._resources.enter_context(path.open("rb")), since)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._resources.close()

    @property
    def offset(self) -> int:
        """Bytes read up to the end of the last row."""
        return self._lines.offset if self._lines else 0

    def mark(self, offset: int, number: int) -> dict[str, Any]:
        """Where the row ``number`` that ends at ``offset`` leaves this input; kept in a state file."""
        layout = self._reader.layout if self._reader else None
        place = {"columns": contents(self._reading.columns), "number": number, "offset": offset}
        if self._path is not None and self._path.is_file() and self._lines is not None:
            with self._path.open("rb") as file:
                place["tail"] = tail_digest(file, offset)
        return place | {"layout": None if layout is None else contents(layout)}

    def _open_lines(self, stream: BinaryIO, since: Mapping[str, Any] | None) -> Iterator[Row | BadRow]:
        number, layout = 0, None
        if since is not None and self._path is not None and self._path.is_file():
            number, layout = int(since["number"]), _layout(since.get("layout"))
            offset = int(since["offset"])
            if (self.size_bytes or 0) < offset or tail_digest(stream, offset) != since.get("tail"):
                self._resources.close()
                raise InvalidRequestError(
                    f"{self._path} is not the file that the state was kept for, or it was cut: remove the state file "
                    "to begin anew"
                )
        self._lines = LineReader(
            stream,
            limit_bytes=self._reading.line_limit_bytes,
            wait=None if self._path is None or self._reading.wait is None else self._look_again,
            whole=self._path is not None and (self._reading.whole or self._reading.wait is not None),
        )
        kind = "csv" if self._reading.kind == "auto" and self._is_csv() else self._reading.kind
        self._reader = RowReader(self._lines, self._reading.columns, kind, layout=layout, number=number)
        return iter(self._reader)

    def _look_again(self) -> bool:
        """Waits for a followed file to grow; one that was cut or replaced cannot be followed."""
        if self._reading.wait is None or self._path is None or not self._reading.wait():
            return False
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            size = -1
        if size < self.offset:
            raise InvalidRequestError(f"{self._path} was cut or replaced while it was followed: start again")
        return True

    def _is_csv(self) -> bool:
        return self._path is not None and self._path.suffix.lower() in (".csv", ".tsv")

    def _after(self, rows: Iterator[Row | BadRow], since: Mapping[str, Any] | None) -> Iterator[Row | BadRow]:
        done = int(since["number"]) if since is not None else 0
        return (row for row in rows if row.number > done or not row.number)


def read_mark(kept: object) -> dict[str, Any]:
    """What :meth:`Source.mark` gave, as it comes out of a state file.

    :raises InvalidRequestError: it is damaged.
    """
    if isinstance(kept, dict):
        numbers = [kept.get("offset"), kept.get("number")]
        if all(isinstance(n, int) and 0 <= n < 1 << 63 for n in numbers) and _is_layout(kept.get("layout")):
            return kept
    raise InvalidRequestError("the state is damaged: its place in the input cannot be read")


def _is_layout(kept: object) -> bool:
    """Whether :func:`_layout` can take it, and rows can be read by it."""
    if kept is None:
        return True
    if not isinstance(kept, dict):
        return False
    header, delimiter, places = kept.get("header"), kept.get("delimiter"), kept.get("places")
    if kept.get("kind") not in ("csv", "ndjson", "lines") or not isinstance(header, list):
        return False
    if not isinstance(delimiter, str) or len(delimiter) != 1 or not isinstance(places, list) or len(places) != 3:
        return False
    known = [place for place in places if place is not None]
    cells = len(header) if kept["kind"] == "csv" else 1
    return places[0] is not None and all(isinstance(place, int) and 0 <= place < cells for place in known)


def _layout(kept: Mapping[str, Any] | None) -> Layout | None:
    if kept is None:
        return None
    value_at, time_at, key_at = kept["places"]
    return Layout(kept["kind"], tuple(kept["header"]), kept["delimiter"], (value_at, time_at, key_at))


def _parquet_rows(path: Path, columns: Columns) -> Iterator[Row | BadRow]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InvalidRequestError("Parquet needs pyarrow: pip install 'pixelshift[analysis]'") from None
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise InvalidRequestError(f"{path} is not Parquet: {error}") from None
    with file:
        names = file.schema_arrow.names
        value = columns.value or _numeric_column(file.schema_arrow, columns)
        wanted = [name for name in (value, columns.time, columns.key) if name is not None]
        missing = next((name for name in wanted if name not in names), None)
        if missing is not None:
            raise InvalidRequestError(f"no column {missing!r}; there are: {', '.join(names[:40])}")
        number = 0
        for batch in file.iter_batches(batch_size=8_192, columns=sorted(set(wanted))):
            values = [float(x) if isinstance(x, Decimal) else x for x in batch.column(value).to_pylist()]
            times = batch.column(columns.time).to_pylist() if columns.time else [None] * len(values)
            keys = batch.column(columns.key).to_pylist() if columns.key else [""] * len(values)
            for x, time, key in zip(values, times, keys, strict=True):
                number += 1
                try:
                    yield Row(number, json_number(x), None if time is None else str(time), str(key))
                except (TypeError, ValueError) as error:
                    yield BadRow(number, str(error))


def _numeric_column(schema: Any, columns: Columns) -> str:
    import pyarrow.types as kinds

    choices = [
        field.name
        for field in schema
        if field.name not in (columns.time, columns.key)
        and (kinds.is_floating(field.type) or kinds.is_integer(field.type) or kinds.is_decimal(field.type))
    ]
    choices = [name for name in choices if name.lower() == "value"] or choices
    if len(choices) != 1:
        raise InvalidRequestError(f"choose a column with --column; there are: {', '.join(schema.names[:40])}")
    return str(choices[0])
