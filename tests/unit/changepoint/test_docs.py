"""The examples of the documentation run and print what their comments say."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
BLOCKS = [
    pytest.param(block, id=f"{page}-{number}")
    for page in ("reference/change-points.md", "how-to/detect-changes.md")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_example_prints_what_it_promises(block: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "example", "exec"), {"__name__": "example"})
    promised = [line.split("  # ")[1] for line in block.splitlines() if "print(" in line and "  # " in line]
    assert printed.getvalue().strip()
    assert [line for line in printed.getvalue().splitlines() if line in promised] == promised
