"""An edge against the policy: what differs is named, what is stricter is not blamed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from rich.console import Console
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from asgi_nocache import NO_STORE, PUBLIC, ConfigurationError, NoCacheMiddleware, Rule
from asgi_nocache.audit.drift import Compared, compare
from asgi_nocache.audit.live import NOWHERE
from asgi_nocache.audit.report.drift import show_drift
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.survey import survey

CLOSED = {"cache-control": str(NO_STORE.cache_control), "etag": '"1"'}
OPEN = {"cache-control": "public, max-age=60"}
URL = "https://shop.example"


async def items(request: Any) -> Response:
    return JSONResponse([])


APP = NoCacheMiddleware(
    Starlette(
        routes=[
            Route("/items/{id:int}", items),
            Route("/static/a", items),
            Route("/save", items, methods=["POST"]),
        ]
    ),
    rules=[Rule("/static/**", PUBLIC(max_age=60))],
)
ROWS = survey(find_routes(APP))


def good(request: httpx.Request) -> httpx.Response:
    """Answer as the policy says, and confirm nothing."""
    open_ = request.url.path.startswith("/static/")
    known = request.url.path != NOWHERE
    return httpx.Response(200 if known else 404, headers=OPEN if open_ else CLOSED)


def drift(
    answer: Callable[[httpx.Request], httpx.Response], **more: Any
) -> dict[str, Compared]:
    network = httpx.MockTransport(answer)
    return {c.key: c for c in compare(ROWS, URL, transport=network, **more)}


def test_an_edge_that_follows() -> None:
    asked: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return good(request)

    found = drift(noted, fields=(("x-key", "1"),))

    assert set(found) == {"GET /items/{id:int}", "GET /static/a", f"GET {NOWHERE}"}
    assert not any(c.problem or c.stricter for c in found.values())
    assert found["GET /static/a"].wanted == "public, max-age=60"
    assert found[f"GET {NOWHERE}"].status == 404
    assert {request.method for request in asked} == {"GET"}
    assert all(request.headers["x-key"] == "1" for request in asked)
    assert any("if-none-match" in request.headers for request in asked)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "permits more"),
        (OPEN, "permits more"),
        ([*CLOSED.items(), *CLOSED.items()], "2 Cache-Control lines"),
        ({**CLOSED, "age": "7"}, "a cache answered"),
    ],
)
def test_what_drifts(fields: Any, said: str) -> None:
    found = drift(lambda request: httpx.Response(200, headers=fields))

    assert said in found["GET /items/{id:int}"].problem


def test_errors_that_the_edge_makes() -> None:
    def edge(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.url.path == NOWHERE else good(request)

    assert "permits more" in drift(edge)[f"GET {NOWHERE}"].problem


def test_a_copy_that_is_confirmed() -> None:
    def edge(request: httpx.Request) -> httpx.Response:
        held = "if-none-match" in request.headers
        return httpx.Response(304 if held else 200, headers=CLOSED)

    assert "304" in drift(edge)["GET /items/{id:int}"].problem


def test_an_edge_that_is_stricter() -> None:
    found = drift(lambda request: httpx.Response(200, headers=CLOSED))

    assert found["GET /static/a"].stricter
    assert not found["GET /static/a"].problem
    assert not found["GET /items/{id:int}"].stricter


def test_an_error_is_never_store_in_the_app_too() -> None:
    found = drift(lambda request: httpx.Response(404, headers=CLOSED))

    assert not found["GET /static/a"].stricter


def test_an_edge_that_does_not_answer() -> None:
    def edge(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    found = drift(edge)

    assert all(c.status == 0 for c in found.values())
    assert all("no connection" in c.problem for c in found.values())


def test_a_path_is_sent_as_it_is_meant() -> None:
    asked: list[str] = []

    def noted(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return good(request)

    row = next(row for row in ROWS if row.key == "GET /static/a")
    odd = replace(row, route=replace(row.route, sample="/static/a?b c"))
    unknown = replace(row, route=replace(row.route, sample=""))
    found = compare([odd, unknown], URL, transport=httpx.MockTransport(noted))

    assert asked[0] == "/static/a%3Fb%20c"
    assert len(found) == 2  # what has no known path is not asked


def test_an_app_without_a_policy() -> None:
    rows = survey(find_routes(Starlette(routes=[Route("/items", items)])))
    network = httpx.MockTransport(lambda request: httpx.Response(200, headers=OPEN))

    found = compare(rows, URL, transport=network)

    assert [c.wanted for c in found] == ["", ""]
    assert not any(c.problem for c in found)


@pytest.mark.parametrize("url", ["shop.example", "ftp://shop.example", "https://"])
def test_no_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write https://shop"):
        compare(ROWS, url)


def test_the_table() -> None:
    file = io.StringIO()
    shown = [
        Compared("GET /\x1b[31m", 200, "no-store", "", "permits more\x07"),
        Compared("GET /b", 200, "public", "no-store", stricter=True),
        Compared("GET /c", 0, "", ""),
    ]
    show_drift(shown, Console(file=file, width=200))
    text = file.getvalue()

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "NC801 permits more" in text
    assert "stricter than the policy" in text
    assert "as the policy says" in text
    assert "3 routes compared, 1 with drift" in text
