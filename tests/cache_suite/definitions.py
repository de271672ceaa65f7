"""The suite's test definitions: fetched once, checked, and read by Node, in whose language they are written."""

import base64
import hashlib
import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.node import NODE, NPM

PACKAGE = "http-cache-tests@0.4.5"
_SHA512 = "DjuwN9nUZXLTW+wav1LRESCZNVxl8SshwOy4z1pxuWbWt5/ay6sM9QQ1lebBaDO6P1IMBoK6mdf+PuVP/QNL8A=="
_ABOUT_EXPIRES = frozenset({"expires", "expires-parse", "heuristic"})
_PRINT_TESTS = """
const suites = (await import(process.argv[1])).default
console.log(JSON.stringify(suites.map(({ id, tests }) => ({ id, tests }))))
"""


@dataclass(frozen=True)
class Definition:
    """One test as the suite has it: what the client asks, what the server answers, what must come of it."""

    id: str
    group: str
    kind: str
    """``required``, ``optimal`` (allowed, but better) or ``check`` (a question without a wrong answer)."""
    requests: list[dict[str, Any]]
    depends_on: tuple[str, ...]
    for_browsers: bool


def load(folder: Path) -> list[Definition]:
    """All definitions; ``folder`` keeps the package."""
    tests = _unpacked(folder) / "tests" / "index.mjs"
    printed = subprocess.run(
        [NODE, "--input-type=module", "--eval", _PRINT_TESTS, tests.resolve().as_uri()],
        check=True,
        capture_output=True,
        text=True,
    )
    return [_definition(suite["id"], test) for suite in json.loads(printed.stdout) for test in suite["tests"]]


def _definition(group: str, test: dict[str, Any]) -> Definition:
    requests = test["requests"] if group in _ABOUT_EXPIRES else list(map(_with_cache_control, test["requests"]))
    return Definition(
        test["id"],
        group,
        test.get("kind", "required"),
        requests,
        tuple(test.get("depends_on", ())),
        bool(test.get("browser_only")),
    )


def _with_cache_control(request: dict[str, Any]) -> dict[str, Any]:
    """A lifetime that is given by Expires is given by Cache-Control too, which the service would add otherwise."""
    headers = {header[0].lower(): header[1] for header in request.get("response_headers", ())}
    expires = headers.get("expires")
    if "cache-control" in headers or not isinstance(expires, int):
        return request
    return {
        **request,
        "response_headers": [*request["response_headers"], ["Cache-Control", f"max-age={max(expires, 0)}"]],
    }


def _unpacked(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / (PACKAGE.replace("@", "-") + ".tgz")
    if not archive.exists():
        subprocess.run([NPM, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != _SHA512:
        archive.unlink()
        raise RuntimeError(f"{PACKAGE} is not what was looked at: its sha512 is {digest}")
    package = folder / "package"
    if not package.exists():
        with tarfile.open(archive) as contents:
            contents.extractall(folder, filter="data")
    return package
