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
    """Every code that errors are given in the rooms of the image service, as a literal or by a constant's name."""
    trees = [ast.parse(path.read_text()) for room in PICTURE_ROOMS for path in (SOURCE / room).rglob("*.py")]
    given = [code for tree in trees for node in ast.walk(tree) for code in codes_in(node)]
    names = {code.id for code in given if isinstance(code, ast.Name)}
    constants = {str(code.value) for code in given if isinstance(code, ast.Constant)}
    assigned = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign)]
    for node in assigned:
        named = names & {target.id for target in node.targets if isinstance(target, ast.Name)}
        if named and isinstance(node.value, ast.Constant):
            constants.add(str(node.value.value))
    return constants


def codes_in(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.keyword) and node.arg == "code":
        return [node.value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "with_code":
        return node.args
    return []


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
