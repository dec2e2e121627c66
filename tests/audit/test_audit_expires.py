"""Expires and other lifetimes outside Cache-Control: read by the clock, as they are."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from asgi_nocache import APP_DECIDES, PRIVATE, PUBLIC, NoCacheMiddleware
from asgi_nocache.audit.checks import run_checks
from asgi_nocache.audit.drive import drive
from asgi_nocache.audit.effects import effects_of
from asgi_nocache.audit.explain import explain
from asgi_nocache.audit.live import check
from asgi_nocache.audit.load import Loaded
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.survey import survey
from asgi_nocache.audit.values import Route, Survey
from asgi_nocache.audit.watch import Seen, Watch

NOW = 1_800_000_000.0
PAST, FUTURE = (formatdate(NOW + by, usegmt=True) for by in (-3600, 3600))


def app_sending(*sent: tuple[str, str], **options: Any) -> NoCacheMiddleware:
    async def endpoint(request: Any) -> Response:
        return Response("x", headers=dict(sent))

    app = Starlette(routes=[StarletteRoute("/x", endpoint)])
    return NoCacheMiddleware(app, **options)


@pytest.mark.parametrize(("until", "letter"), [(PAST, "R"), (FUTURE, "S")])
@pytest.mark.parametrize("cache", ["browser", "shared"])
def test_what_is_over_is_over(until: str, letter: str, cache: str) -> None:
    """Not taken from some other year, in which yesterday was far ahead."""
    fields = (("expires", until),)

    assert effects_of(Route(path="/x"), "GET", fields, now=NOW)[cache].letter == letter


@pytest.mark.parametrize(("until", "seconds"), [(PAST, "0"), (FUTURE, "60")])
def test_an_explanation_reads_expires_by_the_clock(until: str, seconds: str) -> None:
    """As the middleware does, where the app sends no Date."""
    routes = find_routes(app_sending(default=PRIVATE(max_age=60)))

    story = explain(routes, "GET", "/x", sent=(("expires", until),), now=NOW)

    assert ("cache-control", f"private, max-age={seconds}") in story.fields


@pytest.mark.parametrize("until", [PAST, FUTURE])
def test_an_app_that_only_says_expires_breaks_nothing(until: str) -> None:
    """Under APP_DECIDES its bytes go out as they are, which is what was decided."""
    app = app_sending(
        ("expires", until),
        ("date", formatdate(NOW, usegmt=True)),
        default=APP_DECIDES,
    )
    rows = drive(app, survey(find_routes(app)))

    found = run_checks(Survey(app="main:app", rows=rows))

    assert rows[0].observed is not None
    assert ("expires", until) in rows[0].observed.fields
    assert "NC901" not in {finding.code for finding in found}


@pytest.mark.parametrize(
    ("field", "cache", "letter"),
    [
        (("cache-control", 'public, note="max-age"'), "browser", "H"),
        (("cache-control", 'max-age=60, note="private"'), "shared", "S"),
        (("cdn-cache-control", "max-age=60"), "cdn", "S"),
        (("cdn-cache-control", "max-age=60"), "browser", "H"),
    ],
)
def test_words_in_quotes_say_nothing(
    field: tuple[str, str], cache: str, letter: str
) -> None:
    """And a field of its own says it to those that read it."""
    assert effects_of(Route(path="/x"), "GET", (field,))[cache].letter == letter


def test_a_live_answer_without_a_date_is_of_this_moment() -> None:
    fields = {"expires": "Sun, 01 Jan 2023 00:00:00 GMT"}
    network = httpx.MockTransport(lambda request: httpx.Response(200, headers=fields))

    checked = check("http://shop.example/", transport=network)

    assert checked.effects["browser"].letter == "R"


def test_a_test_suite_reads_expires_by_the_clock() -> None:
    """What an app may decide itself, it may decide by Expires alone."""
    watch = Watch(Loaded(app_sending(default=APP_DECIDES), "main:app"))

    watch.saw(Seen("GET", "/x", "testserver", (), 200, (("expires", FUTURE),), NOW))

    assert watch.breaches == []


def test_a_test_suite_sees_an_expires_that_is_too_late() -> None:
    """Something outside took Cache-Control away and left a long lifetime."""
    watch = Watch(Loaded(app_sending(default=PUBLIC(max_age=60)), "main:app"))

    watch.saw(Seen("GET", "/x", "testserver", (), 200, (("expires", FUTURE),), NOW))

    assert len(watch.breaches) == 1
