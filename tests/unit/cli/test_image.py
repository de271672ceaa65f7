"""The commands on pictures, run as a user runs them."""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from pixelshift.cli import app
from pixelshift.request.signature import verify_signature

HALF = json.dumps({"resize": {"width": 20}})


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jpg", "b.png"):
        Image.new("RGB", (40, 30), (200, 100, 50)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_one_file_becomes_another_in_the_format_of_its_suffix(pictures: Path, tmp_path: Path) -> None:
    result = run("edit", pictures / "a.jpg", tmp_path / "out.webp", "--edits", HALF)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "out.webp") as image:
        assert (image.format, image.size) == ("WEBP", (20, 15))


@pytest.mark.parametrize("sources", [".", "*.???", "a.jpg"])
def test_folders_and_globs_go_into_a_folder(pictures: Path, tmp_path: Path, sources: str) -> None:
    target = tmp_path / "out"
    target.mkdir()
    result = run("edit", pictures / sources, target, "-e", HALF, "-f", "png", "-j", "1")
    wanted = {"a.png"} if sources == "a.jpg" else {"a.png", "b.png"}
    assert {path.name for path in target.iterdir()} == wanted
    assert result.exit_code == (1 if sources == "*.???" else 0), result.output  # notes.txt is no picture


@pytest.mark.parametrize("name", ['"WebP"', '{"id": "webp"}'])
def test_names_in_a_folder_follow_the_format_that_the_edits_ask_for(pictures: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "out"
    result = run("edit", pictures, target, "-e", f'{{"toFormat": {name}}}', "-j", "1")
    assert result.exit_code == 0, result.output
    assert {path.name for path in target.iterdir()} == {"a.webp", "b.webp"}
    with Image.open(target / "a.webp") as image:
        assert image.format == "WEBP"


@pytest.mark.parametrize("rest", [("out.png",), ("out", "-f", "png")])
def test_a_format_that_the_name_would_belie_is_refused(pictures: Path, tmp_path: Path, rest: tuple[str, ...]) -> None:
    target, *options = rest
    result = run("edit", pictures / "a.jpg", tmp_path / target, *options, "-e", '{"toFormat": "webp"}')
    assert result.exit_code == 2
    assert "toFormat" in result.output
    assert not (tmp_path / target).exists()


def test_a_bad_picture_is_named_and_the_others_are_done(pictures: Path, tmp_path: Path) -> None:
    (pictures / "c.jpg").write_bytes(b"\xff\xd8nonsense")
    result = run("edit", pictures, tmp_path / "out", "-e", HALF)
    assert result.exit_code == 1
    assert "c.jpg" in result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.jpg", "b.png"}


def test_a_picture_is_never_overwritten_by_its_own_result(pictures: Path) -> None:
    before = (pictures / "a.jpg").read_bytes()
    result = run("edit", pictures / "a.jpg", pictures / "a.jpg", "-e", HALF)
    assert result.exit_code == 1
    assert (pictures / "a.jpg").read_bytes() == before


def test_overlays_come_from_their_folder(pictures: Path, tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 255, 255)).save(pictures / "mark.png")
    overlay = {"overlayWith": {"bucket": "any", "key": "mark.png", "options": {"left": 0, "top": 0}}}
    result = run("edit", pictures / "b.png", tmp_path / "o.png", "-e", json.dumps(overlay), "--overlays", pictures)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "o.png") as image:
        assert image.convert("RGB").getpixel((1, 1)) == (0, 0, 255)


@pytest.mark.parametrize("edits", ["{", "[]", '"x"'])
def test_edits_that_are_no_object_are_refused(pictures: Path, tmp_path: Path, edits: str) -> None:
    assert run("edit", pictures / "a.jpg", tmp_path / "o.png", "-e", edits).exit_code == 2


def test_a_bad_edit_says_which_and_why(pictures: Path, tmp_path: Path) -> None:
    result = run("edit", pictures / "a.jpg", tmp_path / "o.png", "-e", '{"median": 0}')
    assert result.exit_code == 1
    assert "median" in result.output


def test_a_suffix_that_cannot_be_written_is_refused_before_anything_is(pictures: Path, tmp_path: Path) -> None:
    result = run("edit", pictures / "a.jpg", tmp_path / "o.bmp")
    assert result.exit_code == 2
    assert ".bmp" in result.output
    assert not (tmp_path / "o.bmp").exists()
    assert run("edit", pictures / "a.jpg", tmp_path / "o.bin", "-e", '{"toFormat": "png"}').exit_code == 0
    assert (tmp_path / "o.bin").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("options", [("-e", '{"resize": {"width": -1}}'), ("-f", "bmp")])
def test_no_url_is_made_of_what_no_service_takes(options: tuple[str, str]) -> None:
    result = run("url", "a.jpg", *options)
    assert result.exit_code == 2
    assert "http" not in result.output


def test_the_url_that_is_printed_can_be_explained(pictures: Path) -> None:
    address = run("url", "a.jpg", "-e", HALF, "-f", "png").output.strip()
    result = run("explain", address, "--folder", pictures)
    assert result.exit_code == 0, result.output
    assert "20x15" in result.output
    assert "encode PNG" in result.output


def test_a_signed_url_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELSHIFT_SIGNATURE_KEY", "secret")
    parts = urlsplit(run("url", "a.jpg", "-e", HALF, "--sign", "--expires-in", "60").output.strip())
    query = parse_qsl(parts.query)
    assert {name for name, _ in query} == {"signature", "expires"}
    verify_signature(parts.path, query, [b"secret"])


def test_signing_without_a_key_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXELSHIFT_SIGNATURE_KEY", raising=False)
    result = run("url", "a.jpg", "--sign")
    assert result.exit_code == 2
    assert "PIXELSHIFT_SIGNATURE_KEY" in result.output


def test_explaining_a_missing_original_gives_the_errors_code(pictures: Path) -> None:
    result = run("explain", "/nothing.jpg", "--folder", pictures)
    assert result.exit_code == 1
    assert "404 NoSuchKey" in result.output


def test_a_pass_through_is_explained_as_such(pictures: Path) -> None:
    assert "pass through" in run("explain", "/b.png", "--folder", pictures).output
