import pytest
from PIL import ImageColor

from pixelshift.edits.colour import NAMES, parse_colour
from pixelshift.edits.types import Colour


@pytest.mark.parametrize("name", sorted(ImageColor.colormap))
def test_every_css_name_means_what_pillow_says(name: str) -> None:
    assert parse_colour(name) == Colour(*ImageColor.getrgb(name)[:3])


def test_no_name_is_missing_or_invented() -> None:
    assert set(NAMES) == set(ImageColor.colormap)


@pytest.mark.parametrize(
    "text", ["#f0a", "#FF8800", "rgb(1, 2, 3)", "rgb(100%, 50%, 0%)", "hsl(120, 100%, 25%)", "hsl(210, 40%, 60%)"]
)
def test_notations_agree_with_pillow(text: str) -> None:
    assert parse_colour(text) == Colour(*ImageColor.getrgb(text)[:3])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("transparent", Colour(alpha=0.0)),
        ("RED", Colour(255, 0, 0)),
        ("00ff00", Colour(0, 255, 0)),
        ("#01020380", Colour(1, 2, 3, 128 / 255)),
        ("#0f08", Colour(0, 255, 0, 136 / 255)),
        ("rgba(1, 2, 3, 0.5)", Colour(1, 2, 3, 0.5)),
        ("rgb(1 2 3 / 50%)", Colour(1, 2, 3, 0.5)),
        ("hsla(0deg, 100%, 50%, 25%)", Colour(255, 0, 0, 0.25)),
        ({"r": 1, "g": 2, "b": 3}, Colour(1, 2, 3)),
        ({"r": 300, "g": -5, "b": 76.5, "alpha": 7}, Colour(255, 0, 77, 1.0)),
        ([1, 2, 3], Colour(1, 2, 3)),
        ([1, 2, 3, 0.5], Colour(1, 2, 3, 0.5)),
    ],
)
def test_a_colour_is_read_with_channels_clamped_and_rounded(value: object, expected: Colour) -> None:
    assert parse_colour(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        None, True, 7, "", "auto", "#12", "#12345", "#ggg", "rgb(1,2)", "rgb(1,2,3,4,5)", "rgb(1deg,2,3)",
        "hsl(1%,2%,3%)", "hsl(1,2,3)", "rgb(a,b,c)", "red" * 100, {}, {"r": 1, "g": 2}, {"r": "1", "g": 2, "b": 3},
        {"r": True, "g": 2, "b": 3}, {"r": float("nan"), "g": 2, "b": 3}, [1, 2], [1, 2, 3, 4, 5],
    ],
)  # fmt: skip
def test_what_is_no_colour_is_refused(value: object) -> None:
    assert parse_colour(value) is None


def test_numbers_beyond_floating_point_are_clamped() -> None:
    assert parse_colour({"r": 10**400, "g": -(10**400), "b": 0}) == Colour(255, 0, 0)
