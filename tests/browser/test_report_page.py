"""The audit's page in real browsers: no script, no fetch, and readable everywhere.

What stands on the page is tested where it is written; here is what only a browser
knows: layout, colours, the keyboard.
"""

import contextlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import drivers
import pytest
from drivers import Browser, Chromium, wait_for
from fastapi import APIRouter, FastAPI

from asgi_nocache import PUBLIC, NoCacheMiddleware, Rule
from asgi_nocache.audit.report.as_html import as_html
from asgi_nocache.audit.report.since import kept
from asgi_nocache.audit.run import Options, audit

pytestmark = pytest.mark.browser

LONG = "/a-segment-without-any-place-to-break-it-that-is-wider-than-a-telephone-is"
#: How far the page is wider than the window.
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FIRST = "document.querySelector('.matrix summary')"


def make_app() -> Any:
    router = APIRouter(prefix="/api")
    for number in range(30):
        router.add_api_route(f"/things{number}/{{id}}", lambda id: id)  # noqa: A006
    router.add_api_route(LONG, lambda: None)
    app = FastAPI()
    app.include_router(router)
    rules = [Rule(f"/api/things{n}/**", PUBLIC(max_age=5)) for n in range(3)]
    rules.append(Rule("/nothing" + LONG, PUBLIC(max_age=5)))
    return NoCacheMiddleware(app, rules=rules)


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of an app with long names, with everything that a page may have."""
    found = audit(make_app(), "shop.main:app", Options(), date(2026, 11, 22))
    before = kept(found)
    before["rows"]["GET /gone" + LONG] = "NNN"
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(as_html(found, before), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """The browser whose window, colours and keys can be set."""
    binary = drivers.chromium_binary() or pytest.skip("Chromium is not installed")
    with contextlib.closing(Chromium(binary)) as running:
        yield running


def width(browser: Chromium, pixels: int) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=pixels, height=800, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip


def press(browser: Chromium, key: str, code: int, text: str = "") -> None:
    given = {"key": key, "code": key, "windowsVirtualKeyCode": code}
    kind = "keyDown" if text else "rawKeyDown"
    browser.call("Input.dispatchKeyEvent", type=kind, text=text, **given)
    browser.call("Input.dispatchKeyEvent", type="keyUp", **given)


def test_nothing_is_fetched(browser: Browser, page_url: str) -> None:
    browser.open(page_url)

    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0
    assert browser.evaluate("document.styleSheets.length") == 1
    assert browser.evaluate("getComputedStyle(document.body).maxWidth") != "none"


def test_the_policy_holds(browser: Browser, page_url: str) -> None:
    """No script runs, and no image is loaded, should one ever slip in."""
    browser.open(page_url)
    browser.evaluate("""void (() => {
        window.violated = [];
        addEventListener('securitypolicyviolation', e =>
            window.violated.push(e.effectiveDirective));
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        const image = document.createElement('img');
        image.src = 'https://example.invalid/x.png';
        document.body.append(script, image);
    })()""")
    wait_for("both to be refused", lambda: browser.evaluate("violated.length > 1"))

    assert browser.evaluate("window.ran === undefined")


@pytest.mark.parametrize("opened", [False, True])
def test_a_narrow_window(chromium: Chromium, page_url: str, opened: bool) -> None:
    """At 360 px nothing sticks out, and letters stand in three columns."""
    width(chromium, 360)
    chromium.open(page_url)
    if opened:
        everything = "for (const d of document.querySelectorAll('details'))"
        chromium.evaluate(f"void (() => {{ {everything} d.open = true }})()")

    assert chromium.evaluate("innerWidth") == 360
    assert chromium.evaluate(TOO_WIDE) == 0
    edges = "[...document.querySelectorAll('.matrix td a[title]')].map(a =>"
    assert chromium.evaluate(
        f"{edges} a.getBoundingClientRect().right).every(right => right <= 360)"
    )


def test_a_route_has_room(chromium: Chromium, page_url: str) -> None:
    """Where the table is still one, half of a tablet's window, a path has its line."""
    chromium.call("Emulation.setEmulatedMedia", media="", features=[])
    path = "[...document.querySelectorAll('.matrix summary span')][6]"
    for pixels in (360, 740, 900, 1200):
        width(chromium, pixels)
        chromium.open(page_url)
        assert chromium.evaluate(TOO_WIDE) == 0
        assert chromium.evaluate(f"{path}.textContent.length") > len("/api/things/")
        assert chromium.evaluate(f"{path}.getClientRects()[0].height") < 30


def test_both_colour_schemes(chromium: Chromium, page_url: str) -> None:
    width(chromium, 1200)
    seen = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        chromium.call("Emulation.setEmulatedMedia", features=features)
        chromium.open(page_url)
        style = "getComputedStyle(document.body)"
        seen.append(chromium.evaluate(f"[{style}.backgroundColor, {style}.color]"))
        assert chromium.evaluate(CONTRASTS) == []

    (light, ink), (dark, chalk) = seen
    assert light != dark
    assert ink != chalk


def test_paper_is_white(chromium: Chromium, page_url: str) -> None:
    """Whatever the screen's colours are."""
    width(chromium, 700)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    chromium.call("Emulation.setEmulatedMedia", media="print", features=features)
    chromium.open(page_url)
    ground = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    poor = chromium.evaluate(CONTRASTS)
    chromium.call("Emulation.setEmulatedMedia", media="", features=[])

    assert ground == "rgb(255, 255, 255)"
    assert poor == []
    assert chromium.evaluate(TOO_WIDE) == 0


#: The elements whose text has less contrast than WCAG's 4.5 (AA), with the contrast.
CONTRASTS = """(() => {
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => {
        const [r, g, b] = rgb.slice(0, 3).map((c) => c / 255).map((c) =>
            c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const under = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const style = getComputedStyle(e);
            const stripes = style.backgroundImage.match(/rgb\\([^)]*\\)/g);
            if (stripes) return stripes.map(parts);
            const colour = parts(style.backgroundColor);
            if (colour[3] !== 0) return [colour];
        }
        return [[255, 255, 255]];
    };
    const poor = [];
    for (const e of document.querySelectorAll("body *:not(script)")) {
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
        const ink = light(parts(getComputedStyle(e).color));
        for (const ground of under(e).map(light)) {
            const [low, high] = [ink, ground].sort((a, b) => a - b);
            const contrast = (high + 0.05) / (low + 0.05);
            if (contrast < 4.5) poor.push(`${e.outerHTML.slice(0, 80)} ${contrast}`);
        }
    }
    return poor;
})()"""


def test_a_route_opens_by_keyboard(chromium: Chromium, page_url: str) -> None:
    width(chromium, 1200)
    chromium.open(page_url)
    chromium.evaluate(f"void {FIRST}.focus()")
    is_open = f"{FIRST}.parentElement.open"

    assert chromium.evaluate(f"document.activeElement === {FIRST}")
    assert chromium.evaluate(is_open) is False
    press(chromium, "Enter", 13, "\r")
    wait_for("the route to open", lambda: chromium.evaluate(is_open))
    assert chromium.evaluate(f"getComputedStyle({FIRST}).outlineStyle") == "solid"


def test_a_letter_shows_its_reason(browser: Browser, page_url: str) -> None:
    """In sight, and without leaving the place in the matrix."""
    browser.open(page_url)
    cell = "document.querySelector('.matrix td a[title]')"
    browser.evaluate(f"void {cell}.scrollIntoView()")
    before = browser.evaluate("scrollY")
    browser.evaluate(f"void {cell}.click()")
    note = f"document.getElementById({cell}.hash.slice(1))"
    wait_for(
        "the note to come into sight",
        lambda: browser.evaluate(f"getComputedStyle({note}).position === 'fixed'"),
    )

    assert browser.evaluate(
        f"Math.round({note}.getBoundingClientRect().bottom) <= innerHeight"
    )
    assert browser.evaluate("scrollY") == before


def test_the_head_of_the_matrix_stays(browser: Browser, page_url: str) -> None:
    browser.open(page_url)
    last = "[...document.querySelectorAll('.matrix tbody tr')].at(-1)"
    browser.evaluate(f"void {last}.scrollIntoView({{block: 'center'}})")
    head = "document.querySelector('.matrix thead th').getBoundingClientRect()"

    assert browser.evaluate("scrollY") > 0
    assert browser.evaluate(f"Math.round({head}.top)") == 0
