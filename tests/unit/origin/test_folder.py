"""What the folder origin says about a file."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pixelshift.origin.base import Original
from pixelshift.origin.folder import FolderOrigin


def fetch(root: Path, key: str, known: Original | None = None) -> Original:
    origin = FolderOrigin(root, {"b": "."})
    return origin.fetch("b", key, body_limit_bytes=1000, timeout_s=5, known=known)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.b.png", "image/png"),
        ("a.svg", "image/svg+xml"),
        ("a.tif", "image/tiff"),
        ("a.avif", "image/avif"),
        ("a.txt", None),
        ("png", None),
        (".png", None),
    ],
)
def test_the_media_type_follows_the_extension(tmp_path: Path, name: str, media_type: str | None) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert fetch(tmp_path, name).content_type == media_type


def test_the_last_change_is_told_in_whole_seconds(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    os.utime(path, ns=(0, 1_700_000_000_987_654_321))
    assert fetch(tmp_path, "a.png").last_modified == datetime.fromtimestamp(1_700_000_000, UTC)


def test_identity_tells_changes_of_the_same_size_within_a_second_and_replacement(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    seen = set()
    path.write_bytes(b"one")
    for change_ns in (1_700_000_000_000_000_000, 1_700_000_000_000_000_001):
        os.utime(path, ns=(0, change_ns))
        seen.add(fetch(tmp_path, "a.png").etag)
    other = tmp_path / "other.png"
    other.write_bytes(b"two")
    os.utime(other, ns=(0, 1_700_000_000_000_000_001))
    other.rename(path)
    seen.add(fetch(tmp_path, "a.png").etag)
    assert len(seen) == 3


def test_a_known_version_is_returned_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    known = Original(b"", etag=fetch(tmp_path, "a.png").etag)
    monkeypatch.setattr(os, "read", lambda *_: pytest.fail("it was read"))
    assert fetch(tmp_path, "a.png", known) is known
