import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pixelshift.changepoint import detect
from pixelshift.streams.service import SeriesService
from pixelshift.web.series import create_series_app
from tests.support.asgi_server import serving
from tests.support.browser import Browser, browsing
from tests.support.series import numbered, service_in, shifted

pytestmark = pytest.mark.browser

IS_LIVE = "document.getElementById('state').dataset.state === 'live'"
ROWS = "document.querySelectorAll('#changes tr')"

# The least contrast of any text on the page against what lies behind it (WCAG 2.2, 1.4.3).
CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const texts = [...document.querySelectorAll('body *')].filter((node) =>
  node.checkVisibility() && [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()));
const ratio = (node) => {
  const style = getComputedStyle(node);
  const colour = parse(node instanceof SVGElement ? style.fill : style.color);
  const [a, b] = [light(colour), light(behind(node))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
return [texts.length, Math.min(...texts.map(ratio))];
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SeriesService]:
    made = service_in(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def url(service: SeriesService, browser: Browser) -> Iterator[str]:
    with serving(create_series_app(service)) as made:
        yield made
        browser.open("about:blank")  # or the next page's log would begin with this one's broken lines
        browser.log()


def test_an_empty_service_tells_how_to_begin_and_the_first_series_appears(browser: Browser, url: str) -> None:
    browser.open(f"{url}/live")
    browser.wait(IS_LIVE)
    assert f"curl {url}/series/demo/points" in browser.run("return document.getElementById('empty').innerText")
    httpx.post(f"{url}/series/demo/points", json=[1.0, 2.0])
    browser.wait("document.getElementById('name').textContent === 'demo'")
    assert browser.run("return document.getElementById('empty').hidden")
    assert browser.log() == []


def test_points_and_changes_appear_as_they_arrive(browser: Browser, url: str) -> None:
    values = shifted()
    first, second = detect(values)
    httpx.post(f"{url}/series/cpu/points", json=values[:30])
    browser.open(f"{url}/live#/cpu")
    browser.wait(IS_LIVE)
    assert browser.run(f"return {ROWS}.length") == 0
    httpx.post(f"{url}/series/cpu/points", json=values[30 : first.detected_at + 1])
    browser.wait(f"{ROWS}.length === 1")
    assert browser.run(f"return {ROWS}[0].innerText").startswith(f"#{first.index}\t▲ +")
    assert "cpu: level increase" in browser.wait("document.getElementById('news').textContent")
    httpx.post(f"{url}/series/cpu/points", json=values[first.detected_at + 1 :])
    browser.wait(f"{ROWS}.length === 2")
    assert browser.run(f"return {ROWS}[0].innerText").startswith(f"#{second.index}\t▼ −")
    browser.wait("document.querySelectorAll('#chart .mark').length === 2")
    browser.wait("document.getElementById('facts').innerText.includes('180')")
    length = browser.run("return document.querySelector('#chart .series').getAttribute('d').split(/[ML]/).length - 1")
    assert length == len(values)
    assert browser.log() == []


def test_what_happened_while_the_line_was_broken_is_there_once_it_is_back(
    browser: Browser, service: SeriesService
) -> None:
    values = shifted()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    service.push("cpu", numbered(values[:80]))
    with serving(create_series_app(service), port) as url:
        browser.open(f"{url}/live#/cpu")
        browser.wait(IS_LIVE)
        browser.wait(f"{ROWS}.length === 1")
    browser.wait("document.getElementById('state').dataset.state === 'broken'")
    service.push("cpu", numbered(values[80:], 80))
    with serving(create_series_app(service), port):
        browser.wait(f"{ROWS}.length === 2")
        browser.wait("document.querySelector('#chart .series').getAttribute('d').split(/[ML]/).length - 1 === 180")
        browser.wait(IS_LIVE)


def test_a_series_is_found_and_opened_with_the_keyboard_alone(browser: Browser, url: str) -> None:
    for name in ("alpha", "beta", "gamma"):
        httpx.post(f"{url}/series/{name}/points", json=[1.0, 2.0])
    browser.open(f"{url}/live")
    browser.wait(IS_LIVE)
    browser.run("document.getElementById('filter').focus()")
    browser.press("bet")
    browser.wait("document.querySelectorAll('#list a').length === 1")
    browser.press("\ue004\ue007")  # Tab, Enter
    browser.wait("document.getElementById('name').textContent === 'beta'")
    assert browser.run("return document.querySelector('#list [aria-current]').innerText").startswith("beta")


def test_what_clients_send_is_shown_as_text_and_never_run(browser: Browser, url: str) -> None:
    trick = "<img src=x onerror=document.title=1>"
    values = shifted((1), (40, 40))
    rows = [{"value": value, "time": trick} for value in values]
    httpx.post(f"{url}/series/cpu/points", json=rows)
    browser.open(f"{url}/live#/cpu")
    browser.wait(f"{ROWS}.length >= 1")
    assert trick in browser.run(f"return {ROWS}[0].innerText")
    assert browser.run("return document.querySelectorAll('#changes img').length") == 0
    assert browser.log() == []


def test_inline_scripts_are_refused_by_the_pages_policy(browser: Browser, url: str) -> None:
    browser.open(f"{url}/live")
    browser.wait(IS_LIVE)
    browser.run("const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)")
    assert browser.run("return window.ran === undefined")
    assert "Content Security Policy" in browser.log()[0]["message"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_schemes(scheme: str, browser: Browser, url: str) -> None:
    httpx.post(f"{url}/series/cpu/points", json=shifted())
    browser.scheme(scheme)
    browser.open(f"{url}/live#/cpu")
    browser.wait(f"{ROWS}.length === 2")
    paper = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(245, 247, 249)", "dark": "rgb(13, 16, 20)"}[scheme]
    count, least = browser.run(CONTRAST)
    assert count > 30
    assert least >= 4.5


def test_a_narrow_screen_needs_no_sideways_scrolling(browser: Browser, url: str) -> None:
    httpx.post(f"{url}/series/a-rather-long-name.of.a.series.in.some.region/points", json=shifted())
    browser.resize(390, 800)
    browser.open(f"{url}/live")
    browser.wait(f"{ROWS}.length === 2")
    assert browser.run("return innerWidth") == 390
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    browser.resize(1280, 900)


def test_every_control_has_a_name(browser: Browser, url: str) -> None:
    httpx.post(f"{url}/series/cpu/points", json=shifted())
    browser.open(f"{url}/live#/cpu")
    browser.wait(f"{ROWS}.length === 2")
    script = """
    const named = (node) => node.getAttribute('aria-label') || node.labels?.[0]?.textContent.trim()
        || node.textContent.trim();
    const controls = document.querySelectorAll('button, input, a, nav, [role=region], [role=img]');
    return [...controls].filter((node) => !named(node)).length"""
    assert browser.run(script) == 0
    headings = browser.run(
        "return [...document.querySelectorAll('h1, h2, h3')].filter((h) => h.checkVisibility()).map((h) => h.tagName)"
    )
    assert headings == ["H1", "H2", "H3"]


def test_a_token_is_asked_for_and_goes_along(browser: Browser, service: SeriesService) -> None:
    service.push("cpu", numbered(shifted()))
    with serving(create_series_app(service, token="s3cret")) as url:
        browser.open(f"{url}/live#/cpu")
        browser.wait("document.getElementById('login').open")
        browser.run("document.getElementById('token').focus()")
        browser.press("s3cret\ue007")
        browser.wait(f"{ROWS}.length === 2")
        browser.wait(IS_LIVE)
