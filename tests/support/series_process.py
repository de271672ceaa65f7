"""The series service as a process of its own, to be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx


class SeriesProcess:
    """`pixelshift serve-series` on a port of its own."""

    def __init__(self, store: Path, **environment: str) -> None:
        command = [sys.executable, "-m", "pixelshift", "serve-series", str(store), "--port", "0"]
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, **environment}, text=True
        )
        assert self._process.stderr
        line = self._process.stderr.readline()
        assert line.startswith("Series: http"), line + self._process.stderr.read()
        self.url = line.split()[1].removesuffix("/live")
        self.pid = self._process.pid
        for _ in range(1_000):
            try:
                httpx.get(f"{self.url}/series", timeout=10)
                break
            except httpx.TransportError:
                time.sleep(0.01)  # the port is bound before it is answered

    def kill(self) -> None:
        """As the kernel does it when memory runs out: nothing is asked, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As an operator does it; the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        status = self._process.wait(60)
        if self._process.stderr:
            self._process.stderr.close()
        return status
