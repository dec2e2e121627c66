"""One app with everything in it: each route is listed, and each is reached.

Whoever answers at a route's sample says its own name, so that a route listed for
another endpoint, or not at all, shows.
"""

from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles
from flask import Blueprint, Flask
from routes_driver import ask, connect
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route as StarletteRoute

from asgi_nocache import NoCacheMiddleware
from asgi_nocache.audit.routes import find_layers, find_routes
from asgi_nocache.audit.values import Kind, Route
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install

#: Who answers where; ``None``: a framework's page, or a file.
EXPECTED = {
    "GET,HEAD /openapi.json": None,
    "GET,HEAD /docs": None,
    "GET,HEAD /docs/oauth2-redirect": None,
    "GET,HEAD /redoc": None,
    "GET /": "home",
    "POST /": "create",
    "GET /v1/shops": "shops",
    "GET,PUT /v1/shops/{shop}/items/{item_id}": "item",
    "DELETE /v1/shops/{shop}/items/{item_id}": "remove",
    "GET /v1/shops/{shop}/items/{item_id}/prices/latest": "latest",
    "GET /v1/shops/{shop}/items/{item_id}/prices/{day}": "price",
    " /v1/shops/live/{room}": "live",
    "GET,HEAD /admin/users/{user_id:int}": "user",
    "GET,HEAD,POST /admin/files/{rest:path}": "any_file",
    "GET,HEAD /static/{path:path}": None,
    "GET,HEAD,OPTIONS /old/static/<path:filename>": None,
    "GET,HEAD,OPTIONS /old/posts/<int:number>": "post",
    "OPTIONS,POST /old/posts": "write",
    "GET,HEAD,OPTIONS /old/blog/<any(en, de):language>/<path:page>": "page",
}


def make(folder: Path) -> FastAPI:
    (folder / "app.css").write_text("body {}")
    app = FastAPI()

    @app.get("/")
    async def home() -> str:
        return "home"

    @app.post("/")
    async def create() -> str:
        return "create"

    app.include_router(shops_router(), prefix="/v1")
    app.mount("/admin", admin())
    app.mount("/static", StaticFiles(directory=folder), name="static")
    app.mount("/old", as_asgi(old()))
    return app


def shops_router() -> APIRouter:
    """Three routers, each in the next."""
    outer = APIRouter(prefix="/shops", tags=["shops"])
    items = APIRouter(prefix="/{shop}/items/{item_id}", tags=["items"])
    prices = APIRouter(tags=["prices"])

    @outer.get("")
    async def shops() -> str:
        return "shops"

    @items.api_route("", methods=["GET", "PUT"], include_in_schema=False)
    async def item(shop: str, item_id: int) -> str:
        return "item"

    @items.delete("")
    async def remove(shop: str, item_id: int) -> str:
        return "remove"

    @prices.get("/latest")
    async def latest() -> str:
        return "latest"

    @prices.get("/{day}")
    async def price(day: str) -> str:
        return "price"

    @outer.websocket("/live/{room}")
    async def live(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        await websocket.send_text("live")
        await websocket.close()

    items.include_router(prices, prefix="/prices")
    outer.include_router(items)
    return outer


def admin() -> Starlette:
    async def user(request: Request) -> Response:
        return PlainTextResponse("user")

    async def any_file(request: Request) -> Response:
        return PlainTextResponse("any_file")

    return Starlette(
        routes=[
            StarletteRoute("/users/{user_id:int}", user),
            StarletteRoute("/files/{rest:path}", any_file, methods=["GET", "POST"]),
        ]
    )


def old() -> Flask:
    app = Flask(__name__)
    blog = Blueprint("blog", __name__, url_prefix="/blog")

    @app.get("/posts/<int:number>")
    def post(number: int) -> str:
        return "post"

    @app.post("/posts")
    def write() -> str:
        return "write"

    @blog.get("/<any(en, de):language>/<path:page>")
    def page(language: str, page: str) -> str:
        return "page"

    app.register_blueprint(blog)
    return app


def key(route: Route) -> str:
    return f"{','.join(route.methods)} {route.path}"


def wrap_with_gzip(app: Any) -> Any:
    return GZipMiddleware(NoCacheMiddleware(app))


@pytest.mark.parametrize("wrap", [NoCacheMiddleware, install, wrap_with_gzip])
async def test_all_are_listed_and_reached(tmp_path: Path, wrap: Any) -> None:
    app = wrap(make(tmp_path))
    routes = find_routes(app)

    assert {key(route) for route in routes} == set(EXPECTED)
    assert len(routes) == len(EXPECTED)
    for route in routes:
        assert all(layer.policy_set for layer in route.layers)
        name = EXPECTED[key(route)]
        if route.kind is Kind.STREAM:
            scope = await connect(app, route)
            assert {"type": "websocket.send", "text": "live"} in scope["sent"]
            assert scope["endpoint"] is route.endpoint
            continue
        for method in route.methods:
            answer, told = await ask(app, route, method)
            if method != "OPTIONS":  # which Flask answers by itself
                assert name is None or answer.text.strip('"') in (name, "")
            if name is not None or route.kind is Kind.FRAMEWORK:
                assert answer.status_code == 200, route
            assert told.endpoint == (route.qualified if route.heard else ""), route
            assert (told.names, told.tags) == (route.names, route.tags), route


async def test_a_sample_is_a_file_that_is_there(tmp_path: Path) -> None:
    app = make(tmp_path)
    route = next(r for r in find_routes(app) if r.path.startswith("/static"))
    answer, _ = await ask(app, route)

    assert (route.sample, answer.text) == ("/static/app.css", "body {}")


def test_what_is_known_of_them(tmp_path: Path) -> None:
    routes = {key(r): r for r in find_routes(NoCacheMiddleware(make(tmp_path)))}
    price = routes["GET /v1/shops/{shop}/items/{item_id}/prices/{day}"]
    page = routes["GET,HEAD,OPTIONS /old/blog/<any(en, de):language>/<path:page>"]

    assert price.tags == {"shops", "items", "prices"}
    assert price.framework == "fastapi"
    assert price.media_type == "application/json"
    assert price.place is not None
    assert price.place.file == __file__
    assert "prices.get" in Path(__file__).read_text().splitlines()[price.place.line - 1]
    assert page.tags == {"blog"}
    assert page.framework == "flask"
    assert page.root_path == "/old"
    assert page.via == ("Mount /old", "Flask app")
    assert [layer.form for layer in page.layers] == ["wrapped", "as_asgi()"]
    assert [layer.root_path for layer in page.layers] == ["", "/old"]
    assert page.catch_all
    assert not price.catch_all


def test_layers_are_found_once(tmp_path: Path) -> None:
    app = NoCacheMiddleware(make(tmp_path))
    layers = find_layers(app)

    assert [layer.form for layer in layers] == ["wrapped", "as_asgi()"]
    assert layers[0].middleware is app


def test_many() -> None:
    """500 routes in included routers: none is missed. How fast is the benchmark's."""
    app = FastAPI()
    for number in range(10):
        router = APIRouter(prefix=f"/part{number}")
        for each in range(50):

            async def endpoint(item_id: int, q: str = "") -> None: ...

            router.get(f"/things{each}/{{item_id}}")(endpoint)
        app.include_router(router)
    routes = find_routes(app)

    assert len(routes) == 504
    assert all(route.sample for route in routes)
