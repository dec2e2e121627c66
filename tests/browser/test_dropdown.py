"""The stale dropdown in real browsers: it goes stale, and the middleware cures it.

What a visitor sees after a save belongs here. The demo's answers without a
browser are in ``tests/test_demo.py``.
"""

import json
from typing import Any, NamedTuple

import pytest
from drivers import Browser, wait_for

pytestmark = pytest.mark.browser

READY = """
    document.querySelectorAll('[data-side][data-state="ready"]').length === 2
"""

SAVE = """(() => {
    const side = document.querySelector('[data-side="%s"]');
    side.querySelector('[data-role="name"]').value = %s;
    side.querySelector('[data-role="save"]').click();
})()"""

SEEN = """(() => {
    const side = document.querySelector('[data-side="%s"]');
    const part = (role) => side.querySelector(`[data-role="${role}"]`);
    return {
        verdict: part("verdict").dataset.verdict,
        items: [...part("list").options].map((option) => option.textContent),
        asked: Number(part("asked").textContent),
        origin: Number(part("origin").textContent),
    };
})()"""

FIRST = ["Apricots", "Bread", "Coffee"]


class Seen(NamedTuple):
    """What one side shows."""

    verdict: str
    items: list[str]
    asked: int
    origin: int


def seen(browser: Browser, side: str) -> Seen:
    wait_for("both sides to be ready", lambda: browser.evaluate(READY))
    shown: dict[str, Any] = browser.evaluate(SEEN % side)
    return Seen(**shown)


def save_on_both_sides(browser: Browser, item: str) -> tuple[Seen, Seen]:
    wait_for("both sides to be ready", lambda: browser.evaluate(READY))
    for side in ("without", "with"):
        browser.evaluate(SAVE % (side, json.dumps(item)))
    return seen(browser, "without"), seen(browser, "with")


@pytest.mark.parametrize("item", ["Olives", "Rye & <b>salt</b>", "Åland cheese “X”"])
def test_only_the_policy_shows_what_was_saved(
    browser: Browser, demo_url: str, item: str
) -> None:
    """Left: reused, the item is missing. Right: asked again, the item is there."""
    browser.open(demo_url)

    left, right = save_on_both_sides(browser, item)

    assert left == Seen("stale", FIRST, asked=2, origin=1)
    assert right == Seen("fresh", [*FIRST, item], asked=2, origin=2)


def test_without_the_middleware_the_right_side_is_stale_too(
    browser: Browser, unprotected_url: str
) -> None:
    """The control: it is the middleware that makes the difference."""
    browser.open(unprotected_url)

    left, right = save_on_both_sides(browser, "Olives")

    assert left == right == Seen("stale", FIRST, asked=2, origin=1)


def test_a_second_save_is_no_different(browser: Browser, demo_url: str) -> None:
    """The reused list stays reused, the fresh one fresh."""
    browser.open(demo_url)
    save_on_both_sides(browser, "Olives")

    left, right = save_on_both_sides(browser, "Dates")

    assert left == Seen("stale", FIRST, asked=3, origin=1)
    assert right == Seen("fresh", [*FIRST, "Olives", "Dates"], asked=3, origin=3)


@pytest.mark.parametrize("again", ["the reload button", "Start again"])
def test_each_visit_starts_clean(browser: Browser, demo_url: str, again: str) -> None:
    """Nothing of an earlier visit answers, and the fault shows again."""
    browser.open(demo_url)
    save_on_both_sides(browser, "Olives")
    if again == "Start again":
        browser.evaluate("document.getElementById('reset').click()")
    else:
        browser.reload()

    clean = Seen("waiting", FIRST, asked=1, origin=1)
    assert [seen(browser, side) for side in ("without", "with")] == [clean, clean]

    left, right = save_on_both_sides(browser, "Dates")
    assert left == Seen("stale", FIRST, asked=2, origin=1)
    assert right == Seen("fresh", [*FIRST, "Dates"], asked=2, origin=2)


def test_a_refused_save_says_why(browser: Browser, demo_url: str) -> None:
    """A name of blanks passes the browser's own check, and not the demo's."""
    browser.open(demo_url)

    left, right = save_on_both_sides(browser, "   ")

    assert left == right == Seen("error", FIRST, asked=1, origin=1)
