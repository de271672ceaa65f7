"""Headless Chromium by the WebDriver protocol (https://www.w3.org/TR/webdriver2/): as much of it as tests need."""

import base64
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """One window."""

    def __init__(self, client: httpx.Client, folder: Path, size: tuple[int, int]) -> None:
        self._client = client
        arguments = [*FLAGS, f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}"]
        options = {"binary": shutil.which("chromium"), "args": arguments}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{session['sessionId']}"
        self._ask("POST", f"{self._session}/timeouts", {"script": 20_000})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._client.request(method, path, json=body if body is not None or method != "POST" else {})
        value = answer.json()["value"]
        assert answer.is_success, value
        return value

    def open(self, url: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """The result of a function body, run in the page."""
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, expression: str) -> Any:
        """The first truthy value of an expression, looked at with every frame for up to 20 s."""
        script = (
            "const done = arguments[0]; const look = () => { const value = (() => { try { return ("
            f"{expression}); }} catch {{ return null; }} }})(); value ? done(value) : setTimeout(look, 20); }}; look();"
        )
        return self._ask("POST", f"{self._session}/execute/async", {"script": script, "args": []})

    def press(self, keys: str) -> None:
        """Types where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        body = {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}
        self._ask("POST", f"{self._session}/actions", body)

    def log(self) -> list[dict[str, Any]]:
        """What the page and the browser complained about."""
        entries: list[dict[str, Any]] = self._ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry for entry in entries if entry["level"] == "SEVERE"]

    def scheme(self, name: str) -> None:
        """Lets pages believe that the system prefers ``light`` or ``dark``."""
        feature = {"features": [{"name": "prefers-color-scheme", "value": name}]}
        self._ask("POST", f"{self._session}/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": feature})

    def resize(self, width: int, height: int) -> None:
        """Gives pages a screen of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self._ask(
            "POST", f"{self._session}/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": size}
        )

    def picture(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self._ask("GET", f"{self._session}/screenshot"))

    def close(self) -> None:
        self._ask("DELETE", self._session)


@contextmanager
def browsing(folder: Path, size: tuple[int, int] = (1280, 900)) -> Iterator[Browser]:
    """A browser with a profile of its own in ``folder``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["chromedriver", f"--port={port}", "--allowed-ips=127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as driver:
        try:
            assert driver.stdout
            assert any(b"started successfully" in line for line in driver.stdout)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                browser = Browser(client, folder, size)
                try:
                    yield browser
                finally:
                    browser.close()
        finally:
            driver.terminate()
            driver.communicate(timeout=20)
