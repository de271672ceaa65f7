"""``pixelshift serve`` as a person meets it: one command, URLs that work when clicked, an end without leftovers."""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import httpx

SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_urls_printed_at_the_start_work_and_the_end_leaves_no_process() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pixelshift", "serve", "--folder", str(SAMPLES), "--port", "0", "--workers", "2"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "500"},
    )
    assert process.stderr is not None
    urls: list[str] = []
    try:
        for line in process.stderr:
            urls += re.findall(r"^\s+(http://\S+)$", line)
            if len(urls) >= 11 or "in its corner" in line:
                break
        urls += re.findall(r"http://\S+", process.stderr.readline())
        assert len(urls) >= 6
        children = _children(process.pid)
        assert len(children) == 2
        watches = [os.pidfd_open(child) for child in children]
        for url in dict.fromkeys(urls):
            response = httpx.get(url, timeout=60)
            assert (response.status_code, response.headers["content-type"].split("/")[0]) == (200, "image"), url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stderr.close()
    for watch in watches:
        assert select.select([watch], [], [], 20)[0]
        os.close(watch)


def test_settings_that_cannot_be_used_are_told_before_anything_starts() -> None:
    environment = {**os.environ, "PIXELSHIFT_MAX_TIME": "soon", "PIXELSHIFT_QUEUE": "0"}
    run = subprocess.run(
        [sys.executable, "-m", "pixelshift", "serve", "--folder", str(SAMPLES), "--port", "0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "PIXELSHIFT_MAX_TIME" in run.stderr
    assert "PIXELSHIFT_QUEUE" in run.stderr


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
