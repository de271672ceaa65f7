"""Compositing: modes, placement, tiles and the watermark path."""

from typing import Any

import numpy as np
import pytest
import pyvips

from pixelshift._native import Level, _blend
from pixelshift.edits.types import Position
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging.compose import BLEND_MODES, composite, opacity_of, tile_corner, watermark
from tests.support import porter_duff
from tests.support.pixels import Pixels, as_vips, from_vips, noise, solid

EDGES = np.array([0, 1, 2, 64, 127, 128, 129, 254, 255], np.uint8)


def edge_cases(seed: int) -> Pixels:
    """RGBA of the values at which formulas change branch."""
    return np.random.default_rng(seed).choice(EDGES, (64, 67, 4))


@pytest.mark.parametrize("mode", _blend.MODES)
@pytest.mark.parametrize("seed", range(2))
def test_every_mode_is_within_rounding_of_double_precision(mode: str, seed: int, cpu: Level) -> None:
    for base, overlay in (
        (noise(64, 67, 4, seed), noise(64, 67, 4, seed + 10)),
        (edge_cases(seed), edge_cases(seed + 10)),
    ):
        result = base.copy()
        _blend.blend(result, overlay, left=0, top=0, mode=mode, cpu=cpu)
        assert np.abs(result - porter_duff.blend(base, overlay, mode)).max() < 0.51


@pytest.mark.parametrize("mode", _blend.MODES)
def test_every_mode_agrees_with_libvips_to_one_level(mode: str) -> None:
    base, overlay = noise(64, 67, 4, 1), noise(64, 67, 4, 2)
    theirs = from_vips(as_vips(base).composite2(as_vips(overlay), mode, x=0, y=0)).astype(int)
    ours = composite(base, overlay, left=0, top=0, blend=mode).astype(int)
    # libvips cuts the fraction; where alpha is cut to 0 its colours are lost.
    visible = (theirs[..., 3] > 0) & (ours[..., 3] > 0)
    assert np.abs(ours - theirs)[visible].max(initial=0) <= 1
    assert np.abs(ours - theirs)[..., 3].max() <= 1


@pytest.mark.parametrize("mode", _blend.MODES)
@pytest.mark.parametrize(("left", "top"), [(3, 2), (-4, -3), (15, 11), (40, 3), (3, -40)])
def test_overlay_is_clipped_at_the_canvas_as_in_libvips(mode: str, left: int, top: int) -> None:
    base, overlay = noise(19, 23, 4, 3) | 128, noise(11, 13, 4, 4)
    theirs = from_vips(as_vips(base).composite2(as_vips(overlay), mode, x=left, y=top)).astype(int)
    ours = composite(base, overlay, left=left, top=top, blend=mode).astype(int)
    visible = (theirs[..., 3] > 0) & (ours[..., 3] > 0)
    assert np.abs(ours - theirs)[visible].max(initial=0) <= 1
    assert np.abs(ours - theirs)[..., 3].max() <= 1


@pytest.mark.parametrize("offset", [-(10**30), -(2**31), 2**31, 10**30])
def test_offset_beyond_any_integer_type_leaves_the_base(offset: int) -> None:
    base = noise(5, 6, 4)
    assert np.array_equal(composite(base, solid((255, 0, 0, 255)), left=offset, top=0), base | np.uint8(0))


@pytest.mark.parametrize("base_channels", [1, 2, 3, 4])
@pytest.mark.parametrize("overlay_channels", [1, 2, 3, 4])
def test_result_has_alpha_whatever_the_inputs_have(base_channels: int, overlay_channels: int) -> None:
    base, overlay = noise(9, 8, base_channels), noise(4, 5, overlay_channels, 1)
    result = composite(base, overlay, left=2, top=3)
    assert result.shape == (9, 8, 4)
    if base_channels in {1, 3}:
        assert (result[..., 3] == 255).all()
    if overlay_channels == 3:
        assert np.array_equal(result[3:7, 2:7, :3], overlay)


def test_premultiplied_overlay_is_taken_as_it_is() -> None:
    straight = solid((200, 100, 50, 128))
    weighted = solid((100, 50, 25, 128))
    base = solid((10, 20, 30, 255))
    ours = composite(base, weighted, left=0, top=0, premultiplied=True).astype(int)
    assert np.abs(ours - composite(base, straight, left=0, top=0)).max() <= 1


def test_both_spellings_of_colour_are_one_mode() -> None:
    base, overlay = noise(9, 8, 4), noise(9, 8, 4, 1)
    for name in ("dodge", "burn"):
        ours = composite(base, overlay, left=0, top=0, blend=f"color-{name}")
        assert np.array_equal(ours, composite(base, overlay, left=0, top=0, blend=f"colour-{name}"))


def test_unknown_mode_is_refused_with_the_names_that_are_known() -> None:
    with pytest.raises(InvalidRequestError, match="multiply"):
        composite(solid((1, 2, 3)), solid((1, 2, 3)), left=0, top=0, blend="darker")


def test_contract_names_every_mode() -> None:
    named = (
        "clear source over in out atop dest dest-over dest-in dest-out dest-atop xor add saturate multiply screen "
        "overlay darken lighten colour-dodge color-dodge colour-burn color-burn hard-light soft-light difference "
        "exclusion"
    )
    assert set(BLEND_MODES) == set(named.split())


@pytest.mark.parametrize(("left", "top"), [(0, 0), (2, 1), (-7, -9), (100, 50), (-(2**31), 2**31 - 1)])
def test_tiles_repeat_in_all_directions_from_the_corner(left: int, top: int) -> None:
    overlay = noise(4, 5, 3)
    result = composite(solid((0, 0, 0), 17, 23), overlay, left=left, top=top, tile=True)
    rows, columns = (np.arange(17) - top) % 4, (np.arange(23) - left) % 5
    assert np.array_equal(result[..., :3], overlay[rows][:, columns])


CENTRE = Position.CENTRE
# Measured on sharp 0.34.2: the overlay's pixel that lands on the base's corner.
TILES = [
    ((13, 9), None, CENTRE, (1, 2)),
    ((13, 9), None, Position.NORTH, (1, 0)),
    ((13, 9), None, Position.SOUTHEAST, (2, 3)),
    ((13, 9), None, Position.WEST, (0, 2)),
    ((13, 9), (0, 0), CENTRE, (0, 0)),
    ((13, 9), (1, 1), CENTRE, (1, 1)),
    ((13, 9), (3, 9), CENTRE, (2, 3)),
    ((20, 12), None, CENTRE, (3, 0)),
    ((20, 12), (1, 1), CENTRE, (1, 0)),
    ((20, 12), (3, 9), CENTRE, (3, 0)),
    ((11, 8), None, CENTRE, (2, 2)),
    ((11, 8), None, Position.SOUTHEAST, (4, 0)),
    ((11, 8), (3, 9), CENTRE, (3, 0)),
]


@pytest.mark.parametrize(("base", "offset", "gravity", "first"), TILES)
def test_tiles_start_where_sharp_starts_them(
    base: tuple[int, int], offset: tuple[int, int] | None, gravity: Position, first: tuple[int, int]
) -> None:
    left, top = tile_corner(base, (5, 4), offset=offset, gravity=gravity)
    assert (-left % 5, -top % 4) == first


@pytest.mark.parametrize("width", range(1, 30))
def test_watermark_on_rgb_is_exact_integer_over(width: int, cpu: Level) -> None:
    base, overlay = noise(3, width, 3, width), noise(3, width, 4, width + 1)
    for opacity in (0, 1, 127, 255):
        result = base.copy()
        _blend.blend(result, overlay, left=0, top=0, opacity=opacity, cpu=cpu)
        cover = np.rint(overlay[..., 3:] * (opacity / 255))
        assert np.array_equal(result, np.rint((overlay[..., :3] * cover + base * (255 - cover)) / 255))


def test_watermark_keeps_the_channels_and_agrees_with_composite() -> None:
    base, overlay = noise(30, 31, 3), noise(12, 14, 4, 1)
    marked = watermark(base, overlay, left=-3, top=22)
    assert marked.shape == base.shape
    assert np.array_equal(marked, composite(base, overlay, left=-3, top=22)[..., :3])
    assert watermark(base[..., :1], overlay, left=0, top=0).shape == (30, 31, 4)


@pytest.mark.parametrize(
    ("alpha", "factor"), [(0, 255), (100, 0), (50, 127), (1, 252), (99, 2), (30, 178), (-5, 255), (1000, 0)]
)
def test_overlay_alpha_is_per_cent_of_transparency(alpha: int, factor: int) -> None:
    assert opacity_of(alpha) == factor


def test_premultiplying_and_back_keeps_opaque_and_empties_clear_pixels(cpu: Level) -> None:
    picture = noise(13, 17, 4)
    picture[..., 3] = np.where(np.arange(17) % 2, 255, 0)
    there, back = np.empty_like(picture), np.empty_like(picture)
    _blend.premultiply(there, picture, cpu=cpu)
    _blend.unpremultiply(back, there, cpu=cpu)
    assert np.array_equal(back, np.where(picture[..., 3:] == 255, picture, 0))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_adapter_refuses_pictures_that_are_not_rgba(channels: int) -> None:
    other = noise(4, 4, channels)
    with pytest.raises(ValueError, match="cannot blend"):
        _blend.blend(noise(4, 4, 4), other, left=0, top=0)
    with pytest.raises(ValueError, match="RGBA"):
        _blend.premultiply(other, other)


def test_adapter_refuses_what_it_cannot_write_to() -> None:
    frozen = noise(4, 4, 4)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        _blend.blend(frozen, noise(4, 4, 4), left=0, top=0)


def peer_watermark(base: Pixels, overlay: Pixels, opacity: int) -> Any:
    faded = as_vips(overlay).composite2(
        pyvips.Image.new_from_array(solid((0, 0, 0, opacity), *overlay.shape[:2])).copy(interpretation="srgb"),
        "dest-in",
        x=0,
        y=0,
    )
    return from_vips(as_vips(base).composite2(faded, "over", x=0, y=0))


@pytest.mark.parametrize("opacity", [0, 76, 127, 255])
def test_watermark_agrees_with_how_the_service_upstream_fades_overlays(opacity: int) -> None:
    base, overlay = noise(20, 21, 3), noise(20, 21, 4, 5)
    ours = watermark(base, overlay, left=0, top=0, opacity=opacity).astype(int)
    assert np.abs(ours - peer_watermark(base, overlay, opacity)[..., :3]).max() <= 2
