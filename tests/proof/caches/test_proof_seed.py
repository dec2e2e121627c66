"""The seed's bug in real browsers: 3 of 3 without the middleware, 0 of 3 with it.

The pages and their variants are in ``proof_seed``; the demo's page is tested in
``tests/browser``.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import pytest
from proof_browsers import BROWSERS, drivers
from proof_seed import FRESH_ROUND, MASKED, STALE, STALE_ROUND, Round, make_app, play
from proof_stage import need, origin_of
from starlette.applications import Starlette
from starlette.routing import Mount

from asgi_nocache import NoCacheMiddleware

pytestmark = pytest.mark.browser

START = {
    "chromium": lambda: drivers.Chromium(drivers.chromium_binary() or ""),
    "firefox": lambda: drivers.Firefox(drivers.firefox_binary() or ""),
}
ROUNDS = 3
VARIANTS = {**STALE, **MASKED}
AT = {name: number for number, name in enumerate(VARIANTS)}


def everything() -> Starlette:
    """All variants, each an app of its own."""
    return Starlette(
        routes=[Mount(f"/{AT[name]}", make_app(v)) for name, v in VARIANTS.items()]
    )


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest) -> Iterator[drivers.Browser]:
    """Each browser, as it comes."""
    need(request.param)
    with contextlib.closing(START[request.param]()) as running:
        yield running


@pytest.fixture(scope="module")
def without() -> Iterator[str]:
    """The app as it is."""
    with origin_of(everything()) as url:
        yield url


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The same app behind the one line."""
    with origin_of(NoCacheMiddleware(everything())) as url:
        yield url


def rounds(browser: drivers.Browser, origin: str, name: str) -> list[Round]:
    """Each with URLs that the browser has never seen."""
    visits = [secrets.token_hex(8) for _ in range(ROUNDS)]
    return [play(browser, f"{origin}/{AT[name]}/{visit}/") for visit in visits]


@pytest.mark.parametrize("name", STALE)
def test_stale_each_time_and_with_the_middleware_never(
    browser: drivers.Browser, without: str, guarded: str, name: str
) -> None:
    """3 of 3 without: the list is not even asked for. 0 of 3 with."""
    assert rounds(browser, without, name) == [STALE_ROUND] * ROUNDS
    assert rounds(browser, guarded, name) == [FRESH_ROUND] * ROUNDS


@pytest.mark.parametrize("name", MASKED)
def test_what_hides_the_fault(
    browser: drivers.Browser, without: str, name: str
) -> None:
    """Why a tester sees it and a developer does not: fresh without the middleware."""
    assert rounds(browser, without, name) == [FRESH_ROUND] * ROUNDS
