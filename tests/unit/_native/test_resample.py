from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelshift._native import Level, _exact, _resample
from tests.support import resampling

Picture = NDArray[np.uint8]
BOTH = [_resample.resize, _exact.resize]
SMOOTH = [name for name in _resample.KERNELS if name != "nearest"]
# Source and result as (width, height): reducing, enlarging, both, single rows and columns, the same size, one pixel.
SIZES = [
    ((61, 43), (17, 11)),
    ((61, 43), (60, 42)),
    ((61, 43), (61, 43)),
    ((37, 29), (95, 80)),
    ((50, 9), (13, 40)),
    ((1, 57), (1, 5)),
    ((57, 1), (5, 1)),
    ((3, 2), (70, 33)),
    ((1, 1), (9, 7)),
    ((300, 220), (1, 1)),
]


def noise(width: int, height: int, channels: int, seed: int = 7) -> Picture:
    """Half noise, half black and white blocks: what overshoots most."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    blocks = rng.integers(0, 2, ((height + 3) // 4, (width + 3) // 4, channels), dtype=np.uint8) * 255
    coarse = np.repeat(np.repeat(blocks, 4, axis=0), 4, axis=1)[:height, :width]
    picture[:, width // 2 :] = coarse[:, width // 2 :]
    return picture


def resized(
    picture: Picture,
    size: tuple[int, int],
    kernel: str,
    cpu: Level,
    *,
    box: resampling.Box | None = None,
    premultiply: bool = True,
) -> Picture:
    result = np.full((size[1], size[0], picture.shape[2]), 99, dtype=np.uint8)
    _resample.resize(result, picture, kernel=kernel, box=box, premultiply=premultiply, cpu=cpu)
    return result


def worst_error(result: Picture, exact: resampling.Reals) -> float:
    return float(np.abs(result - np.clip(exact, 0, 255)).max())


@pytest.mark.parametrize("kernel", SMOOTH)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_is_within_seven_tenths_of_a_level_of_float64(cpu: Level, kernel: str, channels: int) -> None:
    for source, size in SIZES:
        picture = noise(*source, channels)
        exact = resampling.resample(picture, size, kernel)
        assert worst_error(resized(picture, size, kernel, cpu), exact) < 0.6, (source, size)


@pytest.mark.parametrize("kernel", SMOOTH)
@pytest.mark.parametrize("source", [(4096, 3), (3, 4096), (4000, 20)])
@pytest.mark.parametrize("period", [1, 2, 3])
def test_stripes_and_flats_stay_true_at_huge_ratios(
    cpu: Level, kernel: str, source: tuple[int, int], period: int
) -> None:
    width, height = source
    stripes = ((np.arange(width)[None, :] + np.arange(height)[:, None]) % period == 0).astype(np.uint8)
    picture = np.ascontiguousarray((stripes * 204 + 13)[..., None].astype(np.uint8))
    exact = resampling.resample(picture, (2, 2), kernel)
    assert worst_error(resized(picture, (2, 2), kernel, cpu), exact) < 0.6


@pytest.mark.parametrize("kernel", _resample.KERNELS)
def test_a_box_in_sub_pixels_is_honoured(cpu: Level, kernel: str) -> None:
    picture = noise(71, 53, 3)
    for box in [(0.5, 0.25, 70.75, 52.5), (10.2, 11.9, 12.1, 12.4), (70.1, 0.0, 71.0, 53.0), (3.0, 4.0, 35.0, 20.0)]:
        for size in [(16, 8), (40, 30)]:
            exact = resampling.resample(picture, size, kernel, box)
            assert worst_error(resized(picture, size, kernel, cpu, box=box), exact) < 0.6, (box, size)


def test_nearest_copies_the_pixel_under_the_centre(cpu: Level) -> None:
    picture = noise(64, 48, 4)
    for size in [(64, 48), (16, 12), (13, 7), (200, 150), (1, 1)]:
        exact = resampling.resample(picture, size, "nearest")
        assert np.array_equal(resized(picture, size, "nearest", cpu), exact.astype(np.uint8)), size


@pytest.mark.parametrize("kernel", SMOOTH)
@pytest.mark.parametrize("channels", [2, 4])
def test_colour_is_weighted_by_alpha(cpu: Level, kernel: str, channels: int) -> None:
    for source, size in SIZES:
        picture = noise(*source, channels)
        colour, alpha = resampling.resample_premultiplied(picture, size, kernel)
        result = resized(picture, size, kernel, cpu).astype(np.float64)
        assert np.abs(result[..., -1] - np.clip(alpha, 0, 255)).max() < 0.6
        # Dividing by alpha stretches the error by 255 / alpha: compare as premultiplied, where 0.5 is the rounding.
        solid = alpha > 8
        exact = np.clip(colour * 255 / np.where(solid, alpha, 1)[..., None], 0, 255)
        error = np.abs(result[..., :-1] - exact) - 0.5
        assert (error * np.clip(alpha, 0, 255)[..., None] / 255)[solid].max(initial=0) < 0.15, (source, size)


def test_invisible_colour_does_not_bleed(cpu: Level) -> None:
    picture = np.zeros((32, 32, 4), dtype=np.uint8)
    picture[:, :16] = (200, 100, 50, 255)
    picture[:, 16:] = (0, 255, 0, 0)
    result = resized(picture, (8, 8), "lanczos3", cpu)
    solid = result[..., 3] > 16
    assert (result[solid][:, :3] == (200, 100, 50)).all()
    # Where ringing leaves an alpha of 1 or 2, colour is as coarse as alpha; green of the unseen half would be above.
    assert result[~solid][:, 1].max() < 130
    assert (result[result[..., 3] == 0] == 0).all()


def test_without_premultiplication_channels_are_independent(cpu: Level) -> None:
    picture = noise(40, 30, 4)
    result = resized(picture, (11, 9), "cubic", cpu, premultiply=False)
    assert worst_error(result, resampling.resample(picture, (11, 9), "cubic")) < 0.6


@pytest.mark.parametrize("kernel", _resample.KERNELS)
def test_every_level_gives_the_same_bytes(cpu: Level, kernel: str) -> None:
    for channels in (1, 2, 3, 4):
        for source, size in SIZES:
            picture = noise(*source, channels)
            for premultiply in (True, False):
                here = resized(picture, size, kernel, cpu, premultiply=premultiply)
                specified = resized(picture, size, kernel, "scalar", premultiply=premultiply)
                assert np.array_equal(here, specified), (channels, source, size, premultiply)


# The contract's reference rows, of libvips, whose intermediate rounding may move a value by a level or two.
EDGE = np.repeat(np.array([0, 255], np.uint8), 8).reshape(1, 16, 1)


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        ("lanczos3", [0, 1, 0, 14, 241, 255, 254, 255]),
        ("lanczos2", [0, 0, 0, 17, 238, 255, 255, 255]),
        ("cubic", [0, 0, 0, 17, 238, 255, 255, 255]),
        ("mitchell", [0, 0, 0, 28, 227, 255, 255, 255]),
        ("linear", [0, 0, 0, 32, 223, 255, 255, 255]),
        ("nearest", [0, 0, 0, 0, 255, 255, 255, 255]),
    ],
)
def test_an_edge_reduces_as_the_contract_shows(cpu: Level, kernel: str, expected: list[int]) -> None:
    result = resized(EDGE, (8, 1), kernel, cpu)
    assert np.abs(result.reshape(-1).astype(int) - expected).max() <= 2


def test_a_ramp_reduces_as_the_contract_shows(cpu: Level) -> None:
    ramp = np.linspace(0, 255, 16).round().astype(np.uint8).reshape(1, 16, 1)
    result = resized(ramp, (8, 1), "lanczos3", cpu).reshape(-1).astype(int)
    assert np.abs(result - [8, 43, 77, 111, 145, 178, 212, 247]).max() <= 1


@pytest.mark.parametrize("kernel", _resample.KERNELS)
def test_weights_sum_to_one_exactly(kernel: str) -> None:
    for source, result in [(100, 7), (7, 100), (5000, 3), (1, 1), (2560, 320)]:
        bits, rows = _resample.weights(source, result, kernel=kernel)
        assert all(sum(row) == 1 << bits for _, row in rows)
        assert all(start >= 0 and start + len(row) <= source for start, row in rows)


@pytest.mark.parametrize("kernel", _resample.KERNELS)
def test_a_direction_that_keeps_its_size_is_copied_even_by_kernels_that_blur(cpu: Level, kernel: str) -> None:
    picture = noise(40, 30, 3)
    assert np.array_equal(resized(picture, (20, 10), kernel, cpu, box=(5, 4, 25, 14)), picture[4:14, 5:25])


def test_rows_may_be_strided_and_flat_grey_has_two_dimensions(cpu: Level) -> None:
    wide = noise(80, 40, 3)
    target = np.zeros((10, 50, 3), dtype=np.uint8)
    _resample.resize(target[:, 10:30], wide[:, 20:60], kernel="cubic", cpu=cpu)
    assert np.array_equal(target[:, 10:30], resized(np.ascontiguousarray(wide[:, 20:60]), (20, 10), "cubic", cpu))
    assert not target[:, :10].any()
    assert not target[:, 30:].any()
    flat = np.zeros((10, 20), dtype=np.uint8)
    _resample.resize(flat, np.ascontiguousarray(wide[..., 0]), kernel="cubic", cpu=cpu)
    assert np.array_equal(flat[..., None], resized(np.ascontiguousarray(wide[..., :1]), (20, 10), "cubic", cpu))


@pytest.mark.parametrize(
    ("dst", "src", "options", "message"),
    [
        ((4, 4, 3), (8, 8, 3), {"kernel": "sinc"}, "unknown kernel"),
        ((4, 4, 3), (8, 8, 4), {}, "channels"),
        ((4, 4, 5), (8, 8, 5), {}, "shape"),
        ((4,), (8,), {}, "shape"),
        ((0, 4, 3), (8, 8, 3), {}, "empty"),
        ((4, 4, 3), (8, 0, 3), {}, "empty"),
        ((4, 4, 3), (8, 8, 3), {"box": (0, 0, 8.5, 8)}, "box"),
        ((4, 4, 3), (8, 8, 3), {"box": (-1, 0, 8, 8)}, "box"),
        ((4, 4, 3), (8, 8, 3), {"box": (5, 0, 5, 8)}, "box"),
        ((4, 4, 3), (8, 8, 3), {"box": (0, 0, float("nan"), 8)}, "box"),
    ],
)
@pytest.mark.parametrize("resize", BOTH, ids=["ours", "pillow's"])
def test_what_does_not_fit_is_refused(
    resize: Callable[..., None], dst: tuple[int, ...], src: tuple[int, ...], options: dict[str, object], message: str
) -> None:
    arguments = {"kernel": "linear", **options}
    with pytest.raises(ValueError, match=message):
        resize(np.zeros(dst, np.uint8), np.zeros(src, np.uint8), **arguments)


@pytest.mark.parametrize("resize", BOTH, ids=["ours", "pillow's"])
def test_other_sample_types_and_layouts_are_refused(resize: Callable[..., None]) -> None:
    good = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="uint8"):
        resize(good, np.zeros((8, 8, 3), np.uint16), kernel="linear")
    with pytest.raises(ValueError, match="packed"):
        resize(good, np.zeros((8, 16, 3), np.uint8)[:, ::2], kernel="linear")
    with pytest.raises(ValueError, match="packed"):
        resize(good, np.zeros((8, 8, 3), np.uint8)[::-1], kernel="linear")
    with pytest.raises(ValueError, match="read-only"):
        resize(bytes(48), np.zeros((8, 8, 3), np.uint8), kernel="linear")
    with pytest.raises(ValueError, match="above 1048576"):
        resize(good, np.zeros((1, 2**20 + 1, 3), np.uint8), kernel="linear")
    with pytest.raises(ValueError, match="no kernels for 'mmx'"):
        resize(good, np.zeros((8, 8, 3), np.uint8), kernel="linear", cpu="mmx")


@pytest.mark.parametrize("resize", BOTH, ids=["ours", "pillow's"])
def test_calls_side_by_side_do_not_meet_in_the_memory_that_is_kept(resize: Callable[..., None]) -> None:
    """Sizes apart, so that what one call gives back is too small, or dirty, for the next."""
    picture = noise(300, 220, 3)
    sizes = [(41, 25), (290, 210), (700, 500), (41, 211), (3, 2)]

    def result(size: tuple[int, int]) -> bytes:
        out = np.empty((size[1], size[0], 3), np.uint8)
        resize(out, picture, kernel="lanczos3")
        return out.tobytes()

    alone = {size: result(size) for size in sizes}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda size: (size, result(size)), sizes * 40))
    assert all(alone[size] == found for size, found in together)


@pytest.mark.parametrize("kernel", ["cubic", "lanczos3", "mks2013"])
@pytest.mark.parametrize("low", [600, 700, 900, 1200])
def test_an_edge_that_gathers_a_whole_negative_lobe_stays_true(cpu: Level, kernel: str, low: int) -> None:
    """A window so far from the edge that only the lobe reaches beyond it, at a ratio with small weights."""
    source = np.full((8203, 1, 1), 200, np.uint8)
    result = np.empty((10, 1, 1), np.uint8)
    _resample.resize(result, source, kernel=kernel, box=(0, low, 1, low + 5120), repeat_edges=True, cpu=cpu)
    assert set(result.ravel()) == {200}
