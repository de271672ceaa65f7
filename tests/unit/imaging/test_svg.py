"""Drawings: what the sanitiser lets through, and how they are rendered."""

import base64
import io

import pytest
from PIL import Image

from pixelshift.edits.types import Fit, Resize
from pixelshift.errors import InvalidRequestError, PixelshiftError, TooLargeError, UnsupportedMediaError
from pixelshift.imaging import edit
from pixelshift.imaging.base import Output
from pixelshift.imaging.header import read_header, sniff
from pixelshift.imaging.plan import plan
from pixelshift.imaging.run import run
from pixelshift.imaging.svg import sanitise
from pixelshift.limits import Limits

RECTANGLE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50"><rect width="100" height="50" fill="red"/></svg>'
)


def wrapped(inside: str) -> bytes:
    xmlns = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {xmlns} width="10" height="10">{inside}</svg>'.encode()


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onclick="alert(1)"/>',
        '<a href="javascript:alert(1)"><rect/></a>',
        '<a xlink:href=" javascript:alert(1)"><rect/></a>',
        '<image href="http://evil.example/alert.png"/>',
        '<image xlink:href="file:///alert"/>',
        '<image href="data:image/svg+xml;base64,YWxlcnQ="/>',
        '<rect style="fill:url(http://evil.example/alert)"/>',
        '<rect style="fill:u\\72l(http://evil.example/alert)"/>',
        '<rect fill="url(//evil.example/alert)"/>',
        "<style>@import url(alert.css);</style>",
        "<style>@im/**/port 'alert.css';</style>",
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml" onclick="alert(1)"/></foreignObject>',
        '<animate attributeName="xlink:href" values="javascript:alert(1)"/>',
        '<set attributeName="onclick" to="alert(1)"/>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        '<use href="http://evil.example/alert.svg#a"/>',
        '<?xml-stylesheet href="alert.css"?>',
        "<!-- alert -->",
    ],
)
def test_nothing_active_or_external_survives(inside: str) -> None:
    cleaned = sanitise(wrapped(inside), Limits()).decode()
    assert "alert" not in cleaned
    assert "evil" not in cleaned


def test_what_draws_survives() -> None:
    inside = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs>'
        '<style>.a{fill:url(#g)}</style><rect class="a" fill="url(#g)"/><use xlink:href="#g"/>'
        '<text xml:space="preserve">a &lt; b</text>'
    )
    cleaned = sanitise(wrapped(inside), Limits()).decode()
    for part in ('id="g"', ".a{fill:url(#g)}", 'fill="url(#g)"', 'xlink:href="#g"', "a &lt; b", 'xml:space="preserve"'):
        assert part in cleaned
    assert sanitise(cleaned.encode(), Limits()).decode() == cleaned


CLEAN = b'<svg xmlns="http://www.w3.org/2000/svg"  width="100" height="50">\n<rect fill="red"/></svg>\n'


@pytest.mark.parametrize("head", [b"", b'<?xml version="1.0"?>\n', b"<?xml version='1.0' encoding='UTF-8'?>"])
def test_a_drawing_that_hides_nothing_keeps_every_byte(head: bytes) -> None:
    assert sanitise(head + CLEAN, Limits()) == head + CLEAN


@pytest.mark.parametrize(
    "dirty",
    [
        CLEAN.replace(b"<rect", b'<rect onclick="x()"'),
        CLEAN.replace(b"<rect", b"<script/><rect"),
        CLEAN.replace(b"<rect", b"<!-- why --><rect"),
        CLEAN.replace(b"<rect", b'<?xml-stylesheet href="x"?><rect'),
        CLEAN.replace(b"<rect", b"<style>@import 'x';</style><rect"),
        CLEAN.replace(b' xmlns="http://www.w3.org/2000/svg"', b""),
        b'<?xml version="1.0" encoding="UTF-7"?>' + CLEAN,
        b'<?xml-stylesheet href="x"?>' + CLEAN,
        b"\xef\xbb\xbf" + CLEAN,
        CLEAN.decode().encode("utf-16"),
    ],
)
def test_one_that_might_is_written_anew(dirty: bytes) -> None:
    try:
        cleaned = sanitise(dirty, Limits())
    except InvalidRequestError:
        return  # an encoding that no drawing needs
    assert cleaned != dirty
    assert cleaned.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<svg ')


def test_embedded_pictures_stay_within_the_pixel_limit() -> None:
    body = io.BytesIO()
    Image.new("RGB", (20, 10)).save(body, "PNG")
    image = f'<image href="data:image/png;base64,{base64.b64encode(body.getvalue()).decode()}"/>'
    assert b"base64" in sanitise(wrapped(image), Limits(source_pixels=200))
    assert b"base64" not in sanitise(wrapped(image), Limits(source_pixels=199))
    assert sanitise(wrapped(image * 3), Limits(source_pixels=400)).count(b"base64") == 2


def test_references_that_multiply_are_refused() -> None:
    layers = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 12))
    with pytest.raises(TooLargeError):
        sanitise(wrapped('<g id="a0"><rect/></g>' + layers), Limits())


def test_a_cycle_of_references_ends() -> None:
    assert sanitise(wrapped('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'), Limits())


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<svg>" + b"<g>" * 5_000 + b"</g>" * 5_000 + b"</svg>", TooLargeError),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', InvalidRequestError),
        (b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>', InvalidRequestError),
        (b"<svg", InvalidRequestError),
        (b"<html/>", UnsupportedMediaError),
        (b"<svg>" + b" " * 5_000_000 + b"</svg>", TooLargeError),
    ],
)
def test_hostile_documents_are_refused(data: bytes, error: type[PixelshiftError]) -> None:
    with pytest.raises(error):
        sanitise(data, Limits())


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="100" height="50"', (100, 50)),
        ('width="1in" height="36pt"', (72, 36)),
        ('viewBox="0 0 30 20"', (30, 20)),
        ('width="60" viewBox="0 0 30 20"', (60, 40)),
        ('height="60" viewBox="0,0 30,20"', (90, 60)),
        ('width="100%" height="100%" viewBox="0 0 30 20"', (30, 20)),
        ("", (100, 100)),
    ],
)
def test_the_natural_size_comes_from_the_root(attributes: str, size: tuple[int, int]) -> None:
    header = read_header(f'<?xml version="1.0"?><!-- a --><svg {attributes}><'.encode())
    assert (header.width, header.height) == size


def test_drawings_are_told_from_other_markup() -> None:
    assert sniff(b'\xef\xbb\xbf <?xml version="1.0"?><!DOCTYPE svg><svg>') == "svg+xml"
    assert sniff(b"<svgx>") is None
    assert sniff(b"<html><svg>") is None


def test_a_drawing_is_rendered_at_the_size_that_is_needed() -> None:
    half = RECTANGLE.replace(b'width="100" height="50" fill', b'width="50" height="50" fill')
    planned = plan([Resize(1000)], read_header(half), Output(), Limits())
    assert planned.decoded == (1000, 500)
    picture = Image.open(io.BytesIO(run(planned, half).body))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (1000, 500))
    # A sharp edge: enlarging 100 pixels to 1000 would smear it over ten.
    assert [picture.getpixel((x, 250)) for x in (499, 500)] == [(255, 0, 0, 255), (0, 0, 0, 0)]


def test_a_drawing_is_not_rendered_larger_than_a_result_may_be() -> None:
    header = read_header(RECTANGLE)
    with pytest.raises(TooLargeError):
        plan([Resize(50_000, 10, fit=Fit.COVER)], header, Output(), Limits())


@pytest.mark.parametrize("family", ["sans-serif", "serif", "monospace", "cursive", "fantasy", "No Such Font"])
def test_text_in_any_family_is_drawn(family: str) -> None:
    text = f'<text x="0" y="9" font-size="9" font-family="{family}">M</text>'
    pixels = Image.open(io.BytesIO(edit(wrapped(text), {"toFormat": "png"}).body)).convert("RGBA")
    assert pixels.getchannel("A").getbbox() is not None


@pytest.mark.parametrize("unit", ["", "px", "pt", "pc", "in", "cm", "mm", "em", "ex"])
def test_sides_in_any_unit_are_drawn_to_the_edge(unit: str) -> None:
    square = f'<rect width="4{unit}" height="4{unit}" fill="red"/>'
    source = f'<svg xmlns="http://www.w3.org/2000/svg" width="4{unit}" height="4{unit}">{square}</svg>'.encode()
    drawn = edit(source, {"toFormat": "png"})
    assert (drawn.width, drawn.height) == (read_header(source).width, read_header(source).height)
    pixels = Image.open(io.BytesIO(drawn.body)).convert("RGBA")
    assert pixels.getpixel((drawn.width - 2, drawn.height - 2)) == (255, 0, 0, 255)
