"""Example URLs for the pictures that happen to be in a folder."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import quote

_PHOTOGRAPHS = {".jpg", ".jpeg"}
_DRAWINGS = {".svg"}
_ANIMATIONS = {".gif"}
_PICTURES = _PHOTOGRAPHS | _DRAWINGS | _ANIMATIONS | {".png", ".webp", ".avif", ".tif", ".tiff"}
_FILES = 10_000
_PHOTOGRAPHS_SHOWN = 2


def example_urls(folder: Path) -> Iterator[tuple[str, str]]:
    """Pairs of a title and a path: every grammar once or twice, on pictures that are there."""
    keys = sorted(_keys(folder))
    photographs = [key for key in keys if Path(key).suffix.lower() in _PHOTOGRAPHS]
    for key in photographs[:_PHOTOGRAPHS_SHOWN]:
        yield f"{key}: as it is", "/" + quote(key)
        yield f"{key}: 800 pixels wide, as WebP (query)", f"/{quote(key)}?width=800&format=webp"
        yield (
            f"{key}: fitted into a box, without colour (path)",
            f"/fit-in/600x600/filters:grayscale():sharpen(0,1.5,true)/{quote(key)}",
        )
        yield f"{key}: the most striking part, upright, tinted (base64)", _base64(key)
    for suffixes, title, before in (
        (_DRAWINGS, "a drawing as PNG, 600 pixels wide (path)", "/600x0/filters:format(png)/"),
        (_ANIMATIONS, "an animation as WebP, half the size (path)", "/fit-in/320x320/filters:format(webp)/"),
    ):
        for key in islice((key for key in keys if Path(key).suffix.lower() in suffixes), 1):
            yield f"{key}: {title}", before + quote(key)
    overlay = next((key for key in keys if Path(key).suffix.lower() == ".png"), None)
    if overlay is not None and photographs:
        yield f"{photographs[0]} with {overlay} in its corner (base64)", _overlaid(photographs[0], overlay)


def _keys(folder: Path) -> Iterator[str]:
    for path in islice(folder.rglob("*"), _FILES):
        if path.suffix.lower() in _PICTURES and path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix()


def _base64(key: str) -> str:
    from pixelshift.request.link import ImageLink, build_url

    edits = {
        "rotate": None,
        "resize": {"width": 500, "height": 500, "fit": "cover", "position": "attention"},
        "modulate": {"saturation": 1.3},
    }
    return build_url(ImageLink(key, edits=edits, output_format="webp"))


def _overlaid(key: str, overlay: str) -> str:
    from pixelshift.request.link import ImageLink, build_url
    from pixelshift.wiring import FOLDER_BUCKET

    options = {"left": "-20", "top": "-20"}
    edits = {
        "resize": {"width": 900},
        "overlayWith": {"bucket": FOLDER_BUCKET, "key": overlay, "wRatio": "25", "alpha": "20", "options": options},
    }
    return build_url(ImageLink(key, edits=edits))
