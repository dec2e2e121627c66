"""Our middleware around routes, in every form in which it can be put there."""

import inspect
import warnings
from typing import Any

import pytest
from asgiref.wsgi import WsgiToAsgi
from fastapi import APIRouter, FastAPI
from flask import Blueprint, Flask
from routes_driver import ask, by_path
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router, WebSocketRoute

from asgi_nocache import (
    NO_STORE,
    PUBLIC,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
)
from asgi_nocache.audit.routes import find_layers, find_routes
from asgi_nocache.audit.values import Route as Found
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

RULES = [Rule("/x", PUBLIC(max_age=9))]


async def endpoint(request: Request) -> Response:
    return PlainTextResponse("endpoint")


def small() -> Starlette:
    return Starlette(routes=[Route("/x", endpoint)])


def forms(route: Found) -> list[tuple[str, str]]:
    return [(layer.form, layer.root_path) for layer in route.layers]


def only(app: Any) -> Found:
    (route,) = find_routes(app)
    return route


def test_none() -> None:
    assert only(small()).layers == ()
    assert find_layers(small()) == ()


def test_wrapped() -> None:
    app = NoCacheMiddleware(small(), rules=RULES)
    route = only(app)

    assert forms(route) == [("wrapped", "")]
    assert route.layers[0].policy_set is app.policy_set
    assert route.layers[0].middleware is app


def test_installed() -> None:
    app = install(small(), rules=RULES)

    assert forms(only(app)) == [("install()", "")]
    assert only(app).layers[0].policy_set.rules == tuple(RULES)


def test_added() -> None:
    app = small()
    app.add_middleware(GZipMiddleware)
    app.add_middleware(NoCacheMiddleware, rules=RULES)
    app.add_middleware(TrustedHostMiddleware)
    route = only(app)

    assert forms(route) == [("add_middleware", "")]
    assert route.layers[0].policy_set.rules == tuple(RULES)
    assert route.via == ("TrustedHostMiddleware", "GZipMiddleware")


async def test_added_and_built() -> None:
    """Of an app that has served, it is the one that has served."""
    app = small()
    app.add_middleware(NoCacheMiddleware, rules=RULES)
    app.add_middleware(GZipMiddleware)
    await ask(app, only(app))
    built = only(app).layers[0].middleware

    assert built is app.middleware_stack.app.app  # type: ignore[union-attr]
    assert only(app).layers[0].middleware is built


def test_functions_as_middleware() -> None:
    async def timing(request: Request, call_next: Any) -> Response: ...

    app = small()
    app.add_middleware(BaseHTTPMiddleware, dispatch=timing)

    assert only(app).via == ("timing",)


def test_older_starlettes_have_options() -> None:
    class Entry:
        cls, options = NoCacheMiddleware, {"rules": RULES}

    class Nameless:
        def __call__(self, app: Any) -> Any: ...

    app = small()
    app.user_middleware += [Entry(), Middleware(Nameless())]  # type: ignore[list-item]

    assert only(app).layers[0].policy_set.rules == tuple(RULES)
    assert only(app).via == ("Nameless",)


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"rulez": ()}, "rulez"), ({"mode": "loose"}, "mode"), ({"rules": [1]}, "1")],
)
def test_wrong_configuration(options: Any, problem: str) -> None:
    app = small()
    app.add_middleware(NoCacheMiddleware, **options)

    with pytest.raises(ConfigurationError, match=problem):
        find_routes(app)


def test_warnings_are_the_checks_business() -> None:
    app = small()
    shadowed = [Rule("/**", NO_STORE), Rule("/x", NO_STORE)]
    app.add_middleware(NoCacheMiddleware, rules=shadowed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert forms(only(app)) == [("add_middleware", "")]


def test_around_mounts_routers_and_routes() -> None:
    ours = Middleware(NoCacheMiddleware, rules=RULES)
    other = Middleware(GZipMiddleware)
    app = NoCacheMiddleware(
        Starlette(
            routes=[
                Mount("/a", NoCacheMiddleware(small())),
                Mount("/b", Router([Route("/x", endpoint)], middleware=[ours])),
                Mount("/c/{n:int}", routes=[Route("/x", endpoint)], middleware=[ours]),
                Route("/d", endpoint, middleware=[other, ours]),
                WebSocketRoute("/e", endpoint, middleware=[ours]),
                Route("/g", NoCacheMiddleware(small())),
            ]
        )
    )
    routes = by_path(app)
    inner = {path: forms(route)[1:] for path, route in routes.items()}

    assert all(forms(route)[0] == ("wrapped", "") for route in routes.values())
    assert inner == {
        "/a/x": [("wrapped", "/a")],
        "/b/x": [("wrapped", "/b")],
        "/c/{n:int}/x": [("wrapped", "/c/1")],
        "/d": [("wrapped", "")],
        "/e": [("wrapped", "")],
        "/g": [("wrapped", "")],
    }
    assert routes["/d"].via == ("GZipMiddleware",)


def test_plumbing_is_not_shown() -> None:
    if "max_body_size" not in inspect.signature(Route).parameters:
        pytest.skip("this Starlette limits no bodies")

    assert only(Starlette(routes=[Route("/x", endpoint, max_body_size=9)])).via == ()


def test_an_endpoint_that_wraps_itself() -> None:
    class Ring:
        @property
        def app(self) -> "Ring":
            return self

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    assert only(Starlette(routes=[Route("/x", Ring())])).via == ("Ring",)


def test_an_include_drops_what_a_plain_route_had() -> None:
    """FastAPI makes the route anew, without its middleware: so it is not there."""
    router = APIRouter()
    router.routes.append(
        Route("/x", endpoint, middleware=[Middleware(NoCacheMiddleware)])
    )
    app = FastAPI(openapi_url=None)
    app.include_router(router)

    assert only(app).layers == ()


def rooted(root_path: str) -> FastAPI:
    """Return what ``FastAPI(root_path=...)`` makes, without its deprecation."""
    app = FastAPI(openapi_url=None)
    app.root_path = root_path
    return app


async def test_fastapi_with_a_root_path() -> None:
    sub = install(FastAPI(openapi_url=None))
    sub.get("/x")(lambda: "x")
    app = install(rooted("/api"))
    app.get("/y")(lambda: "y")
    app.mount("/sub", sub)
    app.mount("/", Router([Route("/z", endpoint)]))
    routes = by_path(app)

    assert forms(routes["/y"]) == [("install()", "/api")]
    assert forms(routes["/sub/x"]) == [("install()", "/api"), ("install()", "/api/sub")]
    assert [routes[p].sample for p in ("/y", "/sub/x", "/z")] == [
        "/y", "/api/sub/x", "/z",
    ]  # fmt: skip
    for route in routes.values():
        answer, _ = await ask(app, route)
        assert answer.status_code == 200, route


async def test_a_root_path_that_nothing_can_meet() -> None:
    """FastAPI in a mount puts its own in place of the mount's: always 404."""
    sub = rooted("/api")
    sub.get("/x")(lambda: "x")
    route = only(Starlette(routes=[Mount("/v1", sub)]))
    answer, _ = await ask(Starlette(routes=[Mount("/v1", sub)]),
                          Found(path="/v1/x", sample="/v1/x"))  # fmt: skip

    assert (route.path, route.sample) == ("/v1/x", "")
    assert answer.status_code == 404


def flask_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.get("/x")(lambda: "x")
    return app


def test_flask() -> None:
    native = flask_app()
    native.wsgi_app = NoCacheWSGIMiddleware(native.wsgi_app)  # type: ignore[method-assign]

    assert forms(only(native)) == [("wsgi", "")]
    assert forms(only(NoCacheWSGIMiddleware(flask_app()))) == [("wsgi", "")]
    assert forms(only(as_asgi(flask_app()))) == [("as_asgi()", "")]
    assert only(flask_app()).layers == ()


def test_of_a_bridge_that_is_not_ours_no_endpoint_is_heard() -> None:
    app, blog = flask_app(), Blueprint("blog", __name__)
    blog.add_url_rule("/y", "y", lambda: "y")
    app.register_blueprint(blog)
    theirs = by_path(NoCacheMiddleware(WsgiToAsgi(app)))["/y"]
    ours = by_path(as_asgi(app))["/y"]

    assert (theirs.heard, theirs.via) == (False, ("WsgiToAsgi",))
    assert (theirs.names, theirs.tags) == (set(), set())
    assert (ours.heard, ours.names, ours.tags) == (True, {"/y", "blog.y"}, {"blog"})
