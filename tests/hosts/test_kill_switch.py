"""The kill switch and the decorators: nothing is changed, and nothing breaks.

A decorator that nobody hears writes fields itself, or raises; the switch must be
thrown without either.
"""

from __future__ import annotations

from typing import Any

import flask
import httpx
import pytest
from driver import RELAXED
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from asgi_nocache import NoCacheMiddleware, Rule, cache_policy, nocache, set_policy
from asgi_nocache.flask import as_asgi
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

PATHS = ("/value", "/response", "/stream", "/inside")
RULES = [Rule("/inside", RELAXED)]


@pytest.fixture(autouse=True, params=["off", "report"])
def switch(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test holds with either."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", request.param)
    return str(request.param)


def make_fastapi() -> FastAPI:
    app = FastAPI()

    @app.get("/value")
    @nocache
    def value() -> dict[str, int]:
        return {"a": 1}

    @app.get("/response")
    @cache_policy(RELAXED)
    async def response() -> Response:
        return Response("a")

    @app.get("/stream")
    @nocache
    def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"a"]))

    @app.get("/inside")
    def inside() -> dict[str, int]:
        set_policy(RELAXED)
        return {"a": 1}

    return app


def make_flask() -> flask.Flask:
    app = flask.Flask("switched")

    @app.get("/value")
    @nocache
    def value() -> dict[str, int]:
        return {"a": 1}

    @nocache
    @app.get("/response")
    def response() -> flask.Response:
        return flask.make_response("a")

    @app.get("/stream")
    @nocache
    def stream() -> flask.Response:
        return flask.Response(iter([b"a"]))

    @app.get("/inside")
    def inside() -> dict[str, int]:
        set_policy(RELAXED)
        return {"a": 1}

    return app


def cache_control(response: Any) -> list[str]:
    return [v for k, v in response.headers.items() if k.lower() == "cache-control"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("nested", [False, True], ids=["once", "nested"])
@pytest.mark.parametrize("make", [make_fastapi, make_flask])
async def test_under_asgi(make: Any, nested: bool, path: str, switch: str) -> None:
    """The app's own 200, as it is; marks count in what would change."""
    made = make()
    app = as_asgi(made, rules=RULES) if make is make_flask else NoCacheMiddleware(made)
    served: Any = app
    if nested:

        async def between(scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, send)

        served = NoCacheMiddleware(between)
    transport = httpx.ASGITransport(served)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        response = await client.get(path)

    assert (response.status_code, cache_control(response)) == (200, [])
    assert app.counts[f"switch_{switch}"] == 1
    assert app.counts["would_change"] == (switch == "report")


@pytest.mark.parametrize("path", PATHS)
def test_under_wsgi(path: str, switch: str) -> None:
    """The same, where nothing but the middleware could hear."""
    made = make_flask()
    app = NoCacheWSGIMiddleware(made.wsgi_app, rules=RULES)
    made.wsgi_app = app  # type: ignore[method-assign]
    response = made.test_client().get(path)

    assert (response.status_code, cache_control(response)) == (200, [])
    assert app.counts[f"switch_{switch}"] == 1
    assert app.counts["would_change"] == (switch == "report")


async def test_what_would_change_knows_the_marks(
    switch: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The report says what the mark would have sent, not the default."""
    caplog.set_level("WARNING", "asgi_nocache")
    transport = httpx.ASGITransport(NoCacheMiddleware(make_fastapi()))
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        await client.get("/response")

    told = [m for m in caplog.messages if "would send" in m]
    assert told == [
        "'/response': would send [('cache-control', 'public, max-age=60')]"
    ] * (switch == "report")
