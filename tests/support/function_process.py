"""Lambda functions as processes of their own: under our Runtime API, or under AWS's emulator."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.emulators import free_port
from tests.support.runtime_api import RuntimeApi, runtime_api

ROOT = Path(__file__).resolve().parents[2]
EMULATOR = ROOT / ".rie" / "aws-lambda-rie"
_PATH = "/2015-03-31/functions/function/invocations"


@dataclass
class Streaming:
    """A function under :mod:`pixelshift.aws.runtime`."""

    api: RuntimeApi
    process: "subprocess.Popen[str]"


@contextmanager
def streaming_function(handler: str, environment: Mapping[str, str], folder: Path | None = None) -> Iterator[Streaming]:
    """Runs a handler, found in ``folder`` too, under the runtime that streams."""
    with runtime_api() as api:
        process = subprocess.Popen(
            [sys.executable, "-m", "pixelshift.aws.runtime", handler],
            env=_environment(environment) | {"AWS_LAMBDA_RUNTIME_API": api.address},
            cwd=folder or ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Streaming(api, process)
        finally:
            process.kill()
            process.communicate()


@dataclass
class Emulated:
    """A function under AWS's emulator: one invocation at a time, or it panics."""

    url: str
    log: Path

    def __call__(self, event: Any, timeout_s: float = 60.0) -> tuple[int, bytes]:
        """Status and body of one invocation."""
        request = urllib.request.Request(self.url + _PATH, json.dumps(event).encode())
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def document(self, event: Any) -> Any:
        """The answer to one invocation that goes well."""
        status, body = self(event)
        assert status == 200, (status, body[:500])
        return json.loads(body)


@contextmanager
def emulated_function(
    handler: str,
    environment: Mapping[str, str],
    log: Path,
    *,
    command: Sequence[str] = (sys.executable, "-m", "awslambdaric"),
    extensions: Path | None = None,
) -> Iterator[Emulated]:
    """Runs a handler under AWS's emulator; ``extensions`` is laid over /opt in a mount namespace, which takes root."""
    invoke, runtime = free_port(), free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{invoke}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{runtime}"]
    whole = [str(EMULATOR), *addresses, *command, handler]
    if extensions is not None:
        script = 'mount --bind "$0" /opt && exec "$@"'
        whole = ["unshare", "--mount", "sh", "-c", script, str(extensions), *whole]
    with log.open("wb") as out:
        process = subprocess.Popen(whole, env=_environment(environment), cwd=ROOT, stdout=out, stderr=out)
        try:
            _wait_for(invoke, process)
            yield Emulated(f"http://127.0.0.1:{invoke}", log)
        finally:
            process.terminate()  # the emulator ends runtime and extensions in turn
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """This machine's, without what could reach a cloud, and the function's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIXELSHIFT_"))}
    keys = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    return {**kept, **keys, "AWS_EC2_METADATA_DISABLED": "true", **own}


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        assert process.poll() is None, "the emulator ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError("the emulator does not listen")
