import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.streams.line import LineReader


class Trickle(io.BytesIO):
    """Gives at most a few bytes of a line at once, as a pipe may."""

    def readline(self, size: int | None = -1, /) -> bytes:
        return super().readline(min(size, 3) if size and size > 0 else 3)


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"").rstrip(b"\r")), max_size=8), st.booleans())
def test_lines_come_back_whole_and_offsets_add_up(lines: list[bytes], ends: bool) -> None:
    text = b"\n".join(lines) + (b"\n" if ends else b"")
    for stream in (io.BytesIO(text), Trickle(text)):
        reader = LineReader(stream, limit_bytes=100)
        expected = text.split(b"\n")
        assert list(reader) == (expected if expected[-1] else expected[:-1])
        assert reader.offset == len(text)


@pytest.mark.parametrize("beyond", range(-3, 4))
@pytest.mark.parametrize("limit", [4, 5, 20])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_is_refused_exactly_beyond_the_limit(beyond: int, limit: int, end: bytes) -> None:
    line = b"x" * (limit + beyond)
    reader = LineReader(io.BytesIO(line + end + b"next" + end), limit_bytes=limit)
    first, second = reader
    assert first == (line if beyond <= 0 else None)
    assert second == b"next"


class Endless(io.RawIOBase):
    """A line of ``size`` bytes that exists nowhere, then an ordinary one."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.rest = io.BytesIO(b"\n1.5\n")

    def seekable(self) -> bool:
        return False

    def readline(self, size: int | None = -1, /) -> bytes:
        if not self.left:
            return self.rest.readline()
        taken = min(self.left, size or 0)
        self.left -= taken
        return b"x" * taken


def test_a_line_of_ten_gigabytes_is_passed_over_in_little_memory() -> None:
    tracemalloc.start()
    reader = LineReader(Endless(10_000_000_000), limit_bytes=1 << 24)  # type: ignore[arg-type]  # enough of a stream
    assert list(reader) == [None, b"1.5"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 << 20
    assert reader.offset == 10_000_000_005


def test_an_unfinished_line_is_left_for_later_when_asked() -> None:
    reader = LineReader(io.BytesIO(b"1\n2"), whole=True)
    assert list(reader) == [b"1"]
    assert reader.offset == 2


def test_a_growing_file_is_followed_across_a_line_written_in_two_halves() -> None:
    stream = io.BytesIO(b"1\n2")
    parts = [b"3\n", b"4\n"]

    def wait() -> bool:
        if not parts:
            return False
        place = stream.tell()
        stream.seek(0, io.SEEK_END)
        stream.write(parts.pop(0))
        stream.seek(place)
        return True

    assert list(LineReader(stream, wait=wait)) == [b"1", b"23", b"4"]
