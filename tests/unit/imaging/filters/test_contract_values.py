"""The values that the contract measured (3.9 and the vectors' ``pixels`` section), at the level of one filter."""

import numpy as np
import pytest

from pixelshift.edits import types as edits
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.filters import FILTERS, affine_size, rotate_any, rotated_size
from tests.support.pixels import Pixels, noise, solid

ORANGE = (200, 100, 50)
WHITE = edits.Colour(255, 255, 255)

FLAT: list[tuple[tuple[int, ...], edits.Edit, tuple[int, ...]]] = [
    (ORANGE, edits.Greyscale(), (128,)),
    ((255, 0, 0), edits.Greyscale(), (127,)),
    ((0, 255, 0), edits.Greyscale(), (220,)),
    ((0, 0, 255), edits.Greyscale(), (76,)),
    (ORANGE, edits.Tint(edits.Colour(255, 0, 0)), (255, 9, 2)),
    (ORANGE, edits.Modulate(brightness=1.2), (233, 128, 76)),
    (ORANGE, edits.Modulate(saturation=0.5), (170, 115, 90)),
    (ORANGE, edits.Modulate(hue=90), (53, 146, 61)),
    (ORANGE, edits.Modulate(lightness=10.0), (231, 126, 74)),
    (ORANGE, edits.Gamma(), (199, 99, 49)),
    (ORANGE, edits.Linear((1.5,), (0.0,)), (255, 150, 75)),
    (ORANGE, edits.Threshold(128), (255,)),
    (ORANGE, edits.Recomb(((0.3, 0.6, 0.1),) * 3), (125, 125, 125)),
    (ORANGE, edits.Bandbool("and"), (0,)),
    (ORANGE, edits.Normalise(), ORANGE),
    (ORANGE, edits.ExtractChannel(2), (50,)),
    (ORANGE, edits.EnsureAlpha(0.5), (*ORANGE, 127)),
    ((*ORANGE, 128), edits.Negate(), (55, 155, 205, 127)),
    ((*ORANGE, 128), edits.Negate(alpha=False), (55, 155, 205, 128)),
    ((*ORANGE, 128), edits.Flatten(), (100, 50, 25)),
    ((*ORANGE, 128), edits.Flatten(WHITE), (227, 177, 152)),
    ((*ORANGE, 128), edits.Flatten(edits.Colour(255, 255, 255, 0.2)), (227, 177, 152)),
    ((*ORANGE, 128), edits.RemoveAlpha(), ORANGE),
    ((*ORANGE, 128), edits.ExtractChannel(-1), (128,)),
    ((*ORANGE, 128), edits.Bandbool("eor"), (30,)),
    ((*ORANGE, 128), edits.Threshold(100), (255, 255)),
    ((*ORANGE, 128), edits.Sharpen(), (*ORANGE, 128)),
    ((*ORANGE, 128), edits.Sharpen(1.0), (*ORANGE, 128)),
    ((*ORANGE, 128), edits.Blur(), (*ORANGE, 128)),
    ((*ORANGE, 128), edits.Clahe(3, 3), (198, 141, 113, 170)),
    ((255, 255, 255), edits.Unflatten(), (255, 255, 255, 0)),
    (ORANGE, edits.Unflatten(), (*ORANGE, 255)),
    ((100,), edits.Tint(edits.Colour(255, 0, 0)), (106,)),
    ((100,), edits.Recomb(((0.3, 0.6, 0.1), (0.3, 0.6, 0.1), (0.1, 0.2, 0.9))), (100, 100, 120)),
    ((100,), edits.Modulate(saturation=0.5), (100,)),
]


@pytest.mark.parametrize(("colour", "edit", "expected"), FLAT, ids=[f"{case[1]!r} of {case[0]}" for case in FLAT])
def test_flat_colour_becomes_what_was_measured(
    colour: tuple[int, ...], edit: edits.Edit, expected: tuple[int, ...]
) -> None:
    result = FILTERS[type(edit)](solid(colour), edit)
    assert result.shape == (8, 8, len(expected))
    assert np.abs(result.astype(int) - expected).max() <= 1


def step() -> Pixels:
    """Grey 100 left of x = 20, else 150."""
    return np.repeat(np.where(np.arange(41) < 20, 100, 150).astype(np.uint8)[None, :, None], 41, axis=0).repeat(3, 2)


SOBEL = edits.Convolve(3, 3, (-1, 0, 1, -2, 0, 2, -1, 0, 1), 1.0)

STEPS: list[tuple[edits.Edit, dict[int, int]]] = [
    (edits.Blur(1.0), {18: 100, 19: 114, 20: 136, 21: 150}),
    (edits.Blur(2.0), {16: 100, 17: 103, 18: 110, 19: 120, 20: 130, 21: 140, 22: 147, 23: 150}),
    (edits.Blur(0.5), {19: 100, 20: 150}),
    (edits.Median(3), {19: 100, 20: 150}),
    (SOBEL, {18: 0, 19: 200, 20: 200, 21: 0}),
]


@pytest.mark.parametrize(("edit", "expected"), STEPS, ids=[repr(case[0]) for case in STEPS])
def test_step_becomes_what_was_measured(edit: edits.Edit, expected: dict[int, int]) -> None:
    row = FILTERS[type(edit)](step(), edit)[20]
    assert {x: tuple(map(int, row[x])) for x in expected} == {x: (v, v, v) for x, v in expected.items()}


def test_affine_size_holds_the_transformed_corners() -> None:
    assert affine_size(400, 300, (1, 0.3, 0.1, 0.7)) == (490, 250)
    picture = FILTERS[edits.Affine](solid((0, 0, 200), 300, 400), edits.Affine((1, 0.3, 0.1, 0.7)))
    assert picture.shape == (250, 490, 3)


@pytest.mark.parametrize(("angle", "size"), [(30.0, (11, 11)), (45.0, (11, 11)), (90.0, (8, 8)), (-135.0, (11, 11))])
def test_rotation_canvas_follows_the_rounded_sum_of_projections(angle: float, size: tuple[int, int]) -> None:
    assert rotated_size(8, 8, angle) == size
    assert rotate_any(solid(ORANGE), angle).shape == (size[1], size[0], 3)


def test_rotation_fills_with_opaque_black() -> None:
    turned = rotate_any(solid((*ORANGE, 128)), 45.0)
    assert tuple(turned[0, 0]) == (0, 0, 0, 255)
    assert np.abs(turned[5, 5].astype(int) - (*ORANGE, 128)).max() <= 1


REFUSED = [
    (edits.Affine((1, 2, 2, 4)), 3),
    (edits.Affine((0.001, 0, 0, 0.001)), 3),
    (edits.Clahe(9, 3), 3),
    (edits.ExtractChannel(-1), 3),
    (edits.ExtractChannel(4), 4),
    (edits.Linear((1, 2, 3, 4), (0,)), 3),
    (edits.Recomb(((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))), 3),
]


@pytest.mark.parametrize(("edit", "channels"), REFUSED, ids=[repr(case[0]) for case in REFUSED])
def test_edit_that_does_not_fit_the_picture_is_the_clients_mistake(edit: edits.Edit, channels: int) -> None:
    with pytest.raises(InvalidRequestError):
        FILTERS[type(edit)](noise(8, 8, channels), edit)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", sorted(FILTERS, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_every_filter_takes_every_number_of_channels(kind: type[edits.Edit], channels: int) -> None:
    examples: dict[type, edits.Edit] = {
        edits.Affine: edits.Affine((1, 0.2, 0, 1)),
        edits.Bandbool: edits.Bandbool("or"),
        edits.Clahe: edits.Clahe(3, 3),
        edits.Convolve: SOBEL,
        edits.ExtractChannel: edits.ExtractChannel(0),
        edits.Linear: edits.Linear((1.1,), (3.0,)),
        edits.Recomb: edits.Recomb(((1, 0, 0), (0, 1, 0), (0, 0, 1))),
        edits.Tint: edits.Tint(edits.Colour(9, 8, 7)),
    }
    result = FILTERS[kind](noise(9, 7, channels), examples.get(kind) or kind())
    assert result.dtype == np.uint8
    assert result.ndim == 3
    assert result.shape[2] in {1, 2, 3, 4}
