"""Every filter against libvips, the engine behind sharp, called as sharp calls it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pyvips

from pixelshift.edits import types as edits
from pixelshift.imaging.filters import FILTERS, gamma_in, gamma_out, rotate_any
from tests.support.pixels import Pixels, as_vips, from_vips, noise, waves

Peer = Callable[[Any], Any]


def matrix(rows: list[list[float]], scale: float = 1.0, offset: float = 0.0) -> Any:
    return pyvips.Image.new_from_array(rows, scale=scale, offset=offset)


def in_lch(brightness: float, saturation: float, hue: float, lightness: float) -> Peer:
    return lambda v: v.colourspace("lch").linear([brightness, saturation, 1], [lightness, 0, hue]).colourspace("srgb")


def sharpened(sigma: float, **curve: float) -> Peer:
    defaults = {"m1": 1.0, "m2": 2.0, "x1": 2.0, "y2": 10.0, "y3": 20.0}
    return lambda v: v.sharpen(sigma=sigma, **{**defaults, **curve}).colourspace("srgb")


UNEVEN = [[1.0, 2.0, 1.5, 0.25], [0.0, -1.0, 0.2, -0.5], [0.3, 0.3, 0.1, 0.7]]
SEPIA = [[0.3588, 0.7044, 0.1368], [0.2990, 0.5870, 0.1140], [0.2392, 0.4696, 0.0912]]

# Edit, the same in libvips, levels of tolerance (docs/reference/filters.md says where they come from).
CASES: list[tuple[edits.Edit, Peer, int]] = [
    (edits.Greyscale(), lambda v: v.colourspace("b-w"), 0),
    (edits.Blur(), lambda v: v.conv(matrix([[1.0] * 3] * 3, scale=9)), 0),
    (edits.Blur(0.5), lambda v: v.gaussblur(0.5, precision="integer", min_ampl=0.2), 0),
    (edits.Blur(1.0), lambda v: v.gaussblur(1.0, precision="integer", min_ampl=0.2), 1),
    (edits.Blur(5.0), lambda v: v.gaussblur(5.0, precision="integer", min_ampl=0.2), 1),
    (edits.Blur(12.0), lambda v: v.gaussblur(12.0, precision="integer", min_ampl=0.2), 2),
    (edits.Blur(2.0, "approximate"), lambda v: v.gaussblur(2.0, precision="approximate", min_ampl=0.2), 1),
    (edits.Blur(9.0, "approximate", 0.05), lambda v: v.gaussblur(9.0, precision="approximate", min_ampl=0.05), 1),
    (edits.Blur(3.0, min_amplitude=0.01), lambda v: v.gaussblur(3.0, precision="integer", min_ampl=0.01), 1),
    (edits.Sharpen(), lambda v: v.conv(matrix([[-1.0] * 3, [-1.0, 32.0, -1.0], [-1.0] * 3], scale=24)), 0),
    (edits.Sharpen(0.5), sharpened(0.5), 1),
    (edits.Sharpen(2.0), sharpened(2.0), 1),
    (edits.Sharpen(1.5, 0.0, 3.0, 1.0, 25.0, 5.0), sharpened(1.5, m1=0.0, m2=3.0, x1=1.0, y2=25.0, y3=5.0), 1),
    (edits.Median(1), lambda v: v.median(1), 0),
    (edits.Median(2), lambda v: v.median(2), 0),
    (edits.Median(3), lambda v: v.median(3), 0),
    (edits.Median(4), lambda v: v.median(4), 0),
    (edits.Median(5), lambda v: v.median(5), 0),
    (edits.Median(9), lambda v: v.median(9), 0),
    (edits.Clahe(3, 3), lambda v: v.hist_local(3, 3, max_slope=3), 0),
    (edits.Clahe(10, 7), lambda v: v.hist_local(10, 7, max_slope=3), 0),
    (edits.Clahe(20, 20, 0), lambda v: v.hist_local(20, 20, max_slope=0), 0),
    (edits.Clahe(5, 9, 50), lambda v: v.hist_local(5, 9, max_slope=50), 0),
    (
        edits.Convolve(4, 3, tuple(np.ravel(UNEVEN)), 4.4, 3.3),
        lambda v: v.conv(matrix(UNEVEN, scale=4.4, offset=3.3)),
        0,
    ),
    (edits.Modulate(1.2), in_lch(1.2, 1, 0, 0), 1),
    (edits.Modulate(saturation=0.5), in_lch(1, 0.5, 0, 0), 1),
    (edits.Modulate(hue=-90), in_lch(1, 1, -90, 0), 1),
    (edits.Modulate(0.7, 1.6, 200, 5.0), in_lch(0.7, 1.6, 200, 5.0), 1),
    (edits.Negate(), lambda v: v.invert(), 0),
    (edits.Linear((1.3,), (-20.5,)), lambda v: v.linear([1.3], [-20.5], uchar=True), 1),
    (edits.Linear((1.3, 0.5, 2), (0, 9, -9)), lambda v: v.linear([1.3, 0.5, 2], [0, 9, -9], uchar=True), 1),
    (edits.Recomb(tuple(map(tuple, SEPIA))), lambda v: v.recomb(matrix(SEPIA)), 1),
    (edits.Bandbool("eor"), lambda v: v.bandbool("eor"), 0),
    (edits.Threshold(100), lambda v: v.colourspace("b-w") >= 100, 0),
    (edits.Threshold(100, greyscale=False), lambda v: v >= 100, 0),
    (edits.Affine((1, 0.3, 0.1, 0.7)), lambda v: v.affine([1, 0.3, 0.1, 0.7], background=[0, 0, 0]), 1),
    (edits.Affine((-1, 0.2, 0.3, 1.4)), lambda v: v.affine([-1, 0.2, 0.3, 1.4], background=[0, 0, 0]), 1),
]


def worst(ours: Pixels, theirs: Pixels) -> int:
    assert ours.shape == theirs.shape
    return int(np.abs(ours.astype(int) - theirs).max())


@pytest.mark.parametrize(("edit", "peer", "tolerance"), CASES, ids=[repr(case[0]) for case in CASES])
@pytest.mark.parametrize("picture", [noise(37, 43, 3), waves(41, 53, 3)], ids=["noise", "waves"])
def test_filter_agrees_with_libvips(edit: edits.Edit, peer: Peer, tolerance: int, picture: Pixels) -> None:
    before = picture.copy()
    ours = FILTERS[type(edit)](picture, edit)
    assert worst(ours, from_vips(peer(as_vips(picture)))) <= tolerance
    assert np.array_equal(picture, before), "the input must stay as it was"
    assert ours.flags.c_contiguous


@pytest.mark.parametrize("angle", [30.0, 45.0, 10.5, 200.0, -77.0])
def test_rotation_by_any_angle_agrees_with_libvips(angle: float) -> None:
    picture = noise(23, 31, 3)
    assert worst(rotate_any(picture, angle), from_vips(as_vips(picture).rotate(angle))) <= 1


@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.2, 3.0])
def test_gamma_curves_agree_with_libvips(exponent: float) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256, 1)
    edit = edits.Gamma(exponent)
    assert worst(gamma_in(ramp, edit), from_vips(as_vips(ramp).gamma(exponent=1 / exponent))) <= 1
    assert worst(gamma_out(ramp, edit), from_vips(as_vips(ramp).gamma(exponent=exponent))) <= 1


@pytest.mark.parametrize("lower", [0, 1, 10])
@pytest.mark.parametrize("upper", [60, 99, 100])
@pytest.mark.parametrize("seed", range(3))
def test_normalise_agrees_with_libvips(lower: int, upper: int, seed: int) -> None:
    picture = (noise(29, 31, 3, seed) // 3 + 60 + 10 * seed).astype(np.uint8)
    space = as_vips(picture).colourspace("lab")
    light = space[0]
    low = int(light.min() if lower == 0 else light.percent(lower))
    high = int(light.max() if upper == 100 else light.percent(upper))
    scale = 100 / (high - low)
    stretched = light.linear(scale, -low * scale).bandjoin(space.extract_band(1, n=2)).colourspace("srgb")
    ours = FILTERS[edits.Normalise](picture, edits.Normalise(lower, upper))
    assert worst(ours, from_vips(stretched)) <= 1


def premultiplied(peer: Peer) -> Peer:
    """As sharp does: colours weighted by alpha are cut to whole levels before the filter, not after it."""
    return lambda v: peer(v.premultiply().cast("uchar")).unpremultiply().cast("uchar")


BOX, EDGES = [[1.0] * 3] * 3, [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("edit", "peer"),
    [
        (edits.Blur(), lambda v: v.conv(matrix(BOX, scale=9))),
        (edits.Sharpen(), lambda v: v.conv(matrix([[-1.0] * 3, [-1.0, 32.0, -1.0], [-1.0] * 3], scale=24))),
        (edits.Convolve(3, 3, tuple(np.ravel(EDGES)), 1.0), lambda v: v.conv(matrix(EDGES))),
        (edits.Convolve(3, 3, tuple(np.ravel(BOX)), 4.0, 20.0), lambda v: v.conv(matrix(BOX, scale=4, offset=20))),
    ],
    ids=["box", "sharpen", "edges", "bright"],
)
def test_alpha_that_a_kernel_drives_out_of_its_range_counts_until_it_is_written(edit: edits.Edit, peer: Peer) -> None:
    picture = waves(40, 40, 4)
    ours = FILTERS[type(edit)](picture, edit)
    theirs = from_vips(premultiplied(peer)(as_vips(picture)))
    seen = (ours[..., 3] > 0) & (theirs[..., 3] > 0)
    assert np.abs(ours[..., 3].astype(int) - theirs[..., 3]).max() <= 1
    assert np.abs(ours.astype(int) - theirs)[seen].max() <= 1


def test_blur_of_a_translucent_picture_is_done_on_premultiplied_colours() -> None:
    picture = waves(40, 40, 4)
    peer = premultiplied(lambda v: v.gaussblur(2, precision="integer"))(as_vips(picture))
    ours = FILTERS[edits.Blur](picture, edits.Blur(2.0))
    solid_enough = ours[..., 3] > 64
    difference = np.abs(ours.astype(int) - from_vips(peer))[solid_enough]
    assert difference[:, 3].max() <= 1
    assert difference[:, :3].max() <= 4, "a level of a premultiplied colour is four at alpha 64"


@pytest.mark.parametrize("numbers", [(1, 0.3, 0.1, 0.7), (0.8, -0.6, 0.6, 0.8), (2, 0, 0, 1.5)])
def test_affine_of_a_translucent_picture_agrees_with_libvips(numbers: tuple[float, float, float, float]) -> None:
    picture = waves(40, 40, 4)
    ours = FILTERS[edits.Affine](picture, edits.Affine(numbers))
    theirs = from_vips(as_vips(picture).affine(list(numbers), background=[0, 0, 0, 255]))
    assert ours.shape == theirs.shape
    cover = theirs[..., 3:] / 255
    assert np.abs(ours[..., 3].astype(int) - theirs[..., 3]).max() <= 1
    assert (np.abs(ours[..., :3].astype(int) - theirs[..., :3]) * cover).max() <= 1.1
