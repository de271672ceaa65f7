"""Originals in folders of this machine."""

import errno
import os
import stat
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from pixelshift.errors import NotFoundError, OriginError, TooLargeError
from pixelshift.origin.base import BROKEN_BODY_CODE, Original

_KEY_BYTES = 1024  # what S3 allows
_SEGMENTS = 64
_PIECE_BYTES = 1024 * 1024
_MEDIA_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENXIO}
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not hold us up


class FolderOrigin:
    """Reads regular files beneath ``root``: a bucket is a sub-folder, or what ``folders`` says it is.

    A key is walked segment by segment, each opened inside the folder before it and never through a symbolic link, so
    no name and no race leads out of the bucket's folder. ``folders`` is the operator's: relative to ``root``
    (``"."`` is the root itself), or absolute.
    """

    def __init__(self, root: Path, folders: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._folders = dict(folders or {})

    def fetch(
        self, bucket: str, key: str, *, body_limit_bytes: int, timeout_s: float, known: Original | None = None
    ) -> Original:
        """Reads one file; its identity is change time, size and inode. See :class:`pixelshift.origin.base.Origin`."""
        deadline_s = time.monotonic() + timeout_s
        try:
            with ExitStack() as stack:
                descriptor = self._open(bucket, key, stack)
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode):
                    raise _not_found(key)
                if known is not None and known.etag == _etag(before):
                    return known
                body = _read(descriptor, before.st_size, body_limit_bytes, deadline_s)
                if _etag(os.fstat(descriptor)) != _etag(before) or len(body) != before.st_size:
                    raise OriginError("the original changed while it was read", code=BROKEN_BODY_CODE, retry_after_s=1)
        except OSError as error:
            if error.errno in _ABSENT:
                raise _not_found(key) from error
            raise OriginError("the original cannot be read", detail=str(error), retry_after_s=5) from error
        return Original(
            body=body,
            etag=_etag(before),
            content_type=_MEDIA_TYPES.get(Path(key).suffix.lower()),
            last_modified=datetime.fromtimestamp(before.st_mtime_ns // 1_000_000_000, UTC),
        )

    def _open(self, bucket: str, key: str, stack: ExitStack) -> int:
        segments = _segments(key)
        if bucket not in self._folders:
            segments = [*_segments(bucket, limit=1), *segments]
        folder = _open_start(self._root / self._folders.get(bucket, "."))
        stack.callback(os.close, folder)
        for segment in segments[:-1]:
            folder = os.open(segment, _OPEN_FOLDER, dir_fd=folder)
            stack.callback(os.close, folder)
        descriptor = os.open(segments[-1], _OPEN_FILE, dir_fd=folder)
        stack.callback(os.close, descriptor)
        return descriptor


def _open_start(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:  # the operator's mistake, not a missing original
        raise OriginError("the folder of originals cannot be opened", detail=str(error)) from error


def _segments(name: str, limit: int = _SEGMENTS) -> list[bytes]:
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        raise _not_found(name) from None
    segments = encoded.split(b"/")
    if len(encoded) > _KEY_BYTES or len(segments) > limit or b"\0" in encoded:
        raise _not_found(name)
    if any(segment in (b"", b".", b"..") for segment in segments):
        raise _not_found(name)
    return segments


def _read(descriptor: int, size: int, limit_bytes: int, deadline_s: float) -> bytes:
    if size > limit_bytes:
        raise TooLargeError(f"the original is larger than {limit_bytes} bytes")
    pieces = []
    left = size + 1  # one more, to notice a file that grows
    while left > 0 and (piece := os.read(descriptor, min(left, _PIECE_BYTES))):
        pieces.append(piece)
        left -= len(piece)
        if time.monotonic() > deadline_s:
            raise OriginError("the origin is too slow", status=503, retry_after_s=5)
    return b"".join(pieces)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def _not_found(key: str) -> NotFoundError:
    return NotFoundError("there is no such original", detail=f"key {key!a:.1024}")
