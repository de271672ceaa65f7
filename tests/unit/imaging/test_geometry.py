"""Sizes against the contract's worked examples (sections 3 and 5)."""

import numpy as np
import pytest

from pixelshift.edits.types import Fit, Position, Resize
from pixelshift.imaging import geometry
from pixelshift.imaging.filters import warp
from pixelshift.imaging.geometry import Box, Size, Target, Turn
from pixelshift.imaging.picture import turned


def resized(size: Size, target: Target) -> Size:
    scaled = geometry.scaled(size, geometry.shrink_factors(size, target))
    return geometry.canvas(scaled, target)


@pytest.mark.parametrize(
    ("size", "target", "expected"),
    [
        ((400, 300), Target(300, 200, Fit.INSIDE), (267, 200)),
        ((400, 300), Target(300, 200, Fit.COVER), (300, 200)),
        ((400, 300), Target(300, 200, Fit.FILL), (300, 200)),
        ((400, 300), Target(300, 200, Fit.OUTSIDE), (300, 225)),
        ((400, 300), Target(300, 200, Fit.CONTAIN), (300, 200)),
        ((400, 300), Target(10, None), (10, 8)),
        ((400, 300), Target(200, None, Fit.FILL), (200, 300)),
        ((1000, 1), Target(10, None), (10, 1)),
        ((400, 300), Target(350, 350, Fit.COVER, without_enlargement=True), (350, 300)),
        ((400, 300), Target(350, 350, Fit.CONTAIN, without_enlargement=True), (350, 350)),
        ((400, 300), Target(100, None, without_reduction=True), (100, 300)),
    ],
)
def test_resized_sizes_are_the_contracts(size: tuple[int, int], target: Target, expected: tuple[int, int]) -> None:
    assert resized(Size(*size), target) == expected


@pytest.mark.parametrize(
    ("size", "target", "denominator", "expected"),
    [
        ((400, 300), Target(10, None), 8, (10, 7)),
        ((1001, 667), Target(100, None), 8, (100, 66)),
        ((553, 777), Target(337, 241, Fit.INSIDE), 2, (171, 241)),
        ((400, 300), Target(50, None), 4, (50, 38)),
        ((400, 300), Target(20, None), 8, (20, 15)),
    ],
)
def test_a_jpeg_shrunk_on_load_has_the_contracts_size(
    size: tuple[int, int], target: Target, denominator: int, expected: tuple[int, int]
) -> None:
    assert geometry.jpeg_denominator(Size(*size), target) == denominator
    assert resized(geometry.jpeg_decoded(Size(*size), denominator), target) == expected


def test_slow_shrink_on_load_leaves_a_factor_of_two() -> None:
    assert geometry.jpeg_denominator(Size(4000, 3000), Target(300, None)) == 8
    assert geometry.jpeg_denominator(Size(4000, 3000), Target(300, None), fast=False) == 4


def test_a_webp_is_scaled_while_it_is_decoded() -> None:
    decoded = geometry.webp_decoded(Size(207, 859), Target(None, 80))
    assert resized(decoded, Target(None, 80)) == (19, 80)


def test_a_webp_is_scaled_by_the_reciprocal() -> None:
    """60 * (1 / (40 / 13)) lies just below the half that 60 / (40 / 13) is."""
    assert geometry.webp_decoded(Size(60, 40), Target(None, 13)) == (19, 13)


def test_auto_orient_swaps_the_target() -> None:
    target = Target(30, None).swapped
    denominator = geometry.jpeg_denominator(Size(400, 300), target)
    assert resized(geometry.jpeg_decoded(Size(400, 300), denominator), target).swapped == (30, 41)


def test_ratio_scales_the_given_side_or_both_stored_ones() -> None:
    stored = Size(400, 300)
    assert geometry.target_of(Resize(ratio=0.5), stored) == Target(200, 150)
    assert geometry.target_of(Resize(width=100, ratio=0.5), stored) == Target(50, None)
    assert geometry.target_of(Resize(width=100, height=100, ratio=0.001), stored) == Target(1, 1)


@pytest.mark.parametrize(
    ("position", "offset"),
    [
        (Position.CENTRE, (26, 0)),
        (Position.EAST, (51, 0)),
        (Position.WEST, (0, 0)),
        (Position.NORTHEAST, (51, 0)),
        (Position.ATTENTION, (26, 0)),
    ],
)
def test_cover_keeps_the_positioned_part(position: Position, offset: tuple[int, int]) -> None:
    assert geometry.cover_offset(Size(101, 51), Size(50, 51), position) == offset


def test_contain_places_by_position() -> None:
    assert geometry.contain_offset(Size(100, 50), Size(100, 101), Position.CENTRE) == (0, 25)
    assert geometry.contain_offset(Size(100, 50), Size(100, 101), Position.SOUTH) == (0, 51)


@pytest.mark.parametrize(
    ("point", "corner"),
    [
        ((0.5, 0.5), (150, 100)),
        ((0, 0), (0, 0)),
        ((1, 1), (300, 200)),
        ((0.25, 0.9), (50, 200)),
        ((0.3, 0.4), (70, 70)),
    ],
)
def test_a_focal_point_stays_as_near_to_the_middle_as_the_picture_allows(
    point: tuple[float, float], corner: tuple[int, int]
) -> None:
    assert geometry.focal_offset(Size(400, 300), Size(100, 100), point) == corner


@pytest.mark.parametrize("angle", [1, 30, 45, 89.5, -17, 200])
def test_canvases_are_those_that_the_filters_make(angle: float) -> None:
    matrix = (1.1, 0.3, -0.2, 0.7)
    for width, height in [(400, 300), (1, 7), (33, 21)]:
        assert geometry.rotated_canvas(Size(width, height), angle) == warp.rotated_size(width, height, angle)
        assert geometry.affine_canvas(Size(width, height), matrix) == warp.affine_size(width, height, matrix)


def test_canvases_of_turns() -> None:
    assert geometry.rotated_canvas(Size(400, 300), 450) == (300, 400)
    assert geometry.rotated_canvas(Size(400, 300), 45) == (495, 495)
    assert geometry.affine_canvas(Size(400, 300), (1, 0.3, 0.1, 0.7)) == (490, 250)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("10", 10), ("10.7", 10), ("-10", 350), ("33p", 132), ("100p", 400), ("-10p", 320), ("0", 0)],
)
def test_overlay_offsets(value: str, expected: int) -> None:
    assert geometry.overlay_offset(value, 400, 40) == expected


@pytest.mark.parametrize(
    ("face", "padding", "box"),
    [
        ((0.25, 0.1, 0.5, 0.4), 0, (100, 30, 200, 120)),
        ((0.25, 0.1, 0.5, 0.4), 10, (90, 20, 220, 140)),
        ((0.25, 0.1, 0.5, 0.4), 1000, (0, 0, 400, 300)),
        ((-0.1, 0.8, 0.5, 0.4), 0, (0, 240, 200, 59)),
    ],
)
def test_faces_are_cut_as_binary_floating_point_has_it(
    face: tuple[float, float, float, float], padding: float, box: tuple[int, int, int, int]
) -> None:
    assert geometry.face_box(Size(400, 300), face, padding) == box


def test_a_box_beyond_the_edge_or_without_area_is_not_inside() -> None:
    assert Box(0, 0, 400, 300).inside(Size(400, 300))
    assert not Box(390, 0, 20, 10).inside(Size(400, 300))
    assert not Box(0, 0, 0, 10).inside(Size(400, 300))


TURNS = [Turn(q, flip, flop) for q in range(4) for flip in (False, True) for flop in (False, True)]


@pytest.mark.parametrize("turn", TURNS)
def test_turns_are_put_together_and_taken_apart(turn: Turn) -> None:
    picture = np.arange(6).reshape(2, 3, 1).astype(np.uint8)
    for later in TURNS:
        assert np.array_equal(turned(picture, turn.then(later)), turned(turned(picture, turn), later))
    transpose, flip, flop = turn.mirrors
    mirrored = picture.transpose(1, 0, 2) if transpose else picture
    mirrored = mirrored[::-1] if flip else mirrored
    assert np.array_equal(turned(picture, turn), mirrored[:, ::-1] if flop else mirrored)


@pytest.mark.parametrize("turn", TURNS)
def test_a_box_of_the_turned_picture_is_found_again_before_the_turn(turn: Turn) -> None:
    picture = np.arange(7 * 5).reshape(5, 7, 1)
    turned_picture = turned(picture, turn)
    height, width = turned_picture.shape[:2]
    wanted = Box(1, 2, 3, 2)
    found = turn.before(wanted, Size(width, height))
    part = picture[found.top : found.top + found.height, found.left : found.left + found.width]
    assert np.array_equal(turned(part, turn), turned_picture[2:4, 1:4])


@pytest.mark.parametrize(
    ("side", "shrink", "out", "first"),
    [
        (83, 2.42, 34, 0.36),  # 34 results cover 82.28 pixels: 0.36 is left out on both ends
        (121, 121 / 50, 50, 0.0),
        (10, 2.5, 4, 0.0),
        (83, 5.0, 17, -0.5),  # boxes of two pixels: 42 of them, the last one half beyond
        (3, 3.0, 1, 0.0),
    ],
)
def test_what_rounding_leaves_over_is_shared_by_both_ends(side: int, shrink: float, out: int, first: float) -> None:
    assert geometry.first_sample(side, shrink, out) == pytest.approx(first)
