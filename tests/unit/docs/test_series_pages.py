"""The examples of the pages about series are run, and show what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixelshift.notify.base import Message
from pixelshift.notify.webhook import WebhookSink

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


@pytest.mark.parametrize("secret", ["a plain secret of the operator", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_the_receiver_of_the_page_knows_genuine_webhooks(secret: str) -> None:
    page = (ROOT / "docs/how-to/run-the-series-service.md").read_text()
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], names)
    message = Message("cpu:0:5:change", "cpu", "change", b'{"id": "cpu:0:5:change"}')
    sink = WebhookSink("http://127.0.0.1:1/hook", secret)
    headers = sink._headers(message, "1800000000")
    assert names["is_genuine"](headers, message.body, secret)
    assert not names["is_genuine"](headers, message.body + b" ", secret)
    assert not names["is_genuine"](headers, message.body, secret + "BBBB")
    sink.close()
