import io
import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixelshift.errors import InvalidRequestError
from pixelshift.streams.envelope import Envelope
from pixelshift.streams.plot import Mark, Panel, nice_ticks, plot_png, plot_svg

SVG = "{http://www.w3.org/2000/svg}"


def panel(values: list[float], marks: list[Mark] | None = None, title: str = "load") -> Panel:
    envelope = Envelope()
    envelope.extend(values)
    return Panel(title, envelope, marks or [])


@settings(max_examples=60)
@given(
    st.lists(st.floats(), max_size=30),
    st.text(max_size=20),
    st.integers(-5, 40),
    st.integers(-5, 40),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_values_and_any_title_give_well_formed_xml_without_wild_coordinates(
    values: list[float], title: str, index: int, delay: int, offset: float
) -> None:
    svg = plot_svg([panel(values, [Mark(index, index + abs(delay), offset, offset, -offset)], title)])
    root = ET.fromstring(svg)
    for path in root.iter(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+(?:e[-+]?\d+)?|nan|inf", path.get("d", ""))]
        assert all(-3_000 < number < 3_000 for number in numbers)


def test_a_change_stands_where_it_begins_and_its_delay_ends_where_it_was_found() -> None:
    values = [1.0] * 50 + [3.0] * 51
    root = ET.fromstring(plot_svg([panel(values, [Mark(50, 60, 2.0, 1.0, 3.0)])]))
    series = next(p for p in root.iter(f"{SVG}path") if p.get("fill") == "none")
    xs = [float(pair.split()[0]) for pair in series.get("d", "")[1:].split("L")]
    shade = next(r for r in root.iter(f"{SVG}rect") if r.get("fill-opacity"))
    assert float(shade.get("x", "")) == pytest.approx((xs[49] + xs[50]) / 2, abs=0.11)
    assert float(shade.get("x", "")) + float(shade.get("width", "")) == pytest.approx(xs[60], abs=0.11)
    assert "▲ +2.00" in [text.text for text in root.iter(f"{SVG}text")]


def test_levels_are_drawn_at_the_heights_of_the_data() -> None:
    values = [1.0] * 50 + [3.0] * 50
    root = ET.fromstring(plot_svg([panel(values, [Mark(50, 60, 2.0, 1.0, 3.0)])]))
    series = next(p for p in root.iter(f"{SVG}path") if p.get("fill") == "none")
    ys = [float(pair.split()[1]) for pair in series.get("d", "")[1:].split("L")]
    levels = [
        p
        for p in root.iter(f"{SVG}path")
        if p.findtext(f"{SVG}title", "").startswith("level ") and p.get("stroke-width") == "2.5"
    ]
    heights = [float(p.get("d", "").split()[1].split("H")[0]) for p in levels]
    assert heights == [ys[0], ys[-1]]


def test_labels_that_would_overlap_are_left_out_but_every_change_is_marked() -> None:
    marks = [Mark(i, i + 1, 1.0, 1.0, 2.0) for i in range(10, 60)]
    svg = plot_svg([panel([1.0] * 400, marks)])
    assert svg.count("level changed by") == 50
    assert 1 < svg.count("▲ +1.00") < 10


def test_a_png_of_the_plot_has_the_size_and_the_colours_of_the_svg() -> None:
    png = plot_png(plot_svg([panel([1.0, 2.0, 1.5])], width_px=400, height_px=200, theme="dark"), scale=1.5)
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.size == (600, 300)
    assert picture.getpixel((2, 2)) == (0x12, 0x16, 0x1B)


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="light, dark"):
        plot_svg([], theme="pink")


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_lie_within_the_range_and_are_evenly_spaced(low: float, span: float) -> None:
    high = low + span
    ticks = nice_ticks(low, high, 5)
    slack = 1e-6 * span + 1e-9 * abs(low)
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    steps = [b - a for a, b in itertools.pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], rel=1e-2, abs=slack) for step in steps)
