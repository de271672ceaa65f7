"""The console examples of the pages about series are run, and show what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def examples(page: str) -> list[tuple[str, str]]:
    """Commands of ``console`` blocks with the output written below them, in order."""
    text = (ROOT / "docs" / page).read_text()
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = entry.partition("\n")
            found.append((command, output))
    return found


def test_the_console_examples_print_what_the_page_says(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}
    ran = examples("how-to/watch-a-series.md")
    assert len(ran) >= 10
    for command, expected in ran:
        done = subprocess.run(
            ["bash", "-c", command],
            check=False,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        if not expected:  # only a summary, or nothing
            assert done.returncode == 0, (command, done.stdout)
            continue
        pattern = ".*".join(re.escape(part) for part in expected.split("..."))
        assert re.fullmatch(pattern, done.stdout, re.DOTALL), (command, done.stdout)
