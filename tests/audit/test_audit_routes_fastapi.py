"""What FastAPI adds: includes, dependencies, typed parameters, pages of its own."""

import enum
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path as File
from typing import Annotated, Any, Literal
from uuid import UUID

import fastapi.routing
import pytest
from fastapi import APIRouter, Depends, FastAPI, Path, Security, WebSocket
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer
from routes_driver import ask, by_path, samples
from starlette.routing import Host, Mount, Route, Router

from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.values import Kind

bearer = OAuth2PasswordBearer("token")
key = APIKeyHeader(name="X-Key", scheme_name="the key")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


def get_current_user(token: Annotated[str, Depends(bearer)]) -> None: ...


def get_author() -> None: ...


def csrf_token() -> None: ...


class RequireAdmin:
    def __call__(self) -> None: ...


def bare(**options: Any) -> FastAPI:
    return FastAPI(openapi_url=None, **options)


def one_route(endpoint: Any, path: str = "/x", **options: Any) -> Any:
    app = bare()
    app.get(path, **options)(endpoint)
    (route,) = find_routes(app)
    return route


@pytest.mark.parametrize(
    ("dependency", "auth"),
    [
        (Depends(get_current_user), ("get_current_user", "OAuth2PasswordBearer")),
        (Security(key, scopes=["a"]), ("the key",)),
        (Depends(HTTPBearer()), ("HTTPBearer",)),
        (Depends(RequireAdmin()), ("RequireAdmin",)),
        (Depends(get_author), ()),
        (Depends(csrf_token), ()),
    ],
)
def test_who_is_asked_for(dependency: Any, auth: tuple[str, ...]) -> None:
    async def endpoint() -> None: ...

    assert one_route(endpoint, dependencies=[dependency]).auth == auth


def test_an_endpoint_is_no_dependency() -> None:
    async def login() -> None: ...

    assert one_route(login).auth == ()


def test_dependencies_of_apps_and_routers() -> None:
    app = bare(dependencies=[Depends(bearer)])
    router = APIRouter(dependencies=[Depends(get_current_user)])
    socket = APIRouter()

    @router.get("/x")
    async def endpoint() -> None: ...

    @socket.websocket("/ws")
    async def live(websocket: WebSocket, user: Annotated[None, Security(key)]) -> None:
        await websocket.close()

    app.include_router(router)
    app.include_router(socket)

    assert [route.auth for route in find_routes(app)] == [
        ("OAuth2PasswordBearer", "get_current_user"),
        ("OAuth2PasswordBearer", "the key"),
    ]


async def returns_html() -> HTMLResponse: ...
async def returns_any() -> Response: ...
async def returns_text() -> "PlainTextResponse": ...
async def returns_unknown() -> "Missing": ...  # type: ignore[name-defined]  # noqa: F821
async def returns_dict() -> dict[str, int]: ...
async def stream() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("endpoint", "options", "media_type"),
    [
        (returns_dict, {}, "application/json"),
        (returns_dict, {"response_class": HTMLResponse}, "text/html"),
        (returns_dict, {"response_class": Response}, ""),
        (returns_dict, {"status_code": 204, "response_model": None}, ""),
        (returns_html, {}, "text/html"),
        (returns_any, {}, ""),
        (returns_text, {}, "text/plain"),
        (returns_unknown, {"response_model": None}, "application/json"),
        (stream, {}, "application/jsonl"),
    ],
)
def test_media_types(endpoint: Any, options: Any, media_type: str) -> None:
    assert one_route(endpoint, **options).media_type == media_type


def test_events() -> None:
    sse = pytest.importorskip("fastapi.sse", reason="this FastAPI has no events")
    route = one_route(stream, response_class=sse.EventSourceResponse)

    assert route.media_type == "text/event-stream"


async def of_int(v: int) -> str: ...
async def of_enum(v: Color) -> str: ...
async def of_literal(v: Literal["de", "en"]) -> str: ...
async def of_uuid(v: UUID) -> str: ...
async def of_date(v: date) -> str: ...
async def of_bounded(v: Annotated[int, Path(gt=500, lt=600)]) -> str: ...
async def of_least(v: Annotated[int, Path(ge=500)]) -> str: ...
async def of_pattern(v: Annotated[str, Path(pattern="^[A-Z]{2}-[0-9]+$")]) -> str: ...
async def of_length(v: Annotated[str, Path(min_length=5)]) -> str: ...
async def of_nothing(v: Annotated[int, Path(gt=5, lt=6)]) -> str: ...
async def of_alias(w: Annotated[Color, Path(alias="v")]) -> str: ...
def dependency(v: Color) -> None: ...
async def of_dependency(d: Annotated[None, Depends(dependency)]) -> str: ...


@pytest.mark.parametrize(
    ("endpoint", "value"),
    [
        (of_int, "1"),
        (of_enum, "red"),
        (of_literal, "de"),
        (of_uuid, "3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f"),
        (of_date, "2024-01-31"),
        (of_bounded, "501"),
        (of_least, "500"),
        (of_pattern, "AA-0"),
        (of_length, "xxxxx"),
        (of_alias, "red"),
        (of_dependency, "red"),
        (of_nothing, "1"),  # no value is right: 422, but the route is reached
    ],
)
async def test_typed_parameters(endpoint: Any, value: str) -> None:
    app = bare()
    app.get("/x/{v}")(endpoint)
    (route,) = find_routes(app)

    assert route.sample == f"/x/{value}"
    for wanted in {200, 422 if endpoint is of_nothing else 200} - {200}:
        answer, _ = await ask(app, route)
        assert answer.status_code == wanted


async def test_types_and_convertors_must_agree() -> None:
    async def texts(v: str) -> str:
        return v

    async def numbers(v: int) -> str:
        return str(v)

    app = bare()
    app.get("/a/{v:path}")(texts)
    app.get("/b/{v:int}")(numbers)

    assert list(samples(app).values()) == ["/a/a/b", "/b/1"]
    for route in find_routes(app):
        answer, _ = await ask(app, route)
        assert answer.json() == route.sample[3:]


def test_pages_of_its_own() -> None:
    routes = by_path(FastAPI())

    assert {path: route.media_type for path, route in routes.items()} == {
        "/openapi.json": "application/json",
        "/docs": "text/html",
        "/docs/oauth2-redirect": "text/html",
        "/redoc": "text/html",
    }
    assert {route.kind for route in routes.values()} == {Kind.FRAMEWORK}


async def test_all_kinds_of_routes_in_an_included_router(tmp_path: File) -> None:
    async def answer(request: Any) -> Response:
        return PlainTextResponse("answer")

    router = APIRouter()
    router.add_route("/plain", answer)
    router.mount("/mount", Router([Route("/x", answer)]))
    router.routes.append(Host("h.example.org", Router([Route("/y", answer)])))
    outer = APIRouter()
    outer.include_router(router, prefix="/in")
    app = bare()
    app.include_router(outer, prefix="/out")
    routes = by_path(app)

    assert list(routes) == ["/out/in/plain", "/out/in/mount/x", "/out/in/y"]
    for route in routes.values():
        got, told = await ask(app, route)
        assert got.text == "answer"
        assert told.names == route.names


async def test_frontends(tmp_path: File) -> None:
    app = bare()
    if not hasattr(app, "frontend"):
        pytest.skip("this FastAPI has no frontend()")
    (tmp_path / "app.js").write_text("app")
    (tmp_path / "index.html").write_text("index")
    router = APIRouter(dependencies=[Depends(get_current_user)])
    router.frontend("/in", directory=tmp_path)
    app.get("/spa/app.js")(lambda: "taken")
    app.frontend("/spa", directory=tmp_path)
    app.include_router(router, prefix="/p")
    app.frontend("/", directory=tmp_path)
    taken, spa, root, inner = find_routes(app)

    assert (spa.path, spa.kind, spa.sample) == ("/spa/{path:path}", Kind.STATIC, "")
    assert (root.path, root.sample) == ("/{path:path}", "/app.js")
    assert (inner.path, inner.sample) == ("/p/in/{path:path}", "/p/in/app.js")
    assert inner.auth == ("get_current_user", "OAuth2PasswordBearer")
    got, _ = await ask(app, root)
    assert (got.text, taken.sample) == ("app", "/spa/app.js")


def test_a_fastapi_without_a_way_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.137.0 and 0.137.1: routers are listed as unknown, never left out."""
    app = bare()
    router = APIRouter()
    router.get("/x")(returns_dict)
    app.include_router(router)
    monkeypatch.delattr(fastapi.routing, "iter_route_contexts")
    (route,) = find_routes(app)

    assert (route.kind, route.path) == (Kind.UNKNOWN, "/{path:path}")


def test_a_fastapi_that_flattens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 0.137 an include copies routes; those look like an app's own."""
    app = bare()
    app.get("/a/b", tags=["t"])(returns_dict)
    app.routes.append(Mount("/m", Router([Route("/x", returns_dict)])))
    monkeypatch.delattr(fastapi.routing, "iter_route_contexts")
    route, mounted = find_routes(app)

    assert (route.path, route.tags, mounted.path) == ("/a/b", {"t"}, "/m/x")


def test_without_fastapi_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastapi.routing")

    assert samples(Router([Route("/x", returns_dict)])) == {"/x": "/x"}
