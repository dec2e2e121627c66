"""Asking the app in process: ASGI and WSGI, and apps that misbehave."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from flask import Flask, request
from flask import Response as FlaskResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Host
from starlette.routing import Route as StarletteRoute

from asgi_nocache import NoCacheMiddleware
from asgi_nocache.audit import drive as module
from asgi_nocache.audit.drive import drive, is_wsgi, may_ask
from asgi_nocache.audit.load import AppNotLoaded
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.survey import survey
from asgi_nocache.audit.values import Audited, Kind, Observed, Route
from asgi_nocache.wsgi import NoCacheWSGIMiddleware


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    monkeypatch.setattr(module, "GRACE", 0.05)
    monkeypatch.setattr(module, "START", 1.0)


def driven(app: Any, *fields: tuple[str, str]) -> dict[str, Audited]:
    rows = drive(app, survey(find_routes(app)), fields)
    return {row.key: row for row in rows}


def ask_alone(app: Any, path: str = "/", method: str = "GET") -> Observed:
    """Return what an app without routes answers."""
    rows = survey([Route(path=path, sample=path, methods=(method,))])
    (row,) = drive(app, rows)
    assert row.observed is not None
    return row.observed


# What is asked


@pytest.mark.parametrize(
    ("method", "sample", "kind", "expected"),
    [
        ("GET", "/", Kind.ENDPOINT, True),
        ("HEAD", "/", Kind.STATIC, True),
        ("OPTIONS", "/", Kind.FRAMEWORK, True),
        ("POST", "/", Kind.ENDPOINT, False),
        ("DELETE", "/", Kind.ENDPOINT, False),
        ("PURGE", "/", Kind.ENDPOINT, False),
        ("GET", "", Kind.ENDPOINT, False),
        ("GET", "/", Kind.OPAQUE, False),
        ("GET", "/", Kind.UNKNOWN, False),
        ("", "/", Kind.STREAM, False),
    ],
)
def test_what_may_be_asked(
    method: str, sample: str, kind: Kind, expected: bool
) -> None:
    (row,) = survey([Route(path="/", sample=sample, kind=kind, methods=(method,))])

    assert may_ask(row) is expected


def everything_app() -> tuple[FastAPI, list[str]]:
    app, called = FastAPI(openapi_url=None), []

    @app.api_route("/items/{item}", methods=["GET", "HEAD", "OPTIONS", "POST", "PUT"])
    async def items(request: Request, item: int) -> dict[str, str]:
        called.append(request.method)
        return {"query": request.url.query, "cookie": request.headers.get("cookie", "")}

    @app.delete("/items/{item}")
    async def remove(item: int) -> None:
        called.append("DELETE")

    return app, called


def test_only_safe_methods_reach_an_endpoint() -> None:
    app, called = everything_app()
    rows = driven(NoCacheMiddleware(app))

    assert sorted(called) == ["GET", "HEAD", "OPTIONS"]
    assert rows["POST /items/{item}"].observed is None
    assert rows["DELETE /items/{item}"].observed is None
    observed = rows["GET /items/{item}"].observed
    assert observed is not None
    assert (observed.status, observed.problem) == (200, "")
    assert dict(observed.fields)["cache-control"].startswith("no-store")


def test_each_row_is_told_before_it_is_asked() -> None:
    app, called = everything_app()
    told: list[tuple[str, int]] = []
    drive(
        app, survey(find_routes(app)), (), lambda r: told.append((r.key, len(called)))
    )

    assert [number for _, number in told] == [0, 1, 2]
    assert all(key.endswith(" /items/{item}") for key, _ in told)


async def echo(request: Any) -> PlainTextResponse:
    seen = f"{request.url} {request.headers.get('cookie')}"
    return PlainTextResponse("", headers={"x-seen": seen})


def seen(row: Audited) -> str:
    assert row.observed is not None
    return dict(row.observed.fields)["x-seen"]


def test_fields_and_hosts_are_sent() -> None:
    inner = Starlette(routes=[StarletteRoute("/", echo)])
    app = Starlette(
        routes=[
            Host("api.example.org", inner),
            Host("{name}.example.com", inner),
            StarletteRoute("/", echo),
        ]
    )
    rows = driven(app, ("Cookie", "session=1"))

    assert seen(rows["GET api.example.org/"]) == "http://api.example.org/ session=1"
    assert seen(rows["GET /"]) == "http://testserver/ session=1"
    # No name fits a pattern by guessing: the plain host answers.
    assert seen(rows["GET {name}.example.com/"]) == "http://testserver/ session=1"


def test_a_sample_may_have_a_query_and_escapes() -> None:
    app = Starlette(routes=[StarletteRoute("/{name}", echo)])
    (row,) = drive(
        app, survey([Route(path="/{name}", sample="/M%C3%BC?a=b", methods=("GET",))])
    )

    assert seen(row) == "http://testserver/Mü?a=b None"


# Starting and stopping


def test_lifespan_runs_around_the_requests() -> None:
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        events.append("start")
        yield {"color": "blue"}
        events.append("stop")

    async def color(request: Any) -> PlainTextResponse:
        events.append(request.state.color)
        request.state.color = "changed for this request only"
        return PlainTextResponse("")

    app = Starlette(
        routes=[StarletteRoute("/a", color), StarletteRoute("/b", color)],
        lifespan=lifespan,
    )
    rows = driven(app)

    assert events == ["start", *["blue"] * 4, "stop"]
    assert {row.observed and row.observed.status for row in rows.values()} == {200}


@pytest.mark.parametrize(
    ("error", "expected"),
    [(RuntimeError("no database"), "RuntimeError: no database"), (None, "not say why")],
)
def test_an_app_that_cannot_start(error: Exception | None, expected: str) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed"})

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        if error:
            raise error
        yield

    app: Any = Starlette(lifespan=lifespan) if error else silent
    with pytest.raises(AppNotLoaded, match=expected) as raised:
        drive(app, survey([Route(path="/", sample="/", methods=("GET",))]))

    assert "--drive" in raised.value.hint


def answering(inner: Any = None) -> Any:
    """Return an app that treats its lifespan as *inner* does."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await inner(receive, send)
            return
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    return app


async def unknown(receive: Any, send: Any) -> None:
    raise ValueError("lifespan")


async def at_once(receive: Any, send: Any) -> None:
    return


async def never_started(receive: Any, send: Any) -> None:
    await asyncio.sleep(3600)


async def never_stopped(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await asyncio.sleep(3600)


@pytest.mark.parametrize("inner", [unknown, at_once, never_started, never_stopped])
def test_a_lifespan_that_is_none(inner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START", 0.05)

    assert ask_alone(answering(inner)) == Observed(204, ())


# Apps that misbehave


async def forever_slowly() -> AsyncIterator[bytes]:
    while True:
        yield b"data: x\n\n"
        await asyncio.sleep(0.01)


async def forever_at_once() -> AsyncIterator[bytes]:
    while True:
        yield b"x"


def forever_in_a_thread() -> Iterator[bytes]:
    while True:
        yield b"x"
        time.sleep(0.01)


@pytest.mark.parametrize(
    "stream", [forever_slowly, forever_at_once, forever_in_a_thread]
)
def test_a_stream_without_end(stream: Any) -> None:
    async def events(request: Any) -> StreamingResponse:
        return StreamingResponse(stream(), media_type="text/event-stream")

    app = Starlette(routes=[StarletteRoute("/events", events)])
    observed = driven(app)["GET /events"].observed  # and it comes back

    assert observed is not None
    assert (observed.status, observed.problem) == (200, "")
    assert dict(observed.fields)["content-type"].startswith("text/event-stream")


def test_an_app_that_never_answers() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(3600)

    assert ask_alone(app) == Observed(0, (), "no answer within 0.3 s")


def test_an_app_that_cannot_be_cancelled() -> None:
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await asyncio.sleep(0.2)
        ended.append(scope["type"])

    assert ask_alone(answering_only(app)).problem.startswith("no answer within")


def answering_only(app: Any) -> Any:
    async def http_only(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)

    return http_only


def test_an_app_that_waits_for_the_end_of_the_connection() -> None:
    """It hears that the client has gone, once it has begun to answer."""
    heard = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        heard.append((await receive())["type"])

    assert ask_alone(answering_only(app)) == Observed(200, ())
    assert heard == ["http.request", "http.disconnect"]


def test_an_app_that_raises() -> None:
    async def broken(request: Any) -> None:
        raise KeyError("SECRET")

    app = Starlette(routes=[StarletteRoute("/", broken), StarletteRoute("/ok", echo)])
    rows = driven(app)
    first, second = rows["GET /"].observed, rows["GET /ok"].observed

    assert first is not None
    assert (first.status, first.problem) == (500, "KeyError: 'SECRET'")
    assert second is not None
    assert second.status == 200


def test_an_app_that_raises_before_it_answers() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("no")

    assert ask_alone(app) == Observed(0, (), "ValueError: no")


# WSGI


def flask_app() -> tuple[Flask, list[str]]:
    app, called = Flask(__name__, static_folder=None), []

    @app.route("/posts/<int:number>", methods=["GET", "POST"])
    def post(number: int) -> FlaskResponse:
        called.append(request.method)
        seen = f"{request.url} {request.headers.get('Cookie')}"
        return FlaskResponse("x", headers={"x-seen": seen})

    @app.get("/broken")
    def broken() -> str:
        raise KeyError("SECRET")

    @app.get("/events")
    def events() -> FlaskResponse:
        return FlaskResponse(forever_in_a_thread(), mimetype="text/event-stream")

    return app, called


@pytest.mark.parametrize("wrap", [lambda app: app, NoCacheWSGIMiddleware])
def test_flask(wrap: Any) -> None:
    app, called = flask_app()
    rows = driven(wrap(app), ("Cookie", "session=1"))

    assert sorted(called) == ["GET", "HEAD"]
    assert rows["POST /posts/<int:number>"].observed is None
    assert seen(rows["GET /posts/<int:number>"]) == (
        "http://testserver/posts/1 session=1"
    )
    broken, events = rows["GET /broken"].observed, rows["GET /events"].observed
    assert broken is not None
    assert broken.status == 500
    assert events is not None
    assert (events.status, events.problem) == (200, "")
    options = rows["OPTIONS /posts/<int:number>"].observed
    assert options is not None
    assert "allow" in {name.lower() for name, _ in options.fields}


def test_flask_that_lets_errors_out() -> None:
    app, _ = flask_app()
    app.testing = True

    assert driven(app)["GET /broken"].observed == Observed(0, (), "KeyError: 'SECRET'")


def test_wsgi_is_closed_and_may_be_silent() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise ValueError("late")

        def close(self) -> None:
            closed.append(True)

    def late(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("X", "y")])(b"")
        return Body()

    def silent(environ: Any, start_response: Any) -> Any:
        return []

    assert ask_alone(late) == Observed(200, (("X", "y"),), "ValueError: late")
    assert closed == [True]
    assert ask_alone(silent) == Observed(0, (), "no answer")


def test_wsgi_path_and_query() -> None:
    seen = []

    def app(environ: Any, start_response: Any) -> Any:
        seen.append((environ["PATH_INFO"], environ["QUERY_STRING"]))
        start_response("200 OK", [])
        return []

    ask_alone(app, "/M%C3%BC?a=b")

    assert seen == [("/M\xc3\xbc", "a=b")]


def test_which_apps_are_wsgi() -> None:
    app, _ = flask_app()

    async def asgi(scope: Any, receive: Any, send: Any) -> None: ...

    def loose(environ: Any, start_response: Any, other: Any = None) -> None: ...

    assert is_wsgi(app)
    assert is_wsgi(NoCacheWSGIMiddleware(app))
    assert not is_wsgi(asgi)
    assert not is_wsgi(Starlette())
    assert not is_wsgi(loose)
    assert not is_wsgi(dict)
