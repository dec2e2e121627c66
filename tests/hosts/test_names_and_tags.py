"""Rules by endpoint and by tag: what leaves, and what the audit says of it.

One table of apps. Each row is asked over ASGI and audited; both must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from flask import Blueprint, Flask
from litestar import Controller, Litestar, Router, get
from quart import Quart
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from asgi_nocache import NO_STORE, PUBLIC, NoCacheMiddleware, Rule
from asgi_nocache.audit.explain import explain
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.run import Options, audit
from asgi_nocache.audit.survey import survey
from asgi_nocache.flask import as_asgi

TODAY = date(2026, 11, 23)
POLICY = PUBLIC(max_age=60)
HERE = __name__


def fastapi_app(*rules: Rule) -> Any:
    """Return routers in routers, with tags at each place that takes them."""
    inner = APIRouter(prefix="/in", tags=["of-router"])

    @inner.get("/a", tags=["own"])
    async def a() -> str:
        return "a"

    middle = APIRouter()
    middle.include_router(inner, prefix="/mid", tags=["of-include"])
    app = FastAPI()
    app.include_router(middle, prefix="/v1", tags=["of-outer"])
    app.include_router(inner, prefix="/v2")
    return NoCacheMiddleware(app, rules=rules)


def litestar_app(*rules: Rule) -> Any:
    """Return a controller in a router, with tags at each layer."""

    class Goods(Controller):
        path = "/c"
        tags = ("of-controller",)

        @get("/x/{n:int}", tags=["own"], name="goods")
        async def x(self) -> str:
            return "x"

    @get("/y", sync_to_thread=False)
    def y() -> str:
        return "y"

    router = Router("/r", route_handlers=[Goods], tags=["of-router"])
    app = Litestar([router, y], tags=["of-app"], openapi_config=None)
    return NoCacheMiddleware(app, rules=rules)


def mounted_litestar(*rules: Rule) -> Any:
    """Return the same below a mount of Starlette."""
    inner = litestar_app().app
    return NoCacheMiddleware(Starlette(routes=[Mount("/l", inner)]), rules=rules)


def flask_app(*rules: Rule) -> Any:
    """Return a blueprint in a blueprint."""
    blog = Blueprint("blog", HERE, url_prefix="/blog")
    notes = Blueprint("notes", HERE, url_prefix="/notes")
    app = Flask("shop")
    blog.add_url_rule("/<int:n>", "show", lambda n: "show")
    notes.add_url_rule("/z", "z", lambda: "z")
    blog.register_blueprint(notes)
    app.register_blueprint(blog)
    app.add_url_rule("/top", "top", lambda: "top")
    return as_asgi(app, rules=rules)


A = f"{HERE}.fastapi_app.<locals>.a"
X = f"{HERE}.litestar_app.<locals>.Goods.x"
Build = Callable[..., Any]
#: The app, what a rule asks for, what it is for, and what it is not for.
ROWS: list[tuple[Build, dict[str, Any], list[str], list[str]]] = [
    (fastapi_app, {"tags": {"own"}}, ["/v1/mid/in/a", "/v2/in/a"], []),
    (fastapi_app, {"tags": {"of-router"}}, ["/v1/mid/in/a", "/v2/in/a"], []),
    (fastapi_app, {"tags": {"of-include"}}, ["/v1/mid/in/a"], ["/v2/in/a"]),
    (fastapi_app, {"tags": {"of-outer"}}, ["/v1/mid/in/a"], ["/v2/in/a"]),
    (fastapi_app, {"tags": {"nobody's"}}, [], ["/v1/mid/in/a"]),
    (fastapi_app, {"endpoints": f"{HERE}.*"}, ["/v1/mid/in/a"], ["/docs"]),
    (fastapi_app, {"endpoints": A}, ["/v1/mid/in/a"], ["/docs"]),
    (fastapi_app, {"endpoints": "/v2/in/a"}, ["/v2/in/a"], ["/v1/mid/in/a"]),
    (litestar_app, {"tags": {"own"}}, ["/r/c/x/7"], ["/y"]),
    (litestar_app, {"tags": {"of-controller"}}, ["/r/c/x/7"], ["/y"]),
    (litestar_app, {"tags": {"of-router"}}, ["/r/c/x/7"], ["/y"]),
    (litestar_app, {"tags": {"of-app"}}, ["/r/c/x/7", "/y"], ["/nix"]),
    (litestar_app, {"endpoints": X}, ["/r/c/x/7"], ["/y"]),
    (litestar_app, {"endpoints": "goods"}, ["/r/c/x/7"], ["/y"]),
    (litestar_app, {"endpoints": "/r/c/x/{n}"}, ["/r/c/x/7"], ["/y"]),
    (mounted_litestar, {"tags": {"own"}}, ["/l/r/c/x/7"], ["/l/y"]),
    (mounted_litestar, {"endpoints": X}, ["/l/r/c/x/7"], ["/l/y"]),
    (flask_app, {"endpoints": "blog.show"}, ["/blog/7"], ["/blog/notes/z", "/top"]),
    (flask_app, {"endpoints": "blog.*"}, ["/blog/7", "/blog/notes/z"], ["/top"]),
    (flask_app, {"endpoints": "/blog/<int:n>"}, ["/blog/7"], ["/top"]),
    (flask_app, {"endpoints": "top"}, ["/top"], ["/blog/7"]),
    (flask_app, {"tags": ["blog"]}, ["/blog/7", "/blog/notes/z"], ["/top"]),
    (flask_app, {"tags": ["blog.notes"]}, ["/blog/notes/z"], ["/blog/7", "/top"]),
]


def named(row: Any) -> str:
    return row.__name__ if callable(row) else str(row).replace(HERE, "")


@pytest.mark.parametrize(("build", "asked", "hit", "missed"), ROWS, ids=named)
async def test_what_leaves(
    build: Build, asked: dict[str, Any], hit: list[str], missed: list[str]
) -> None:
    """The rule decides where it should, and nowhere else."""
    app = build(Rule(None, POLICY, **asked))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        said = [(await client.get(path)).headers["cache-control"] for path in hit]
        others = [(await client.get(p)).headers["cache-control"] for p in missed]

    assert set(said) <= {str(POLICY.cache_control)}
    assert set(others) <= {str(NO_STORE.cache_control)}


@pytest.mark.parametrize(("build", "asked", "hit", "missed"), ROWS, ids=named)
def test_what_the_audit_says(
    build: Build, asked: dict[str, Any], hit: list[str], missed: list[str]
) -> None:
    """The same rule, row by row, and in words for each path."""
    rule = Rule(None, POLICY, **asked)
    app = build(rule)
    rows = [r for r in survey(find_routes(app)) if r.method == "GET"]
    decided = {r.route.sample: r.decided_by for r in rows}
    by_rule = f"rule 1, {rule!r}"

    for path in hit:
        assert decided[path.replace("7", "1")] == by_rule
        assert by_rule in str(explain(find_routes(app), "GET", path))
    for path in missed:
        assert decided.get(path.replace("7", "1"), "default") == "default"


@pytest.mark.parametrize(
    "condition", [{"endpoints": "shop.views.*"}, {"tags": ["privat"]}], ids=str
)
@pytest.mark.parametrize("build", [fastapi_app, litestar_app, flask_app])
def test_what_matches_nothing_is_a_finding(
    build: Build, condition: dict[str, Any]
) -> None:
    """A name that is mistyped is told before anybody relies on it."""
    found = audit(
        build(Rule(None, POLICY, **condition)), "x", Options(), TODAY
    ).findings

    assert [f.code for f in found if f.code == "NC402"] == ["NC402"]


def quart_app(*rules: Rule) -> Any:
    app = Quart("q")
    app.add_url_rule("/q", "q", lambda: "q")
    return NoCacheMiddleware(app, rules=rules)


async def test_a_host_that_names_nothing() -> None:
    """The rule never matches, which fails closed, and the audit says so."""
    app = quart_app(Rule(None, POLICY, endpoints="*"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        said = (await client.get("/q")).headers["cache-control"]

    assert said == str(NO_STORE.cache_control)
    assert "NC402" in [f.code for f in audit(app, "x", Options(), TODAY).findings]


async def test_starlette_has_names_and_no_tags() -> None:
    """What a route is called, and its template, will do."""
    page = Route("/p/{n}", lambda request: PlainTextResponse("p"), name="page")
    app = NoCacheMiddleware(
        Starlette(routes=[page]), rules=[Rule(None, POLICY, endpoints="page")]
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        said = (await client.get("/p/7")).headers["cache-control"]

    assert said == str(POLICY.cache_control)
