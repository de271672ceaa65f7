"""What holds for every size, whatever is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from pixelshift.edits.types import Fit, Position
from pixelshift.imaging import geometry
from pixelshift.imaging.geometry import Size, Target

sides = st.integers(1, 20_000)
sizes = st.builds(Size, sides, sides)
targets = st.builds(Target, st.none() | sides, st.none() | sides, st.sampled_from(Fit), st.booleans(), st.booleans())


@given(sizes, targets)
def test_no_side_vanishes_and_the_flags_bound_the_scale(size: Size, target: Target) -> None:
    shrink = geometry.shrink_factors(size, target)
    scaled = geometry.scaled(size, shrink)
    assert min(scaled) >= 1
    if target.without_enlargement:
        assert scaled.width <= size.width
        assert scaled.height <= size.height
    elif target.without_reduction:
        assert scaled.width >= size.width
        assert scaled.height >= size.height


@given(sizes, sizes, st.sampled_from(Fit))
def test_the_canvas_is_what_the_fit_promises(size: Size, box: Size, fit: Fit) -> None:
    target = Target(box.width, box.height, fit)
    scaled = geometry.scaled(size, geometry.shrink_factors(size, target))
    out = geometry.canvas(scaled, target)
    if fit is Fit.FILL:
        assert out == box
    elif fit in {Fit.COVER, Fit.CONTAIN}:
        # A side may not vanish, so extreme shapes miss the box by what one pixel is worth.
        assert out == box or min(scaled) == 1
    elif fit is Fit.INSIDE:
        assert (out.width <= box.width and out.height <= box.height) or min(out) == 1
    else:
        assert (out.width >= box.width and out.height >= box.height) or min(out) == 1


@given(sizes, targets, st.sampled_from(Position))
def test_windows_lie_inside(size: Size, target: Target, position: Position) -> None:
    scaled = geometry.scaled(size, geometry.shrink_factors(size, target))
    out = geometry.canvas(scaled, Target(target.width, target.height, Fit.COVER))
    left, top = geometry.cover_offset(scaled, out, position)
    assert 0 <= left <= scaled.width - out.width
    assert 0 <= top <= scaled.height - out.height
    larger = geometry.canvas(scaled, Target(target.width, target.height, Fit.CONTAIN))
    left, top = geometry.contain_offset(scaled, larger, position)
    assert 0 <= left <= larger.width - scaled.width
    assert 0 <= top <= larger.height - scaled.height


@given(sizes, targets, st.booleans())
def test_shrink_on_load_never_goes_below_the_result(size: Size, target: Target, fast: bool) -> None:
    denominator = geometry.jpeg_denominator(size, target, fast)
    assert denominator in {1, 2, 4, 8}
    if denominator > 1:
        shrink = min(geometry.shrink_factors(size, target))
        assert shrink >= denominator * (1 if fast else 2)
    decoded = geometry.webp_decoded(size, target)
    assert decoded.width <= size.width
    assert decoded.height <= size.height


@given(sizes, st.tuples(*[st.floats(-1, 2)] * 4), st.floats(-1e4, 1e4))
def test_a_face_box_never_leaves_the_picture(
    size: Size, face: tuple[float, float, float, float], padding: float
) -> None:
    box = geometry.face_box(size, face, padding)
    if min(box.width, box.height) > 0 and box.left < size.width and box.top < size.height:
        assert box.inside(size)
