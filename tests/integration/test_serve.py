"""``pixelshift serve`` as a person meets it: one command, URLs that work when clicked, an end without leftovers."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def _serving(log: Path, **environment: str) -> Iterator[httpx.Client]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pixelshift", "serve", "--folder", str(SAMPLES), "--port", "0", "--workers", "1"],
            stderr=subprocess.PIPE,
            stdout=output,
            text=True,
            env={**os.environ, "TERM": "dumb", "COLUMNS": "500", **environment},
        )
        assert process.stderr is not None
        try:
            address = re.search(r"http://\S+", process.stderr.readline())
            assert address is not None
            with httpx.Client(base_url=address[0], timeout=60) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            process.stderr.close()


def test_a_client_behind_a_trusted_proxy_has_a_share_of_its_own(tmp_path: Path) -> None:
    limits = {"PIXELSHIFT_CLIENT_RATE": "0.001", "PIXELSHIFT_CLIENT_BURST": "2"}
    one, other = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "203.0.113.9, 192.0.2.8"}
    with _serving(tmp_path / "log", **limits) as client:
        statuses = [client.get(f"/{width}x0/dogs.jpg", headers=one).status_code for width in (10, 11, 10)]
        assert statuses == [200, 200, 200]  # the third is stored already
        refused = client.get("/12x0/dogs.jpg", headers=one)
        assert (refused.status_code, refused.json()["code"]) == (429, "TooManyRequests")
        assert int(refused.headers["retry-after"]) in range(900, 1001)
        assert refused.headers["cache-control"] == "no-store"
        assert client.get("/12x0/dogs.jpg", headers=other).status_code == 200
        assert client.get("/healthz", headers=one).status_code == 200


def test_without_trust_a_forwarded_address_is_a_claim(tmp_path: Path) -> None:
    limits = {"PIXELSHIFT_CLIENT_RATE": "0.001", "PIXELSHIFT_CLIENT_BURST": "1", "PIXELSHIFT_TRUSTED_PROXIES": "::1"}
    with _serving(tmp_path / "log", **limits) as client:
        answers = [client.get(f"/{n}x0/dogs.jpg", headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in (10, 11)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_every_line_of_the_log_is_json_and_requests_are_found_by_id(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with _serving(log) as client:
        client.get("/30x0/dogs.jpg", headers={"X-Request-Id": "find-me"})
        client.get("/-/none", headers={"X-Request-Id": "find-me-too"})
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    found = [line for line in lines if line.get("request_id") == "find-me"]
    assert [(line["status"], line["target"], line["cache"]) for line in found] == [(200, "/30x0/dogs.jpg", "miss")]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
