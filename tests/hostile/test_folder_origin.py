"""Nothing outside of its folder, and nothing but regular files, leaves the folder origin."""

import contextlib
import os
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelshift.errors import NotFoundError, OriginError, PixelshiftError, TooLargeError
from pixelshift.origin.base import Original
from pixelshift.origin.folder import FolderOrigin

SECRET = b"not for you"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.jpg").write_bytes(SECRET)
    bucket = tmp_path / "root" / "bucket"
    (bucket / "dir").mkdir(parents=True)
    (bucket / "dir" / "a.jpg").write_bytes(b"open")
    (tmp_path / "root" / "beside.jpg").write_bytes(SECRET)
    return tmp_path / "root"


def fetch(root: Path, key: str, bucket: str = "bucket", **folders: str) -> Original:
    return FolderOrigin(root, folders).fetch(bucket, key, body_limit_bytes=1000, timeout_s=5)


@pytest.mark.parametrize(
    "key",
    [
        "../beside.jpg",
        "../../secret.jpg",
        "dir/../../beside.jpg",
        "dir/./a.jpg",
        "dir//a.jpg",
        "/dir/a.jpg",
        "/etc/passwd",
        "dir/a.jpg/",
        "dir/a.jpg\0.png",
        "..",
        ".",
        "",
        "dir",
        "\udcff",
        "d/" * 100 + "a",
        "a" * 300,
    ],
)
def test_no_key_leads_out(root: Path, key: str) -> None:
    with pytest.raises(NotFoundError):
        fetch(root, key)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["..", ".", "", "dir", "a.jpg", "\\", "beside.jpg", "secret.jpg", "%2e%2e"]), max_size=8)
)
def test_no_combination_of_segments_leads_out(root: Path, segments: list[str]) -> None:
    with contextlib.suppress(PixelshiftError):
        assert fetch(root, "/".join(segments)).body == b"open"


@pytest.mark.parametrize("target", ["../../secret.jpg", "dir/a.jpg", "/etc/passwd", "loop"])
def test_symbolic_links_are_not_followed(root: Path, target: str) -> None:
    (root / "bucket" / "loop").symlink_to(target)
    with pytest.raises(NotFoundError):
        fetch(root, "loop")


def test_a_linked_folder_is_not_entered(root: Path) -> None:
    (root / "bucket" / "out").symlink_to("../..")
    (root / "linked").symlink_to("bucket")
    with pytest.raises(NotFoundError):
        fetch(root, "out/secret.jpg")
    with pytest.raises(NotFoundError):
        fetch(root, "dir/a.jpg", bucket="linked")


def test_pipes_sockets_and_devices_are_not_read(root: Path) -> None:
    os.mkfifo(root / "bucket" / "pipe")
    with pytest.raises(NotFoundError):
        fetch(root, "pipe")
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/socket")
        with pytest.raises(NotFoundError):
            fetch(Path(short), "socket", bucket="b", b=".")
    with pytest.raises(NotFoundError):
        fetch(Path("/dev"), "null", bucket="b", b=".")


def test_a_folder_swapped_for_a_link_while_it_is_read_leaks_nothing(root: Path) -> None:
    """The race that a check of the resolved path would lose."""
    inside, outside = root / "bucket" / "dir", root / "bucket" / "dir2"
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            inside.rename(outside)
            inside.symlink_to("../..")
            inside.unlink()
            outside.rename(inside)

    (root.parent / "a.jpg").write_bytes(SECRET)
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(500):
            with contextlib.suppress(NotFoundError):
                assert fetch(root, "dir/a.jpg").body == b"open"
    finally:
        stop.set()
        thread.join()


def test_buckets_can_be_named_by_the_operator(root: Path) -> None:
    assert fetch(root, "beside.jpg", bucket="all", all=".").body == SECRET
    assert fetch(Path("/nowhere"), "dir/a.jpg", bucket="b", b=str(root / "bucket")).body == b"open"


def test_a_root_that_does_not_exist_is_the_operators_fault_and_not_a_404(tmp_path: Path) -> None:
    with pytest.raises(OriginError):
        fetch(tmp_path / "missing", "a.jpg")


def test_a_sparse_giant_is_refused_by_its_size_alone(root: Path) -> None:
    with (root / "bucket" / "giant.png").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(TooLargeError):
        fetch(root, "giant.png")


def test_a_file_that_changes_while_it_is_read_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.read

    def read_and_append(descriptor: int, count: int) -> bytes:
        piece = genuine(descriptor, count)
        with (root / "bucket" / "dir" / "a.jpg").open("ab") as file:
            file.write(b"more")
        return piece

    monkeypatch.setattr(os, "read", read_and_append)
    with pytest.raises(OriginError) as caught:
        fetch(root, "dir/a.jpg")
    assert caught.value.code == "ImageRetrieval::CannotRetrieveImage"


def test_no_descriptor_stays_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for key in ("dir/a.jpg", "dir/missing", "../x", "dir"):
        for _ in range(20):
            with contextlib.suppress(NotFoundError):
                fetch(root, key)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
