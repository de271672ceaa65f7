"""Lines out of a byte stream, as they arrive, never longer than a limit, each with the offset behind it."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

LINE_LIMIT_BYTES = 1 << 20


class LineReader:
    """Iterates over the lines of ``stream`` without their ends; a line beyond ``limit_bytes`` becomes ``None``.

    What is too long is read past in pieces and never held. ``wait`` makes the reader follow a growing file: it is
    called at the end of the file and answers whether to look again. ``whole`` leaves an unfinished last line
    unread, for a later run to find it complete.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        limit_bytes: int = LINE_LIMIT_BYTES,
        wait: Callable[[], bool] | None = None,
        whole: bool = False,
    ) -> None:
        self.offset = stream.tell() if stream.seekable() else 0
        """Bytes from the start of the stream to the end of the line last given."""
        self._stream = stream
        self._limit = limit_bytes
        self._wait = wait
        self._whole = whole

    def __iter__(self) -> Iterator[bytes | None]:
        held = b""  # the beginning of a line whose end is not there yet
        skipped = 0  # bytes of a line that is too long
        while True:
            piece = self._stream.readline(self._limit + 2 - len(held))
            if not piece:
                if self._wait is not None and self._wait():
                    continue
                break
            if skipped:
                skipped += len(piece)
                if piece.endswith(b"\n"):
                    self.offset += skipped
                    skipped = 0
                    yield None
                continue
            held += piece
            if held.endswith(b"\n"):
                self.offset += len(held)
                line = held[:-2] if held.endswith(b"\r\n") else held[:-1]
                held = b""
                yield line if len(line) <= self._limit else None
            elif len(held) > self._limit:
                skipped, held = len(held), b""
        if (held or skipped) and not self._whole:
            self.offset += len(held) + skipped
            yield held or None
