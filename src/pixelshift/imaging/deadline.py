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
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.limit_s

    def __call__(self) -> None:
        if self.clock() > self._end:
            raise TimeLimitError("The picture took too long; ask for a smaller one or fewer edits.", retry_after_s=5)


def unlimited() -> None:
    """The deadline of those who have time."""
