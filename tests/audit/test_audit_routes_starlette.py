"""Starlette's kinds of routes: what is listed, and whether samples come there."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from routes_driver import ask, by_path, samples
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.convertors import Convertor, register_url_convertor
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import (
    BaseRoute,
    Host,
    Mount,
    Route,
    Router,
    WebSocketRoute,
)
from starlette.staticfiles import StaticFiles

from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.values import Kind


async def endpoint(request: Request) -> Response:
    return PlainTextResponse("endpoint")


async def other(request: Request) -> Response:
    return PlainTextResponse("other")


async def plain(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("plain")(scope, receive, send)


@functools.lru_cache
def decorated() -> None: ...


class Page(HTTPEndpoint):
    @requires("admin")
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("page")

    async def delete(self, request: Request) -> Response:
        return PlainTextResponse("gone")


class Socket(WebSocketEndpoint): ...


class Asgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("asgi")(scope, receive, send)


class OddRoute(BaseRoute):
    """A route of a class that nobody here knows."""


class PathOnly(BaseRoute):
    path = "/only"
    path_regex = None


class NoTarget(BaseRoute):
    """It has a path, and nothing that it leads to."""

    def __init__(self) -> None:
        self.path, self.path_regex = "/none", Route("/none", endpoint).path_regex


def test_nothing_is_nothing() -> None:
    assert find_routes(Starlette()) == ()


async def test_class_endpoints() -> None:
    app = Starlette(routes=[Route("/page", Page), WebSocketRoute("/ws", Socket)])
    page, socket = find_routes(app)
    answer, _ = await ask(app, page, "DELETE")

    assert (page.methods, page.kind) == (("DELETE", "GET", "HEAD"), Kind.ENDPOINT)
    assert (page.auth, answer.status_code) == (("requires",), 200)
    assert page.place is not None
    assert page.place.line == 46
    assert (socket.methods, socket.kind) == ((), Kind.STREAM)


async def test_an_asgi_app_as_endpoint_takes_any_method() -> None:
    app = Starlette(routes=[Route("/any", Asgi())])
    (route,) = find_routes(app)
    answer, _ = await ask(app, route, "POST")

    assert (route.methods, route.qualified) == ((), f"{__name__}.Asgi")
    assert answer.text == "asgi"


def test_partials_and_decorators() -> None:
    app = Starlette(routes=[Route("/x", functools.partial(endpoint)),
                            Route("/y", requires("a")(endpoint))])  # fmt: skip
    one, two = find_routes(app)

    assert one.place == two.place
    assert one.place is not None
    assert one.place.file == __file__
    assert (one.auth, two.auth) == ((), ("requires",))
    assert two.qualified == f"{__name__}.endpoint"


async def test_mounts_in_mounts() -> None:
    inner = Router([Route("/items/{item:int}", endpoint, name="item")])
    app = Starlette(
        routes=[
            Mount("/{tenant}", routes=[Mount("/shop", inner, name="shop")]),
            Mount("/", Router([Route("/late", other)])),
        ]
    )
    item, late = find_routes(app)
    answer, told = await ask(app, item)
    last, _ = await ask(app, late)

    assert item.path == "/{tenant}/shop/items/{item:int}"
    assert (item.sample, item.root_path) == ("/1/shop/items/1", "/1/shop")
    assert item.via == ("Mount /{tenant}", "Mount /shop")
    assert (answer.text, last.text) == ("endpoint", "other")
    assert told.names == item.names == {"/items/{item:int}", "item"}


async def test_hosts() -> None:
    app = Starlette(
        routes=[
            Host("api.example.org", Router([Route("/x", endpoint)]), name="api"),
            Host("{name}.example.org", Starlette(routes=[Route("/x", other)])),
            Route("/x", other),
        ]
    )
    api, named, bare = find_routes(app)
    answer, _ = await ask(app, api)

    assert (api.host, answer.text) == ("api.example.org", "endpoint")
    assert (named.host, named.sample) == ("{name}.example.org", "/x")
    assert named.via == ("Host {name}.example.org", "Starlette app")
    assert (bare.host, bare.sample) == ("", "/x")


def test_an_earlier_route_takes_what_would_come_here() -> None:
    app = Starlette(
        routes=[
            Route("/items/{name}", endpoint),
            Route("/items/1", other),
            Route("/{n:int}", endpoint),
            Route("/{word}", other),
            Route("/same", endpoint, methods=["POST"]),
            Mount("/m", Router([Route("/x", endpoint)])),
            Route("/m/x", other),
            Route("/same", other, methods=["DELETE"]),
            WebSocketRoute("/items/{name}", endpoint),
        ]
    )

    assert [route.sample for route in find_routes(app)] == [
        "/items/1", "", "/1", "/x", "/same", "/m/x", "", "/same", "/items/1",
    ]  # fmt: skip


async def test_mounts_that_nothing_reaches() -> None:
    app = Starlette(
        routes=[
            Mount("/a", Router([Route("/x", endpoint)])),
            Mount("/a", Router([Route("/y", other)])),
        ]
    )
    _, route = find_routes(app)

    assert (route.path, route.sample) == ("/a/y", "")


async def test_a_router_with_a_default() -> None:
    inner = Router([Route("/{rest:path}", other)])
    app = Router([Route("/x", endpoint)], default=inner)
    _, route = find_routes(app)
    answer, _ = await ask(app, route)

    assert (route.path, route.via) == ("/{rest:path}", ("default",))
    assert answer.text == "other"


async def test_a_route_by_itself() -> None:
    app = Mount("/a", Router([Route("/x", endpoint)]))
    (route,) = find_routes(app)
    answer, _ = await ask(app, route)

    assert (route.path, answer.text) == ("/a/x", "endpoint")
    assert samples(Route("/alone", endpoint)) == {"/alone": "/alone"}


@pytest.mark.parametrize(
    ("route", "path"), [(OddRoute(), "/{path:path}"), (PathOnly(), "/only"),
                        (NoTarget(), "/none")],
)  # fmt: skip
def test_what_nobody_knows(route: BaseRoute, path: str) -> None:
    (found,) = find_routes(Starlette(routes=[route]))

    assert (found.kind, found.path, found.sample) == (Kind.UNKNOWN, path, "")
    assert found.via == (type(route).__name__,)
    assert found.catch_all


def test_opaque_mounts() -> None:
    app = Starlette(routes=[Mount("/x", plain, name="it"), Mount("/y", Asgi())])
    one, two = find_routes(app)

    assert (one.kind, one.path, one.sample) == (Kind.OPAQUE, "/x/{path:path}", "/x/a/b")
    assert (one.endpoint, one.name, one.catch_all) == (plain, "it", True)
    assert one.place is not None
    assert two.qualified == f"{__name__}.Asgi"


def test_an_app_in_itself() -> None:
    app = Starlette()
    app.mount("/a", app)
    app.mount("/b", Router([Mount("/c", app)]))
    routes = find_routes(app)

    assert [(route.kind, route.path) for route in routes] == [
        (Kind.OPAQUE, "/a/{path:path}"),
        (Kind.OPAQUE, "/b/c/{path:path}"),
    ]
    assert routes[0].via == ("Mount /a", "the app inside itself, again")


def test_apps_without_an_end() -> None:
    """They differ each time, so that only the depth tells."""

    class Endless:
        @property
        def app(self) -> "Endless":
            return Endless()

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    (route,) = find_routes(Endless())
    (endpoint,) = find_routes(Starlette(routes=[Route("/x", Endless())]))

    assert route.kind is Kind.OPAQUE
    assert len(endpoint.via) < 99


async def test_static_files(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    (tmp_path / "folder").mkdir()
    empty = StaticFiles(directory=tmp_path)
    assert samples(empty) == {"/{path:path}": "/x.css"}
    (tmp_path / "ä b%.txt").write_text("found")
    app = Starlette(routes=[Mount("/s", StaticFiles(directory=tmp_path))])
    (route,) = find_routes(app)
    answer, told = await ask(app, route)

    assert (route.kind, route.methods) == (Kind.STATIC, ("GET", "HEAD"))
    assert (route.sample, answer.text) == ("/s/%C3%A4%20b%25.txt", "found")
    assert told.endpoint == route.qualified == "starlette.staticfiles.StaticFiles"
    assert samples(StaticFiles(directory="/nowhere", check_dir=False)) == {
        "/{path:path}": "/x.css"
    }
    assert not find_routes(empty)[0].heard


class Even(Convertor[int]):
    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        if int(value) % 2:
            raise ValueError(value)
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


class Never(Even):
    def convert(self, value: str) -> int:
        raise ValueError(value)


class Code(Convertor[str]):
    regex = r"[^a1]\.[B-D]{2}(?:q|z)\d"
    convert = to_string = str


register_url_convertor("even", Even())
register_url_convertor("never", Never())
register_url_convertor("code", Code())


@pytest.mark.parametrize(
    ("path", "sample"),
    [
        ("/{x}", "/1"),
        ("/{x:float}.{y:int}", "/1.1"),
        ("/{x:uuid}", "/3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f"),
        ("/a/{x:path}", "/a/a/b"),
        ("/{x:even}", "/10"),
        ("/{x:never}", ""),
        ("/{x:code}", "/-.BBq1"),
        ("/ä b/{x}", "/%C3%A4%20b/1"),
    ],
)
async def test_parameters(path: str, sample: str) -> None:
    app = Starlette(routes=[Route(path, endpoint)])
    (route,) = find_routes(app)

    assert route.sample == sample
    assert route.catch_all == ("path" in path)
    if sample:
        answer, _ = await ask(app, route)
        assert answer.text == "endpoint"


async def test_the_method_of_a_router_is_one() -> None:
    router = Router([Route("/x", endpoint)])
    for app in (router.app, router.__call__, Starlette(routes=[Mount("/", router)])):
        assert samples(app) == {"/x": "/x"}


@pytest.mark.parametrize("name", ["app", "application", "inner", "_app"])
def test_middleware_of_any_kind(name: str) -> None:
    class Wrapper:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    wrapper = Wrapper()
    setattr(wrapper, name, Starlette(routes=[Route("/x", endpoint)]))
    (route,) = find_routes(wrapper)

    assert (route.path, route.via) == ("/x", ("Wrapper",))


@pytest.mark.parametrize("value", [Starlette, "shop.main:app", 7])
def test_what_looks_like_middleware_and_wraps_no_app(value: Any) -> None:
    wrapper = Asgi()
    wrapper.app = value  # type: ignore[attr-defined]

    assert [route.kind for route in find_routes(wrapper)] == [Kind.OPAQUE]


def close_over(app: Any) -> Callable[..., Any]:
    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return asgi


def wraps(app: Any) -> Any:
    @functools.wraps(app, updated=())
    async def asgi(scope: Any, receive: Any, send: Any) -> None: ...

    return asgi


async def test_functions_that_wrap() -> None:
    app = Starlette(routes=[Route("/x", endpoint)])
    for make, via in ((close_over, "close_over"), (wraps, "wraps")):
        (route,) = find_routes(make(app))
        assert (route.path, route.via) == ("/x", (via,))
    (route,) = find_routes(functools.partial(close_over(app)))
    assert route.via == ("partial", "close_over")
    assert by_path(plain)["/{path:path}"].kind is Kind.OPAQUE
    assert find_routes(plain)[0].via == ()


def test_what_is_no_app_at_all() -> None:
    assert [route.kind for route in find_routes(None)] == [Kind.OPAQUE]
