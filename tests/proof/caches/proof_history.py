"""Back in Chromium and Firefox: is the origin asked, or is something kept shown?

One visit of a page, one step away and one Back belong here, and how the back/forward
cache ("bfcache": whole pages, kept in memory) is switched on and off. What must come
of which policy is in ``test_proof_history``. Fetches are in ``proof_browsers``.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

from proof_record import Lines

sys.path.append(str(Path(__file__).parents[2] / "browser"))
import drivers


class Back(StrEnum):
    """Where the page came from that Back showed."""

    ASKED = "asked"  # the origin answered
    REUSED = "reused"  # the HTTP cache, whatever the age of what it kept
    RESTORED = "restored"  # the bfcache: the very page, not loaded again


#: The bfcache as it comes, and without it. Where memory is short, or a page holds
#: something that keeps it out, users have the latter.
CHROMIUM_FLAGS = {True: (), False: ("--disable-features=BackForwardCache",)}
FIREFOX_PREFS: dict[bool, dict[str, int]] = {
    # -1, the default, goes by the machine's memory, and keeps nothing on small ones.
    True: {"browser.sessionhistory.max_total_viewers": 8},
    False: {"browser.sessionhistory.max_total_viewers": 0},
}

PAGE = b"""<!doctype html><title>copy %d</title>
<link rel="icon" href="data:,">
<script>
addEventListener("pagehide", () => { document.documentElement.dataset.shown = ""; });
addEventListener("pageshow", (event) => {
    document.documentElement.dataset.shown = event.persisted ? "restored" : "loaded";
});
</script>"""
SHOWN = "document.documentElement.dataset.shown"


class Pages:
    """An origin of HTML pages, each with field lines of its own; counts requests.

    ``/away`` is where a visitor goes next; ``/leave`` sets a cookie beside.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._fields: dict[str, Lines] = {
            "/away": (("cache-control", "no-store"),),
            "/leave": (
                ("cache-control", "no-store"),
                ("set-cookie", "session=over; Path=/; HttpOnly"),
            ),
        }
        self._numbers = itertools.count(1)

    def add(self, fields: Iterable[tuple[str, str]]) -> str:
        """Add a page that is answered with *fields*, and return its path."""
        path = f"/page/{next(self._numbers)}"
        self._fields[path] = tuple(fields)
        return path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, as ASGI wants it."""
        path = scope["path"]
        self.asked[path] += 1
        known = path in self._fields
        body = PAGE % self.asked[path] if known else b""
        lines = [
            ("content-type", "text/html; charset=utf-8"),
            ("content-length", str(len(body))),
            *self._fields.get(path, ()),
        ]
        head = {"type": "http.response.start", "status": 200 if known else 404}
        pairs = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in lines]
        await send({**head, "headers": pairs})
        await send({"type": "http.response.body", "body": body})


def chromium(*, bfcache: bool) -> drivers.Browser:
    """Start Chromium with the bfcache as said."""
    binary = drivers.chromium_binary()
    assert binary, "Chromium is not installed"
    return drivers.Chromium(binary, *CHROMIUM_FLAGS[bfcache])


def firefox(*, bfcache: bool) -> drivers.Browser:
    """Start Firefox with the bfcache as said."""
    binary = drivers.firefox_binary()
    assert binary, "Firefox is not installed"
    return drivers.Firefox(binary, FIREFOX_PREFS[bfcache])


HISTORIES: dict[str, Callable[..., drivers.Browser]] = {
    "chromium": chromium,
    "firefox": firefox,
}


def went_back(
    browser: drivers.Browser,
    origin: str,
    pages: Pages,
    fields: Iterable[tuple[str, str]],
    *,
    by: str = "/away",
) -> Back:
    """Visit a new page with *fields*, go on to *by*, and Back.

    Args:
        browser: One of ``HISTORIES``, running.
        origin: Where *pages* are served: ``"http://127.0.0.1:8000"``.
        pages: The app there.
        fields: What the page is answered with.
        by: ``"/leave"`` for a page that sets an HttpOnly cookie.
    """
    path = pages.add(fields)
    _open(browser, origin + path)
    _open(browser, origin + by)
    assert pages.asked[path] == 1, f"{path} was asked for {pages.asked[path]} times"
    browser.back()
    shown = _wait_until_shown(browser)
    if shown == "restored":
        assert pages.asked[path] == 1, "restored, and asked for all the same"
        return Back.RESTORED
    return Back.ASKED if pages.asked[path] > 1 else Back.REUSED


def _open(browser: drivers.Browser, url: str) -> None:
    browser.open(url)
    # Before it is shown, the next navigation would replace it in the history.
    _wait_until_shown(browser)


def _wait_until_shown(browser: drivers.Browser) -> str:
    return str(
        drivers.wait_for("the page to be shown", lambda: browser.evaluate(SHOWN))
    )
