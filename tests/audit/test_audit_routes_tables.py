"""Apps whose router is a list of expressions and views, as Datasette's is."""

import re
from typing import Any

import pytest
from routes_driver import ask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from asgi_nocache import NoCacheMiddleware
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.routes.tables import is_app, template
from asgi_nocache.audit.values import Kind


class Table:
    """It asks its expressions in order, and the first that matches answers."""

    def __init__(self, *routes: Any) -> None:
        self.routes = list(routes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        view = next(view for regex, view in self.routes if regex.match(path))
        await PlainTextResponse(view.__name__)(scope, receive, send)


def home() -> None: ...
def item() -> None: ...
def anything() -> None: ...
def never() -> None: ...


def make() -> Table:
    return Table(
        (re.compile(r"/$"), home),
        (re.compile(r"/(?P<shop>[^/]+)/(?P<n>\d{2})(\.(?P<format>json))?$"), item),
        (re.compile(r"/favicon.ico"), home),
        [re.compile(r"/(?P<rest>.*)$"), anything],
        (re.compile(r"/late(?!)"), never),
        (re.compile(r"/late$"), never),
    )


async def test_routes() -> None:
    app = NoCacheMiddleware(Starlette(routes=[Mount("/t", make())]))
    routes = find_routes(app)

    assert [(route.path, route.sample) for route in routes] == [
        ("/t/", "/t/"),
        ("/t/{shop}/{n}(.{format})?", "/t/a/11"),
        ("/t/favicon.ico", "/t/favicon.ico"),
        ("/t/{rest}", "/t/x"),
        ("/t/late(?!)", ""),
        ("/t/late", ""),
    ]
    assert [route.catch_all for route in routes[:4]] == [False, False, True, True]
    for route in routes:
        assert (route.kind, route.methods, route.heard) == (Kind.ENDPOINT, (), False)
        assert route.name == route.endpoint.__name__
        if route.sample:
            answer, _ = await ask(app, route)
            assert answer.text == route.name


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (r"^/a/(?P<b>(x|y)[)\]]\))/c\.json$", "/a/{b}/c.json"),
        (r"/(?P<a>q(?P<b>\(w))/z\Z", "/{a}/z"),
        (r"/(?P<a>never closed", "/{a}"),
        (r"/\d+\-x", r"/\d+-x"),
    ],
)
def test_templates(pattern: str, wanted: str) -> None:
    assert template(pattern) == wanted


@pytest.mark.parametrize(
    "routes", [[], [1], [("x", home)], [(re.compile("x"), 1)], [(re.compile("x"),)], {}]
)
def test_other_lists(routes: Any) -> None:
    app = make()
    app.routes = routes

    assert not is_app(app)
