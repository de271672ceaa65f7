import numpy as np
import pytest
from PIL import Image

from pixelshift.imaging import resize_like_pillow


def test_a_box_of_an_rgba_picture_is_pillows() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 4), np.uint8)
    box = (3.25, 1.5, 59.75, 30.0)
    expected = np.asarray(Image.fromarray(pixels).resize((25, 90), Image.Resampling.BICUBIC, box=box))
    assert np.array_equal(resize_like_pillow(pixels, 25, 90, kernel="cubic", box=box), expected)


def test_rows_may_be_strided() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (40, 60, 3), np.uint8)
    expected = np.asarray(Image.fromarray(pixels[:, 10:50].copy()).resize((7, 9), Image.Resampling.LANCZOS))
    assert np.array_equal(resize_like_pillow(pixels[:, 10:50], 7, 9), expected)


@pytest.mark.parametrize(
    ("shape", "size", "options", "message"),
    [
        ((8, 8), (4, 4), {}, "shape"),
        ((8, 8, 5), (4, 4), {}, "shape"),
        ((8, 8, 3), (0, 4), {}, "at least 1"),
        ((0, 8, 3), (4, 4), {}, "empty"),
        ((8, 8, 3), (4, 4), {"kernel": "mitchell"}, "unknown kernel"),
        ((8, 8, 3), (4, 4), {"box": (0, 0, 9, 8)}, "box"),
        ((8, 8, 3), (4, 4), {"box": (0, 0, float("nan"), 8)}, "box"),
        ((8, 8, 3), (4, 4), {"box": (2, 0, 2, 8)}, "box"),
    ],
)
def test_what_does_not_fit_is_refused(
    shape: tuple[int, ...], size: tuple[int, int], options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        resize_like_pillow(np.zeros(shape, np.uint8), *size, **options)  # type: ignore[arg-type]
