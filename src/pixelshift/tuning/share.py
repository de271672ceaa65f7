"""Holding a process to a share of the CPU.

Lambda gives a function CPU in proportion to its memory, one whole vCPU at 1769 MB, by a quota of a short period. A
cgroup does the same here. Where none can be made (no root, a container), the process is stopped and continued by
signals: that holds the average as well, but its grain is coarser, and it can hold back less than one CPU only.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from pixelshift.value import frozen

FULL_MB = 1769
"""Memory that comes with one vCPU (Lambda developer guide, "Configure Lambda function memory")."""
_PERIOD_US = 20_000
_LEAST_QUOTA_US = 1_000
"""The kernel's own bound."""


def share_of(memory_mb: int) -> float:
    """CPUs that a memory size comes with."""
    return memory_mb / FULL_MB


def alone_ms(cpu_ms: float, share: float) -> float:
    """How long work that needs ``cpu_ms`` of one CPU takes under a share of it, where nobody else wants the CPU.

    A quota lets it run at full speed until the period's part is used up; a part that is left over costs no wait.
    """
    if share >= 1:
        return cpu_ms
    period_ms = _PERIOD_US / 1000
    periods, rest_ms = divmod(cpu_ms, share * period_ms)
    return periods * period_ms + rest_ms


class Limiter(Protocol):
    """A way to hold processes back; ``name`` is for people."""

    @property
    def name(self) -> str: ...

    def hold(self, pid: int, share: float) -> AbstractContextManager[None]:
        """Gives the process ``share`` of a CPU for as long as the context lasts."""
        ...


@frozen
class Cgroup:
    """A control group of its own for each process."""

    root: Path
    files: Mapping[str, str]
    """What is written to set a quota: file name to text, with ``{quota}`` and ``{period}``."""
    name: str

    @contextmanager
    def hold(self, pid: int, share: float) -> Iterator[None]:
        """See :class:`Limiter`."""
        group = self.root / f"pixelshift-tune-{pid}"
        group.mkdir()
        try:
            quota = max(_LEAST_QUOTA_US, round(share * _PERIOD_US))
            for name, text in self.files.items():
                (group / name).write_text(text.format(quota=quota, period=_PERIOD_US))
            (group / "cgroup.procs").write_text(str(pid))
            yield
        finally:
            with suppress(OSError):  # it may have ended
                (self.root / "cgroup.procs").write_text(str(pid))
            _remove(group)


def _remove(group: Path) -> None:
    """A group is busy for a moment after its last process has left or died."""
    for _ in range(50):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.02)
        else:
            return


@frozen
class Signals:
    """Stops a process whenever it has used more CPU time than its share of the time that passed."""

    name: str = "stop and continue signals"
    grain_s: float = 0.002

    @contextmanager
    def hold(self, pid: int, share: float) -> Iterator[None]:
        """See :class:`Limiter`."""
        if share >= 1:
            yield
            return
        ending = threading.Event()
        thread = threading.Thread(target=self._pace, args=(pid, share, ending), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()

    def _pace(self, pid: int, share: float, ending: threading.Event) -> None:
        credit_s, used_s, then_s = 0.0, _cpu_s(pid), time.monotonic()
        stopped = False
        try:
            while not ending.wait(self.grain_s):
                now_s, cpu_s = time.monotonic(), _cpu_s(pid)
                credit_s += (now_s - then_s) * share - (cpu_s - used_s)
                # Idle time earns one period at most, as a quota does.
                credit_s = min(credit_s, _PERIOD_US / 1e6 * share)
                then_s, used_s = now_s, cpu_s
                if (credit_s < 0) != stopped:
                    stopped = not stopped
                    os.kill(pid, signal.SIGSTOP if stopped else signal.SIGCONT)
            os.kill(pid, signal.SIGCONT)
        except (OSError, ValueError):
            return  # the process has ended


def _cpu_s(pid: int) -> float:
    """CPU time of a process and its threads, to the nanosecond where the kernel tells."""
    threads = (Path("/proc") / str(pid) / "task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def best_limiter() -> Limiter:
    """A cgroup where one can be made, else signals."""
    for candidate in (
        Cgroup(Path("/sys/fs/cgroup"), {"cpu.max": "{quota} {period}"}, "cgroup v2"),
        *(
            Cgroup(Path(root), {"cpu.cfs_period_us": "{period}", "cpu.cfs_quota_us": "{quota}"}, "cgroup v1")
            for root in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct")
        ),
    ):
        if _works(candidate):
            return candidate
    return Signals()


def _works(cgroup: Cgroup) -> bool:
    """Whether a group can be made there, and has what sets a quota."""
    probe = cgroup.root / f"pixelshift-tune-probe-{os.getpid()}"
    try:
        probe.mkdir()
    except OSError:
        return False
    try:
        return all((probe / name).exists() for name in cgroup.files)
    finally:
        _remove(probe)
