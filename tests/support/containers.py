"""Images built and run by buildah and podman, without a Docker engine (see docs/how-to/run-the-containers.md)."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.emulators import free_port
from tests.support.function_process import ROOT, Emulated

ENGINE = ROOT / "tests" / "container" / "engine"
STORE = ROOT / ".containers"


def build(target: str, **arguments: str) -> str:
    """Builds a target of docker/Dockerfile; the name of the image. Layers of earlier builds are used again."""
    name = "-".join(["localhost/pixelshift", target, *arguments.values()]).lower()
    options = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    build_from(ROOT, ROOT / "docker" / "Dockerfile", name, "--target", target, *options)
    return name


def build_from(context: Path, dockerfile: Path, name: str, *options: str) -> None:
    """Builds any Dockerfile in its context under a name."""
    command = ["buildah", "bud", "--isolation", "chroot", "--layers", "-t", name, *options]
    _engine(*command, "-f", str(dockerfile), str(context), limit_s=1800)


def inspect(image: str) -> dict[str, Any]:
    """What podman knows of an image."""
    (found,) = json.loads(_engine("podman", "image", "inspect", image))
    assert isinstance(found, dict)
    return found


def run(image: str, *command: str, options: Sequence[str] = ()) -> str:
    """What a command in a new container prints."""
    return _engine("podman", "run", "--rm", "--network", "none", *options, image, *command, limit_s=300)


@dataclass
class Container:
    """One that runs."""

    name: str
    port: int

    def log(self) -> str:
        """What it has printed so far."""
        done = subprocess.run([ENGINE, "podman", "logs", self.name], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def inside(self, *command: str, user: str | None = None) -> str:
        """What a command in it prints."""
        return _engine("podman", "exec", *([] if user is None else ["--user", user]), self.name, *command)


@contextmanager
def container(
    image: str,
    *command: str,
    inner_port: int,
    environment: Mapping[str, str],
    memory: str = "1g",
    host_network: bool = False,
    volumes: Mapping[Path, str] | None = None,
) -> Iterator[Container]:
    """Runs an image as Lambda would: nobody's user, nothing writable but /tmp, no privileges, so much memory."""
    port = inner_port if host_network else free_port()
    network = ["--network", "host"] if host_network else ["--publish", f"127.0.0.1:{port}:{inner_port}"]
    options = ["--read-only", "--tmpfs", "/tmp:size=512m", "--cap-drop", "all", "--memory", memory]
    options += ["--memory-swap", memory, *network, *(f"--env={name}={value}" for name, value in environment.items())]
    options += [f"--volume={outside}:{inside}:ro" for outside, inside in (volumes or {}).items()]
    name = _engine("podman", "run", "--detach", *options, image, *command).strip()
    try:
        yield Container(name, port)
    finally:
        _engine("podman", "rm", "--force", "--time", "5", name)


@contextmanager
def function(image: str, handler: str, environment: Mapping[str, str], **options: Any) -> Iterator[Emulated]:
    """A handler in an image, under the emulator that the image starts."""
    with container(image, handler, inner_port=8080, environment=environment, **options) as made:
        wait_for_answer(made.port)
        yield Emulated(f"http://127.0.0.1:{made.port}", Path("/dev/null"))


def wait_for_http(url: str, limit_s: float = 60.0) -> bytes:
    """The body at a URL, once there is one."""
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:
            return bytes(reply.read())
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")


def wait_for_answer(port: int) -> None:
    """Waits until the emulator listens; any HTTP answer will do."""
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the emulator does not listen")


def _engine(*command: str, limit_s: float = 120.0) -> str:
    STORE.mkdir(exist_ok=True)  # where the engine may leave a file of its own, such as `oom`
    done = subprocess.run([ENGINE, *command], cwd=STORE, capture_output=True, text=True, check=False, timeout=limit_s)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
