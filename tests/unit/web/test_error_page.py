import ast
from pathlib import Path

import pixelshift
from pixelshift.errors import PixelshiftError
from pixelshift.web.error_page import EXPLANATIONS, error_page

SOURCE = Path(pixelshift.__file__).parent
PICTURE_ROOMS = (
    "aws",
    "cache",
    "delivery",
    "edits",
    "imaging",
    "net",
    "origin",
    "render",
    "request",
    "secret",
    "vision",
)


def raised_codes() -> set[str]:
    """Every literal that is given as an error's code in the rooms of the image service."""
    codes = set()
    for room in PICTURE_ROOMS:
        for path in (SOURCE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                    codes.add(str(node.value.value))
    return codes


def every_kind(kind: type[PixelshiftError] = PixelshiftError) -> set[type[PixelshiftError]]:
    return {kind}.union(*(every_kind(one) for one in kind.__subclasses__()))


def test_every_code_that_the_image_service_raises_is_explained() -> None:
    explained = {one.code for one in EXPLANATIONS}
    assert raised_codes() - explained == set()
    classes = {kind.code for kind in every_kind() if kind.__module__ == "pixelshift.errors"} - {"InvalidSetting"}
    assert classes - explained == set()


def test_the_page_has_an_anchor_for_every_code() -> None:
    page = bytes(error_page().body).decode()
    assert all(f'id="{one.code}"' in page for one in EXPLANATIONS)


def test_the_reference_page_says_the_same() -> None:
    text = (SOURCE.parents[1] / "docs" / "reference" / "errors.md").read_text()
    assert all(f"| `{one.code}` | {one.status} | {one.meaning} |" in text for one in EXPLANATIONS)
