"""Sinks that write lines: standard output, and a file that holds each event once whatever happened."""

import json
import os
from collections import deque
from pathlib import Path
from typing import BinaryIO

from pixelshift.errors import OriginError, SettingsError
from pixelshift.notify.base import Message

REMEMBERED = 10_000
TAIL_BYTES = 8 << 20


class StreamSink:
    """One line of JSON for each message, flushed at once; for standard output."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def send(self, message: Message) -> None:
        try:
            self._out.write(message.body + b"\n")
            self._out.flush()
        except (OSError, ValueError) as error:
            raise OriginError("the output is closed", detail=str(error)) from error

    def close(self) -> None:
        """Leaves the stream to its owner."""


class FileSink:
    """Appends one line of JSON for each message to ``path``, on disk before it counts as taken.

    A message that was written but not acknowledged before a crash comes again; its ``id`` is then found among the last
    lines of the file and it is not written twice. Half a line, left by a crash, is cut off.

    :raises SettingsError: the file cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise SettingsError(f"cannot write events to {path}: {error.strerror}") from None
        self._recover()

    def send(self, message: Message) -> None:
        if message.id in self._seen:
            return
        line = message.body + b"\n"
        start = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, start)
            raise OriginError("the event file cannot be written", detail=str(error)) from error
        if written < len(line):
            os.ftruncate(self._file, start)
            raise OriginError("the event file has no room for a whole line")
        self._seen.append(message.id)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    def _recover(self) -> None:
        size = os.fstat(self._file).st_size
        start = max(0, size - TAIL_BYTES)
        tail = os.pread(self._file, size - start, start)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            os.ftruncate(self._file, start + whole)
        for line in tail[:whole].splitlines()[-REMEMBERED:]:
            try:
                self._seen.append(str(json.loads(line)["id"]))
            except (ValueError, KeyError, TypeError):
                continue
