"""When to stop."""

import time
from collections.abc import Callable

from pixelshift.errors import TimeLimitError


class Deadline:
    """Call it between steps: raises TimeLimitError once ``limit_s`` seconds have passed since it was made."""

    __slots__ = ("clock", "end", "limit_s")

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_s = limit_s
        self.clock = clock
        self.end = clock() + limit_s
        """In seconds of ``clock``."""

    def __call__(self) -> None:
        if self.clock() > self.end:
            raise too_late()


def too_late() -> TimeLimitError:
    return TimeLimitError("The picture took too long; ask for a smaller one or fewer edits.", retry_after_s=5)


def unlimited() -> None:
    """The deadline of those who have time."""


def end_of(check: Callable[[], None]) -> float:
    """When time is up, in seconds of CLOCK_MONOTONIC for native code; 0 for never, or where only ``check`` can tell."""
    return check.end if isinstance(check, Deadline) and check.clock is time.monotonic else 0.0
