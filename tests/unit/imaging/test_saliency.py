"""Windows around what draws the eye."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from pixelshift._native import Level, _saliency
from pixelshift.imaging.saliency import attention_box, entropy_box, salient_region
from tests.support.pixels import Pixels, as_vips, noise, solid

SAMPLES = Path(__file__).parents[3] / "samples"
SKIN = (224, 172, 138)
GREY = (120, 120, 120)


def with_patch(patch: Pixels, left: int, top: int, background: tuple[int, ...] = GREY) -> Pixels:
    picture = solid(background, 240, 320)
    picture[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
    return picture


PATCHES = {
    "red": solid((230, 20, 30), 40, 40),
    "light skin": solid(SKIN, 40, 40),
    "dark skin": solid((110, 68, 48), 40, 40),
    "texture": noise(40, 40, 1).repeat(3, 2),
}
CORNERS = [(5, 5), (270, 10), (20, 190), (265, 185), (140, 100), (60, 120)]


def holds(box: tuple[int, int], size: tuple[int, int], patch: tuple[int, int]) -> bool:
    inside_x = box[0] <= patch[0] and patch[0] + 40 <= box[0] + size[0]
    return inside_x and box[1] <= patch[1] and patch[1] + 40 <= box[1] + size[1]


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("patch", PATCHES)
def test_attention_keeps_the_object_whole(patch: str, corner: tuple[int, int]) -> None:
    picture = with_patch(PATCHES[patch], *corner)
    for size in ((100, 100), (320, 80), (90, 240), (60, 60)):
        box = attention_box(picture, *size)
        assert holds(box, size, corner)
        assert 0 <= box[0] <= 320 - size[0]
        assert 0 <= box[1] <= 240 - size[1]


@pytest.mark.parametrize("corner", CORNERS)
def test_entropy_keeps_the_textured_object(corner: tuple[int, int]) -> None:
    assert holds(entropy_box(with_patch(PATCHES["texture"], *corner), 120, 120), (120, 120), corner)


def test_attention_puts_a_lone_object_near_the_middle_of_the_window() -> None:
    left, top = attention_box(with_patch(PATCHES["red"], 150, 110), 120, 120)
    assert abs(left + 60 - 170) <= 5
    assert abs(top + 60 - 130) <= 5


def test_skin_beats_equal_texture() -> None:
    picture = with_patch(PATCHES["texture"] // 8 + 100, 30, 100)
    picture[100:140, 250:290] = SKIN
    left, _ = attention_box(picture, 120, 240)
    assert left > 150


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("box", [attention_box, entropy_box])
def test_even_picture_gives_the_middle(box: object, channels: int) -> None:
    assert callable(box)
    picture = np.full((60, 100, channels), 90, np.uint8)
    left, top = box(picture, 41, 21)
    assert abs(left - 29.5) <= 8
    assert abs(top - 19.5) <= 8
    assert attention_box(picture, 40, 20) == (30, 20)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (40, 1), (2, 3), (63, 65), (5, 300)])
def test_windows_of_any_size_lie_inside(height: int, width: int, channels: int) -> None:
    picture = noise(height, width, channels)
    for box in (attention_box, entropy_box):
        for window_width in {1, width, (width + 1) // 2}:
            for window_height in {1, height, (height + 1) // 2}:
                left, top = box(picture, window_width, window_height)
                assert 0 <= left <= width - window_width
                assert 0 <= top <= height - window_height


@pytest.mark.parametrize("box", [attention_box, entropy_box])
def test_window_larger_than_the_picture_is_refused(box: object) -> None:
    assert callable(box)
    for size in ((11, 5), (5, 11), (0, 5)):
        with pytest.raises(ValueError, match="does not fit"):
            box(noise(10, 10, 3), *size)


def test_transparent_colours_draw_no_eye() -> None:
    picture = np.concatenate([with_patch(PATCHES["red"], 20, 100), solid((255,), 240, 320)], axis=2)
    picture[100:140, 270:310, :3] = PATCHES["texture"]
    picture[:, :160, 3] = 0
    assert attention_box(picture, 120, 240)[0] > 150


def test_salient_region_surrounds_the_object() -> None:
    left, top, width, height = salient_region(with_patch(PATCHES["red"], 240, 30))
    assert left <= 242 / 320
    assert left + width >= 278 / 320
    assert top <= 32 / 240
    assert top + height >= 68 / 240
    assert width < 0.3
    assert height < 0.3
    assert salient_region(solid(GREY)) == (0.0, 0.0, 1.0, 1.0)


def photograph(name: str) -> Pixels:
    image = ImageOps.exif_transpose(Image.open(SAMPLES / name)).convert("RGB")
    image.thumbnail((800, 800))
    return np.asarray(image)


# What a person would keep: (x, y) fractions of the subject's middle.
SUBJECTS = {"dandelions.jpg": (0.33, 0.33), "fig.jpg": (0.55, 0.52), "dogs.jpg": (0.57, 0.53)}


@pytest.mark.parametrize("name", SUBJECTS)
def test_attention_keeps_the_subject_of_a_photograph(name: str) -> None:
    picture = photograph(name)
    height, width = picture.shape[:2]
    side = min(width, height) // 2
    left, top = attention_box(picture, side, side)
    x, y = SUBJECTS[name][0] * width, SUBJECTS[name][1] * height
    assert left < x < left + side
    assert top < y < top + side


def overlap(one: tuple[int, int], other: tuple[int, int], size: int) -> float:
    shared = 1.0
    for a, b in zip(one, other, strict=True):
        shared *= max(0, size - abs(a - b))
    return shared / (2 * size * size - shared)


def test_entropy_windows_are_mostly_those_of_libvips() -> None:
    overlaps = []
    for name in ("dandelions.jpg", "fig.jpg", "dogs.jpg", "mountains.jpg"):
        picture = photograph(name)
        side = min(picture.shape[:2]) // 2
        theirs = as_vips(picture).smartcrop(side, side, interesting="entropy")
        overlaps.append(overlap(entropy_box(picture, side, side), (-theirs.xoffset, -theirs.yoffset), side))
    assert np.mean(overlaps) > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (3, 40), (20, 49), (70, 131)])
def test_cells_hold_what_the_formula_says(shape: tuple[int, int], cpu: Level) -> None:
    picture = noise(*shape, 3)
    height, width = shape
    rows, columns = min(4, height), min(5, width)
    cells = np.empty((3, rows, columns), np.int64)
    _saliency.mark_cells(cells, picture, cpu=cpu)
    r, g, b = (picture[..., c].astype(int) for c in range(3))
    luma = (77 * r + 150 * g + 29 * b + 128) >> 8
    detail = np.abs(np.diff(luma, axis=1, prepend=luma[:, :1])) + np.abs(np.diff(luma, axis=0, prepend=luma[:1]))
    colour = np.maximum(picture.max(2).astype(int) - picture.min(2) - 96, 0)
    cb, cr = (128 * b - 43 * r - 85 * g) >> 8, (128 * r - 107 * g - 21 * b) >> 8
    skin = np.maximum(np.minimum(72 - 3 * np.abs(cb + 26), 72 - 4 * np.abs(cr - 25)), 0) * (luma >= 40)
    for sign, expected in zip(cells, (np.minimum(detail, 255), colour, skin), strict=True):
        for i in range(rows):
            for j in range(columns):
                cell = np.s_[
                    height * i // rows : height * (i + 1) // rows, width * j // columns : width * (j + 1) // columns
                ]
                assert sign[i, j] == expected[cell].sum()


def test_luma_levels_agree(cpu: Level) -> None:
    picture = noise(7, 53, 3)
    plane = np.empty((7, 53), np.uint8)
    _saliency.luma(plane, picture, cpu=cpu)
    assert np.array_equal(plane, (picture @ np.array([77, 150, 29]) + 128) >> 8)


def test_histogram_counts_strided_planes() -> None:
    plane = noise(9, 31, 1)[..., 0]
    counts = np.empty(256, np.int64)
    for part in (plane, plane[2:7, 3:20], plane[:, :1]):
        _saliency.histogram(counts, part)
        assert np.array_equal(counts, np.bincount(part.ravel(), minlength=256))
