"""A clock can stop a filter on its way, not only between filters."""

import pytest

from pixelshift.edits.types import Blur, Clahe, Convolve, Median, Negate, Sharpen
from pixelshift.errors import TimeLimitError
from pixelshift.imaging.filters import apply
from tests.support.pixels import noise

LONG = [
    Blur(20.0),
    Clahe(50, 50),
    Convolve(31, 31, (1.0,) * 961, 961.0),
    Median(15),
    Sharpen(3.0),
]


class Clock:
    """Time is over after so many looks at it."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __call__(self) -> None:
        self.looks -= 1
        if self.looks < 0:
            raise TimeLimitError("too late")


@pytest.mark.parametrize("edit", LONG, ids=lambda edit: type(edit).__name__)
def test_a_long_filter_is_stopped_in_the_middle(edit: object) -> None:
    pixels = noise(1500, 1500, 3)
    with pytest.raises(TimeLimitError):
        apply(pixels, edit, Clock(2))


def test_a_short_filter_asks_once() -> None:
    clock = Clock(1)
    apply(noise(10, 10, 3), Negate(), clock)
    assert clock.looks == 0
