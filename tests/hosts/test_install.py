"""install(): what it covers, and that the app stays what it was."""

import contextlib
from typing import Any

import httpx
import pytest
from driver import NEVER_STORE, PUBLISHED, RELAXED, ask, caching
from fastapi import FastAPI
from fastapi.testclient import TestClient as FastAPIClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
)
from asgi_nocache.starlette import install


async def home(request: Request) -> Response:
    return PlainTextResponse("home")


async def broken(request: Request) -> Response:
    raise LookupError("broken")


async def body(request: Request) -> Response:
    return PlainTextResponse(await request.body())


def starlette(**options: Any) -> Starlette:
    routes = [
        Route("/", home),
        Route("/broken", broken),
        Route("/body", body, methods=["POST"]),
    ]
    return Starlette(routes=routes, **options)


def fastapi(**options: Any) -> FastAPI:
    app = FastAPI(**options)
    app.get("/")(home)
    app.get("/broken")(broken)
    app.post("/body")(body)
    return app


def client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def added(app: Any) -> Any:
    app.add_middleware(NoCacheMiddleware)
    return app


# What it covers


async def page(request: Request, error: Exception) -> Response:
    return PlainTextResponse("sorry", 500, {"cache-control": "public, max-age=60"})


@pytest.mark.parametrize("make", [starlette, fastapi])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"debug": True},
        {"exception_handlers": {500: page}},
        {"exception_handlers": {Exception: page}},
    ],
    ids=["default", "debug", "by-500", "by-class"],
)
async def test_an_unhandled_500_is_covered(make: Any, options: Any) -> None:
    """Whatever page ``ServerErrorMiddleware`` writes leaves never-store."""
    async with client(install(make(**options))) as browser:
        answer = await browser.get("/broken")
    assert (answer.status_code, caching(answer)) == (500, NEVER_STORE)


async def test_add_middleware_misses_the_500() -> None:
    """The twin: what is added sits inside of what writes the page."""
    async with client(added(starlette())) as browser:
        assert caching(await browser.get("/")) == NEVER_STORE
        assert caching(await browser.get("/broken")) == {}


@pytest.mark.parametrize("make", [starlette, fastapi])
async def test_the_413_of_the_app_is_covered(make: Any) -> None:
    """The limit on request bodies stands outside of what is added, too."""
    options = {"max_body_size": 4} if make is starlette else {}
    app = install(make(**options))
    if make is fastapi:
        app.max_body_size = 4
    async with client(app) as browser:
        answer = await browser.post("/body", content=b"too long")
        assert (answer.status_code, caching(answer)) == (413, NEVER_STORE)
        answer = await browser.post("/body", content=b"fine")
        assert (answer.status_code, answer.text) == (200, "fine")


async def test_add_middleware_misses_the_413() -> None:
    """The twin, for Starlette."""
    async with client(added(starlette(max_body_size=4))) as browser:
        answer = await browser.post("/body", content=b"too long")
    assert (answer.status_code, caching(answer)) == (413, {})


@pytest.mark.parametrize("path", ["/absent", "/body"])
async def test_404_and_405_are_covered(path: str) -> None:
    """What the router answers for itself is an answer like any other."""
    async with client(install(starlette(), default=RELAXED)) as browser:
        assert caching(await browser.get(path)) == NEVER_STORE
        assert caching(await browser.get("/")) == PUBLISHED


def test_the_exception_still_goes_on(backend: str) -> None:
    """The server hears of it, once the page is sent."""
    with pytest.raises(LookupError, match="broken"):
        ask(install(starlette()), "/broken", backend=backend)


# The app stays what it was


@pytest.mark.parametrize("make", [starlette, fastapi])
def test_the_app_is_returned_and_keeps_its_parts(make: Any) -> None:
    """``app.state``, ``app.routes``, ``url_path_for`` and later routes work."""
    app = make()
    assert install(app) is app
    app.state.number = 7
    app.router.routes.append(Route("/later", home, name="later"))
    assert app.url_path_for("later") == "/later"
    assert "/later" in [getattr(route, "path", None) for route in app.routes]
    with TestClient(app) as browser:
        assert browser.app.state.number == 7
        assert caching(browser.get("/later")) == NEVER_STORE


def test_the_test_client_still_raises() -> None:
    """``TestClient`` shows what the app raised, or the page, as it is asked to."""
    app = install(starlette())
    with pytest.raises(LookupError):
        TestClient(app).get("/broken")
    answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert (answer.status_code, caching(answer)) == (500, NEVER_STORE)


def test_the_docs_of_fastapi_keep_working() -> None:
    """They are served, never-store like all else, and unchanged."""
    app = install(fastapi())
    with FastAPIClient(app) as browser:
        assert browser.get("/openapi.json").json() == fastapi().openapi()
        assert "swagger" in browser.get("/docs").text
        assert caching(browser.get("/docs")) == NEVER_STORE


def test_lifespan_state_reaches_requests() -> None:
    """The lifespan passes through, with its state."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> Any:
        yield {"pool": "open"}

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(request.state.pool)

    app = install(Starlette(routes=[Route("/", endpoint)], lifespan=lifespan))
    with TestClient(app) as browser:
        assert browser.get("/").text == "open"


def test_other_middleware_can_still_be_added() -> None:
    """Installed first, it is outside of what is added afterwards."""

    def signing(app: Any) -> Any:
        async def sign(scope: Any, receive: Any, send: Any) -> None:
            async def signed(message: Any) -> None:
                if message["type"] == "http.response.start":
                    line = (b"cache-control", b"public, max-age=1")
                    message = {**message, "headers": [*message["headers"], line]}
                await send(message)

            await app(scope, receive, signed)

        return sign

    app = install(starlette())
    app.add_middleware(signing)
    assert ask(app).cache == NEVER_STORE


def test_rules_default_mode_and_guards_are_passed_on() -> None:
    """It takes what the middleware takes."""
    app = install(
        starlette(), rules=[Rule("/", PRIVATE(max_age=9))], default=RELAXED, guards=[]
    )
    assert ask(app).cache == {"cache-control": "private, max-age=9"}
    assert ask(app, "/absent").cache == PUBLISHED
    assert ask(install(starlette(), mode="report")).cache == {}


def test_two_apps_do_not_share_a_policy() -> None:
    """Each app has its own instance."""
    closed, relaxed = install(starlette()), install(starlette(), default=RELAXED)
    assert ask(relaxed).cache == PUBLISHED
    assert ask(closed).cache == NEVER_STORE


# Mistakes


@pytest.mark.parametrize("options", [{"rules": ["/x"]}, {"default": "no-store"}])
def test_a_wrong_configuration_is_told_at_once(options: Any) -> None:
    """At ``install()``, where ``add_middleware`` would wait for an event."""
    app = starlette()
    with pytest.raises(ConfigurationError):
        install(app, **options)
    assert ask(app).cache == {}


@pytest.mark.parametrize("first", [install, added])
def test_a_second_instance_is_refused(first: Any) -> None:
    """Two policies on each response are a mistake, and explained."""
    app = first(starlette())
    with pytest.raises(ConfigurationError, match=r"already.*keep one"):
        install(app)


def test_an_instance_among_the_app_s_middleware_is_refused() -> None:
    """Also where it was given to the constructor."""
    app = starlette(middleware=[Middleware(NoCacheMiddleware, default=NO_STORE)])
    with pytest.raises(ConfigurationError, match="already"):
        install(app)


def test_an_instance_added_afterwards_is_refused_at_the_first_event() -> None:
    """Starlette builds the stack then, so it cannot be earlier."""
    app = added(install(starlette()))
    with pytest.raises(ConfigurationError, match="wrapped already"):
        ask(app)


def test_an_app_that_has_served_is_refused() -> None:
    """Its stack is built, so nothing would be covered."""
    app = starlette()
    ask(app)
    with pytest.raises(ConfigurationError, match="has served already"):
        install(app)


@pytest.mark.parametrize("odd", [None, "app", home, NoCacheMiddleware(starlette())])
def test_what_is_no_starlette_app_is_refused(odd: Any) -> None:
    """The message says what to write for any other app."""
    with pytest.raises(ConfigurationError, match=r"write NoCacheMiddleware\(app\)"):
        install(odd)


def test_an_installed_app_may_be_mounted_in_another(backend: str) -> None:
    """Each keeps its own 500; the outer one covers both."""
    inner = install(starlette(), default=RELAXED)
    app = install(Starlette(routes=[Mount("/sub", inner), Route("/", home)]))
    assert ask(app, "/sub/", backend=backend).cache == PUBLISHED
    assert ask(app, "/", backend=backend).cache == NEVER_STORE
