"""Emulators of AWS as processes of their own, on loopback, on free ports; `make emulators` installs them."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.node import NODE

FOLDER = Path(sys.prefix) / "emulators"
KINESIS = FOLDER / "node_modules" / "kinesis-local"
LOOPBACK = Path(__file__).parents[1] / "emulators" / "loopback.cjs"
_START_S = 60


def installed(what: str, *places: Path | str | None) -> None:
    """Skips a test whose emulator is not there, saying how it comes."""
    if not all(place is not None and Path(place).exists() for place in places):
        pytest.skip(f"{what} is not installed: make emulators")


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, *, cwd: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers HTTP on a port of loopback; killed at the end."""
    log = cwd / "log" if os.access(cwd, os.W_OK) else Path(os.devnull)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**_bare(), **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield process
    finally:
        process.kill()
        process.wait()


def _bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIXELSHIFT_"))}


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{process.args!r} does not answer: {log.read_text()[-2_000:]}")


@contextmanager
def kinesis_local(folder: Path) -> Iterator[str]:
    """The endpoint of kinesis-local: its resharding is AWS's, which moto's is not."""
    installed("kinesis-local", KINESIS)
    port = free_port()
    ports = {"KINESIS_MOCK_PLAIN_PORT": str(port), "KINESIS_MOCK_TLS_PORT": str(free_port())}
    quick = {f"{name}_DURATION": "50ms" for name in ("CREATE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS")}
    # It reads its certificate from the folder that it runs in.
    work = folder / "kinesis"
    shutil.copytree(KINESIS, work)
    command = [str(NODE), "--require", str(LOOPBACK), "main.js"]
    with running(command, port, cwd=work, LOG_LEVEL="ERROR", SHARD_LIMIT="50", **ports, **quick):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """The endpoint of ministack: its DynamoDB knows request tokens, which moto's does not."""
    python = FOLDER / "venv" / "bin" / "python"
    installed("ministack", python)
    port = free_port()
    names: Mapping[str, str] = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "dynamodb",
        "IOT_MTLS_ENABLED": "0",
    }
    with running([str(python), "-m", "ministack"], port, cwd=folder, **names):
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5):
                    break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
