"""When to stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pixelshift.errors import TimeLimitError


@dataclass(slots=True)
class Deadline:
    """Call it between steps: raises TimeLimitError once ``limit_s`` seconds have passed since it was made."""

    limit_s: float
    clock: Callable[[], float] = time.monotonic
    end: float = field(init=False)
    """In seconds of ``clock``."""

    def __post_init__(self) -> None:
        self.end = self.clock() + self.limit_s

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
