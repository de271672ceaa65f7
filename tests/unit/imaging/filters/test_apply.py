"""A clock can stop a filter on its way, not only between filters."""

import pytest

from pixelshift.edits import types as edits
from pixelshift.edits.types import Blur, Clahe, Convolve, Median, Negate, Sharpen
from pixelshift.errors import TimeLimitError
from pixelshift.imaging.deadline import Deadline
from pixelshift.imaging.filters import FILTERS, apply, rotate_any
from tests.support.pixels import noise

LONG = [
    Blur(20.0),
    Clahe(50, 50),
    Convolve(31, 31, (1.0,) * 961, 961.0),
    Median(15),
    edits.Affine((1.0, 0.3, 0.1, 0.7)),
    edits.Bandbool("or"),
    edits.EnsureAlpha(),
    edits.ExtractChannel(1),
    edits.Flatten(),
    edits.Gamma(),
    edits.Greyscale(),
    edits.Linear((1.5,), (3.0,)),
    edits.Modulate(hue=30),
    edits.Negate(),
    edits.Normalise(),
    edits.Recomb(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))),
    edits.RemoveAlpha(),
    edits.Threshold(),
    edits.Tint(edits.Colour(255, 0, 0)),
    edits.Unflatten(),
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


def test_one_native_call_is_stopped_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deadline, "__call__", lambda _: None)  # only native code is left to look
    with pytest.raises(TimeLimitError):
        apply(noise(1500, 1500, 3), Sharpen(3.0), Deadline(-1.0))


def test_every_filter_is_here() -> None:
    assert {type(edit) for edit in LONG} | {Sharpen} == set(FILTERS)


def test_a_rotation_is_stopped_in_the_middle() -> None:
    with pytest.raises(TimeLimitError):
        rotate_any(noise(1500, 1500, 3), 30.0, Clock(2))


def test_a_short_filter_asks_once() -> None:
    clock = Clock(1)
    apply(noise(10, 10, 3), Negate(), clock)
    assert clock.looks == 0
