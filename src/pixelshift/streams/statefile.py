"""The state of a watch in a file: replaced whole or not at all, and tied to the input that it was taken from."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pixelshift.errors import InvalidRequestError

FORMAT = "pixelshift-watch"
VERSION = 1
TAIL_BYTES = 4_096


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Writes beside ``path``, flushes to disk and renames: a crash leaves the old state or the new one.

    :raises OSError: the folder cannot be written to.
    """
    body = json.dumps({"format": FORMAT, "version": VERSION, **state}, separators=(",", ":")).encode()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_state(path: Path) -> dict[str, Any] | None:
    """What :func:`write_state` left, ``None`` when there is no such file.

    :raises InvalidRequestError: foreign, damaged, or of a newer version.
    """
    try:
        state = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        raise InvalidRequestError(f"{path} is no state file of ours, or it is damaged: name another") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise InvalidRequestError(f"{path} is no state file of ours: name another")
    if state.get("version") != VERSION:
        raise InvalidRequestError(
            f"{path} has state version {state.get('version')!r}; this pixelshift reads version {VERSION}: upgrade it"
        )
    return state


def tail_digest(file: BinaryIO, offset: int) -> str:
    """SHA-256 of the last bytes before ``offset``: tells a grown file from a replaced one. Moves to ``offset``."""
    start = max(0, offset - TAIL_BYTES)
    file.seek(start)
    return hashlib.sha256(file.read(offset - start)).hexdigest()
