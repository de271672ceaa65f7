"""docker/compose.yaml run by Compose itself (Debian's, 1.29), with podman as the engine behind its socket."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.cloud import wait_for
from tests.support.containers import ENGINE, build_from
from tests.support.emulators import free_port
from tests.support.function_process import ROOT

FILE = ROOT / "docker" / "compose.yaml"


@dataclass
class Project:
    """One project of Compose."""

    name: str
    socket: Path
    port: int
    """Where the edge answers on loopback."""

    def compose(self, *arguments: str, limit_s: float = 300.0) -> str:
        """What a command of Compose prints; its failure fails the test."""
        command = ["docker-compose", "--file", str(FILE), "--project-name", self.name, *arguments]
        environment = {**os.environ, "DOCKER_HOST": f"unix://{self.socket}", "PIXELSHIFT_PORT": str(self.port)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=limit_s, cwd=ROOT
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        (name,) = self.compose("ps", "--quiet", service).split()
        said = subprocess.run([ENGINE, "podman", "inspect", name], capture_output=True, text=True, check=True)
        (found,) = json.loads(said.stdout)
        assert isinstance(found, dict)
        return found

    def build(self) -> None:
        """As `build` would, from what Compose reads in the file, but by buildah: its layers are there already."""
        for service, options in yaml.safe_load(self.compose("config"))["services"].items():
            made = options["build"]
            context = Path(made["context"])
            target = ("--target", made["target"]) if "target" in made else ()
            # Where Compose of this version looks for a service's image.
            name = f"docker.io/library/{self.name}_{service}"
            build_from(context, context / made.get("dockerfile", "Dockerfile"), name, *target)


@contextmanager
def engine_socket(folder: Path) -> Iterator[Path]:
    """Podman's service on a socket, as Compose wants an engine."""
    socket = folder / "engine.sock"
    command = [str(ENGINE), "podman", "system", "service", "--time=0", f"unix://{socket}"]
    with (folder / "engine.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(socket.exists)
            yield socket
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def project(folder: Path) -> Iterator[Project]:
    """The file's services built and up; down at the end."""
    with engine_socket(folder) as socket:
        made = Project("pixelshift-test", socket, free_port())
        made.build()
        try:
            made.compose("up", "--detach", "--no-build")
            yield made
        finally:
            made.compose("down", "--volumes", "--timeout", "5")
