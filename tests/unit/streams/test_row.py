import csv
import io
import json
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.errors import InvalidRequestError
from pixelshift.streams.line import LineReader
from pixelshift.streams.row import BadRow, Columns, Row, RowReader

names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1, max_size=6)


def read(text: str | bytes, columns: Columns | None = None, kind: str = "auto") -> list[Row | BadRow]:
    body = text.encode() if isinstance(text, str) else text
    return list(RowReader(LineReader(io.BytesIO(body), limit_bytes=1_000), columns or Columns(), kind))


@given(st.lists(st.tuples(st.floats(allow_nan=False), names, names), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_back(cells: list[tuple[float, str, str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["x", "when", "who"])
    writer.writerows((repr(x), when, who) for x, when, who in cells)
    rows = read(out.getvalue(), Columns("x", "when", "who"))
    assert rows == [Row(i + 2, x, when, who) for i, (x, when, who) in enumerate(cells)]


@given(st.lists(st.floats(allow_nan=False), max_size=8))
def test_ndjson_and_plain_lines_give_the_same_numbers(values: list[float]) -> None:
    plain = read("".join(f"{x!r}\n" for x in values))
    objects = read("".join(json.dumps({"value": x}) + "\n" for x in values), kind="ndjson")
    assert plain == objects == [Row(i + 1, x) for i, x in enumerate(values)]


@pytest.mark.parametrize("cell", ["", "NaN", "null", "NA", "n/a", "None"])
def test_words_for_missing_become_nan(cell: str) -> None:
    rows = read(f"t,value\n1,2\n2,{cell}\n")
    assert isinstance(rows[1], Row)
    assert isnan(rows[1].value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3,abc", "'abc' is not a number"),
        ("3,1_000", "'1_000' is not a number"),
        ("3", "1 cells where the header has 2"),
        ('3,"4', "unexpected end of data"),
        ("3,4,5", "3 cells where the header has 2"),
    ],
)
def test_a_malformed_row_is_named_and_the_next_one_is_read(line: str, reason: str) -> None:
    assert read(f"t,value\n1,2\n{line}\n4,5\n", Columns("value")) == [Row(2, 2.0), BadRow(3, reason), Row(4, 5.0)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"value": "high"}', "'high' is not a number"),
        ('{"value": true}', "'true' is not a number"),
        ('{"value": [1]}', "'[1]' is not a number"),
        ('{"other": 1}', "no member 'value'; there are: other"),
        ("[1]", "not a JSON object"),
        ('{"value": 1', "not JSON: Expecting ',' delimiter at column 12"),
        ('{"value": 1' + "0" * 400 + "}", "the number is too large"),
    ],
)
def test_a_wrong_json_line_is_named_and_the_next_one_is_read(line: str, reason: str) -> None:
    assert read('{"value": 1}\n' + line + '\n{"value": 2}\n') == [Row(1, 1.0), BadRow(2, reason), Row(3, 2.0)]


def test_json_nested_too_deep_is_a_bad_row_and_no_crash() -> None:
    line = b'{"value": ' + b"[" * 200_000
    rows = list(RowReader(iter([b'{"value": 1}', line, b'{"value": 2}']), Columns()))
    assert [type(row) for row in rows] == [Row, BadRow, Row]


def test_bytes_that_are_not_text_are_a_bad_row() -> None:
    assert read(b"1\n\xff\xfe\n2\n") == [Row(1, 1.0), BadRow(2, "the line is not UTF-8 text"), Row(3, 2.0)]


def test_a_line_that_is_too_long_is_a_bad_row_with_its_number() -> None:
    rows = read("value\n1\n" + "9" * 2_000 + "\n2\n")
    assert [(row.number, type(row)) for row in rows] == [(2, Row), (3, BadRow), (4, Row)]


def test_members_of_nested_objects_are_found_by_a_dotted_name() -> None:
    assert read('{"cpu": {"load": 3}, "t": 9}', Columns("cpu.load", "t")) == [Row(1, 3.0, "9")]


def test_an_unknown_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequestError, match="no column 'c'; there are: a, b"):
        read("a,b\n1,2\n", Columns("c"))


def test_a_choice_between_columns_is_left_to_the_user() -> None:
    with pytest.raises(InvalidRequestError, match="choose one with --column; there are: a, b"):
        read("a,b\n1,2\n")


def test_the_only_numeric_column_needs_no_name_and_time_is_no_candidate() -> None:
    assert read("t,host,load\n5,x,7\n", Columns(time="t")) == [Row(2, 7.0, "5")]


def test_files_without_a_header_number_their_columns() -> None:
    assert read("1,2\n3,4\n", Columns("2")) == [Row(1, 2.0), Row(2, 4.0)]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b"\xef\xbb\xbfvalue\n1\n", Columns("value")) == [Row(2, 1.0)]


def test_reading_goes_on_in_the_middle_with_the_layout_learnt_before() -> None:
    first = RowReader(iter([b"t;v", b"1;2"]), Columns("v", "t"))
    assert list(first) == [Row(2, 2.0, "1")]
    rest = RowReader(iter([b"3;4"]), Columns("v", "t"), layout=first.layout, number=2)
    assert list(rest) == [Row(3, 4.0, "3")]
