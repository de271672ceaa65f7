"""Estimates of what encoding costs."""

import pytest

from pixelshift.edits.types import Format
from pixelshift.errors import TooLargeError
from pixelshift.imaging.base import Header
from pixelshift.imaging.budget import check_cost, coding_cost
from pixelshift.imaging.geometry import Size
from pixelshift.limits import Limits

SIZE = Size(4000, 3000)


def cost(format_: Format, **options: object) -> float:
    return coding_cost(Header(Format.JPEG, *SIZE, channels=3), SIZE, SIZE, format_, options)


def test_png_costs_more_the_harder_it_is_asked_to_try() -> None:
    costs = [cost(Format.PNG, compressionLevel=level) for level in range(10)]
    assert costs == sorted(costs)
    assert costs[9] > 3 * costs[6]
    assert cost(Format.PNG) == costs[6]


@pytest.mark.parametrize("options", [{"palette": True}, {"colours": 16}, {"quality": 80}])
def test_palettes_cost_more_than_any_level(options: dict[str, object]) -> None:
    assert cost(Format.PNG, **options) > cost(Format.PNG, compressionLevel=9)


def test_a_palette_for_more_pixels_than_time_allows_is_refused_ahead() -> None:
    large = Size(6000, 4000)
    header = Header(Format.JPEG, *large, channels=3)
    with pytest.raises(TooLargeError):
        check_cost(coding_cost(header, large, large, Format.PNG, {"palette": True}), Limits())
    check_cost(coding_cost(header, large, large, Format.PNG, {"compressionLevel": 9}), Limits())
