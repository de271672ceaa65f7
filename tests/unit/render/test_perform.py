"""What the service decides about a picture before it is planned."""

import pytest

from pixelshift.edits.types import Animated, Edit, Format, Resize
from pixelshift.limits import Limits
from pixelshift.render.base import Wish
from pixelshift.render.perform import planned
from tests.support import pictures

COLOURS: list[tuple[int, ...]] = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
SMALLER = Resize(width=30)


@pytest.mark.parametrize(
    ("source", "edits", "formats", "frames"),
    [
        ("GIF", (SMALLER,), (), 3),
        ("WEBP", (SMALLER,), (), 1),  # as upstream: only an edit animates what is stored as WebP
        ("WEBP", (SMALLER,), (Format.WEBP,), 1),
        ("WEBP", (SMALLER, Animated(True)), (), 3),
        ("GIF", (SMALLER,), (Format.WEBP,), 3),
        ("GIF", (SMALLER, Animated(False)), (Format.WEBP,), 1),
    ],
)
def test_which_animations_keep_their_frames(
    source: str, edits: tuple[Edit, ...], formats: tuple[Format, ...], frames: int
) -> None:
    body = pictures.animation(source, COLOURS, duration=100)
    assert planned(Wish(edits=edits, formats=formats), body, Limits()).frames == frames


def test_an_animated_webp_that_becomes_a_gif_keeps_its_frames() -> None:
    body = pictures.animation("WEBP", COLOURS, duration=100)
    assert planned(Wish(edits=(SMALLER,), format=Format.GIF), body, Limits()).frames == 3
