"""Litestar, Quart and Django: their routes, and requests that reach them.

None of them tells our middleware which endpoint answered, so there are no names.
"""

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from routes_driver import ask, by_path, connect
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.routing import Route as StarletteRoute

from asgi_nocache import PUBLIC, NoCacheMiddleware, Rule
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.values import Kind, Route

RULES = [Rule("/x", PUBLIC(max_age=9))]


class TestLitestar:
    """Handlers, controllers, guards, middleware, mounts."""

    @pytest.fixture
    def litestar(self) -> Any:
        return pytest.importorskip("litestar", reason="litestar is not installed")

    @pytest.fixture
    def app(self, litestar: Any, tmp_path: Path) -> Any:
        from litestar.connection import ASGIConnection
        from litestar.handlers.base import BaseRouteHandler
        from litestar.middleware import DefineMiddleware
        from litestar.static_files import create_static_files_router

        (tmp_path / "app.css").write_text("css")

        def admin_guard(_: ASGIConnection[Any, Any, Any, Any],
                        __: BaseRouteHandler) -> None: ...  # fmt: skip

        @litestar.get("/")
        async def home() -> str:
            return "home"

        @litestar.get("/n/{n:int}/{d:date}/{u:uuid}/{f:float}/{m:decimal}")
        async def typed() -> str:
            return "typed"

        @litestar.get("/p/{rest:path}", media_type="text/plain", name="deep")
        async def deep() -> str:
            return "deep"

        @litestar.websocket("/ws/{room:str}")
        async def live(socket: litestar.WebSocket) -> None:
            await socket.accept()
            await socket.close()

        class Items(litestar.Controller):
            path = "/items"
            guards = (admin_guard,)
            middleware = (DefineMiddleware(NoCacheMiddleware, rules=RULES),)

            @litestar.get()
            async def listed(self) -> str:
                return "listed"

            @litestar.post()
            async def made(self) -> str:
                return "made"

        @litestar.asgi("/mounted", is_mount=True, copy_scope=True)
        async def mounted(scope: Any, receive: Any, send: Any) -> None:
            await inner(scope, receive, send)

        async def inside(request: Request) -> Response:
            return PlainTextResponse("inside")

        inner = Starlette(routes=[StarletteRoute("/in/{rest:path}", inside)])
        return litestar.Litestar(
            [home, typed, deep, live, Items, mounted,
             create_static_files_router("/static", [tmp_path], name="static")],
            middleware=[GZipMiddleware],
            openapi_config=None,
        )  # fmt: skip

    async def test_routes(self, app: Any) -> None:
        outer = NoCacheMiddleware(app)
        routes = {(r.path, r.methods): r for r in find_routes(outer)}
        uuid_ = "3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f"

        assert {path: route.sample for (path, _), route in routes.items()} == {
            "/": "/",
            "/n/{n:int}/{d:date}/{u:uuid}/{f:float}/{m:decimal}": f"/n/1/2024-01-31/"
            f"{uuid_}/1.5/1.5",
            "/p/{rest:path}": "/p/a/b",
            "/ws/{room:str}": "/ws/x",
            "/items": "/items",
            "/mounted/in/{rest:path}": "/mounted/in/a/b",
            "/static/{file_path:path}": "/static/a/b",
        }
        for (_, methods), route in routes.items():
            assert "OPTIONS" not in methods
            if route.kind is Kind.ENDPOINT:
                got, told = await ask(outer, route)
                assert got.text == route.endpoint.__name__, route
                assert (told.names, told.tags) == (route.names, route.tags), route
                assert told.endpoint == (route.qualified if route.heard else "")

    def test_what_is_known(self, app: Any) -> None:
        routes = {(r.path, r.methods): r for r in find_routes(NoCacheMiddleware(app))}
        listed = routes["/items", ("GET",)]
        deep = routes["/p/{rest:path}", ("GET",)]
        static = routes["/static/{file_path:path}", ("GET",)]
        mounted = routes["/mounted/in/{rest:path}", ("GET", "HEAD")]

        assert listed.auth == ("admin_guard",)
        assert routes["/items", ("POST",)].endpoint.__name__ == "made"
        forms = [layer.form for layer in listed.layers]
        assert forms == ["wrapped", "add_middleware"]
        assert listed.layers[1].policy_set.rules == tuple(RULES)
        assert [layer.form for layer in deep.layers] == ["wrapped"]
        assert (deep.name, deep.media_type, deep.catch_all) == (
            "deep", "text/plain", True,
        )  # fmt: skip
        assert deep.via == ("GZipMiddleware",)
        assert deep.place is not None
        assert deep.place.file == __file__
        assert static.kind is Kind.STATIC
        assert (mounted.framework, mounted.root_path) == ("starlette", "/mounted")
        assert mounted.via == ("GZipMiddleware", "Mount /mounted", "app",
                               "Starlette app")  # fmt: skip
        assert routes["/ws/{room:str}", ()].kind is Kind.STREAM

    async def test_its_own_pages_and_other_middleware(self, litestar: Any) -> None:
        from litestar.middleware import ASGIMiddleware

        class Own(ASGIMiddleware):
            async def handle(self, *given: Any) -> None: ...

        app = litestar.Litestar([], middleware=[Own()])
        routes = find_routes(Starlette(routes=[Mount("/l", app)]))

        assert routes
        assert {route.kind for route in routes} == {Kind.FRAMEWORK}
        assert {route.via for route in routes} == {("Mount /l", "Litestar app", "Own")}

    async def test_options_of_its_own_handler(self, litestar: Any) -> None:
        @litestar.route("/x", http_method=["GET", "OPTIONS"])
        async def both() -> str:
            return "both"

        (route,) = find_routes(litestar.Litestar([both], openapi_config=None))

        assert route.methods == ("GET", "OPTIONS")

    async def test_another_handler_takes_what_would_come_here(
        self, litestar: Any
    ) -> None:
        @litestar.get("/{word:str}")
        async def word() -> str:
            return "word"

        @litestar.get("/x")
        async def literal() -> str:
            return "literal"

        app = litestar.Litestar([word, literal], openapi_config=None)
        routes = by_path(app)
        got, _ = await ask(app, routes["/{word:str}"])

        assert (routes["/{word:str}"].sample, got.text) == ("/a", "word")

    def test_what_its_router_refuses(
        self, app: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from litestar.exceptions import NotFoundException

        def refuse(**_: Any) -> None:
            raise NotFoundException

        monkeypatch.setattr(app.asgi_router, "handle_routing", refuse)

        assert {route.sample for route in find_routes(app)} == {""}


class TestQuart:
    """Flask's words, with websockets."""

    @pytest.fixture
    def app(self) -> Any:
        quart = pytest.importorskip("quart", reason="quart is not installed")
        app = quart.Quart(__name__, static_folder=None)

        @app.get("/items/<int:n>")
        async def item(n: int) -> str:
            return "item"

        @app.websocket("/ws/<room>")
        async def live(room: str) -> None:
            await quart.websocket.accept()

        return app

    async def test_routes(self, app: Any) -> None:
        outer = NoCacheMiddleware(app)
        routes = by_path(outer)
        item, live = routes["/items/<int:n>"], routes["/ws/<room>"]
        got, told = await ask(outer, item)

        assert list(routes) == ["/items/<int:n>", "/ws/<room>"]
        assert (item.sample, got.text, told.endpoint) == ("/items/1", "item", "")
        assert (item.framework, item.heard, item.tags) == ("quart", False, set())
        assert (live.kind, live.sample, live.methods) == (Kind.STREAM, "/ws/1", ())

    def test_middleware_at_its_inner_app(self, app: Any) -> None:
        app.asgi_app = GZipMiddleware(NoCacheMiddleware(app.asgi_app))
        route = by_path(Starlette(routes=[Mount("/q", app)]))["/q/items/<int:n>"]

        assert [(x.form, x.root_path) for x in route.layers] == [("wrapped", "/q")]
        assert route.via == ("Mount /q", "Quart app", "GZipMiddleware")


@pytest.fixture
def django(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Django, set up for this process as small as it can be."""
    django = pytest.importorskip("django", reason="django is not installed")
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            ROOT_URLCONF="routes_django_urls",
            ALLOWED_HOSTS=["*"],
            SECRET_KEY="x" * 50,
            STATIC_URL="/static/",
            INSTALLED_APPS=["django.contrib.staticfiles"],
            USE_TZ=True,
        )
        django.setup()
    urls: Any = types.ModuleType("routes_django_urls")
    urls.urlpatterns = patterns()
    monkeypatch.setitem(sys.modules, "routes_django_urls", urls)
    from django.urls import clear_url_caches

    clear_url_caches()
    yield django
    clear_url_caches()


def patterns() -> list[Any]:
    from django.contrib.auth.decorators import login_required
    from django.http import HttpRequest, HttpResponse
    from django.urls import include, path, re_path
    from django.views import View
    from django.views.decorators.http import require_GET
    from django.views.generic import RedirectView
    from django.views.static import serve

    def view(request: HttpRequest, **given: Any) -> HttpResponse:
        return HttpResponse("view")

    @login_required
    def private(request: HttpRequest) -> HttpResponse:
        return HttpResponse("private")

    @require_GET
    def reading(request: HttpRequest) -> HttpResponse:
        return HttpResponse("reading")

    class LoginRequiredMixin: ...

    class Items(LoginRequiredMixin, View):
        http_method_names = ("get", "post", "options")

        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("items")

        def delete(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("never")

    class Odd:
        """A pattern of a kind that nobody here knows."""

        converters: dict[str, Any] = {}  # noqa: RUF012
        match = staticmethod(lambda _: None)

        def __str__(self) -> str:
            return "odd/"

    class OddPattern:
        pattern, callback, name = Odd(), None, None
        resolve = staticmethod(lambda _: None)

    inner = [
        path("<slug:name>/", view, name="named"),
        re_path(r"^year/(?P<year>[0-9]{4})/$", view, name="year"),
        path("<path:rest>/all", view),
    ]
    return [
        path("", view),
        path("shop/<int:pk>/", include(inner)),
        path("private", private),
        path("reading", reading),
        path("items", Items.as_view()),
        path("go", RedirectView.as_view(url="/")),
        path("files/<path:path>", serve, {"document_root": "/nowhere"}),
        path("taken", view),
        path("taken", private),
        OddPattern(),
    ]


class TestDjango:
    """Views of the root URL configuration."""

    def test_routes(self, django: Any) -> None:
        from django.core.handlers.asgi import ASGIHandler

        routes = find_routes(NoCacheMiddleware(ASGIHandler()))

        assert [(r.path, r.sample) for r in routes] == [
            ("/", "/"),
            ("/shop/<int:pk>/<slug:name>/", "/shop/1/1/"),
            ("/shop/<int:pk>/year/(?P<year>[0-9]{4})/", "/shop/1/year/0000/"),
            ("/shop/<int:pk>/<path:rest>/all", "/shop/1/a/b/all"),
            ("/private", "/private"),
            ("/reading", "/reading"),
            ("/items", "/items"),
            ("/go", "/go"),
            ("/files/<path:path>", "/files/a/b"),
            ("/taken", "/taken"),
            ("/taken", ""),
            ("/odd/", ""),
        ]
        assert all(r.framework == "django" and not r.heard for r in routes)
        assert [r.kind for r in routes[-5:]] == [
            Kind.FRAMEWORK, Kind.STATIC, Kind.ENDPOINT, Kind.ENDPOINT, Kind.UNKNOWN,
        ][-5:]  # fmt: skip

    def test_what_is_known(self, django: Any) -> None:
        from django.core.handlers.wsgi import WSGIHandler

        routes = by_path(WSGIHandler())

        assert routes["/private"].auth == ("user_passes_test", "login_required")
        assert routes["/reading"].methods == ("GET",)
        assert routes["/reading"].auth == ()
        assert routes["/items"].methods == ("GET", "OPTIONS")
        assert routes["/items"].auth == ("LoginRequiredMixin",)
        assert routes["/"].methods == ()
        assert routes["/shop/<int:pk>/<path:rest>/all"].catch_all
        assert not routes["/shop/<int:pk>/<slug:name>/"].catch_all
        assert routes["/shop/<int:pk>/<slug:name>/"].name == "named"
        place = routes["/"].place
        assert place is not None
        assert place.file == __file__

    async def test_samples_reach(self, django: Any) -> None:
        from django.core.handlers.asgi import ASGIHandler

        app = NoCacheMiddleware(Starlette(routes=[Mount("/dj", ASGIHandler())]))
        routes = by_path(app)
        for path in ("/dj/", "/dj/shop/<int:pk>/<slug:name>/", "/dj/items"):
            got, _ = await ask(app, routes[path])
            assert got.text in ("view", "items")
        assert routes["/dj/"].via == ("Mount /dj", "Django app")

    def test_static_files(self, django: Any) -> None:
        from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
        from django.core.handlers.asgi import ASGIHandler

        files, *rest = find_routes(ASGIStaticFilesHandler(ASGIHandler()))

        assert (files.kind, files.path, files.sample) == (
            Kind.STATIC, "/static/{path:path}", "/static/x.css",
        )  # fmt: skip
        assert rest[0].sample == "/"

    def test_protocols(self) -> None:
        class ProtocolTypeRouter:
            application_mapping: dict[str, Any] = {"http": Starlette()}  # noqa: RUF012

            async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

        app = ProtocolTypeRouter()
        assert find_routes(app) == ()
        app.application_mapping = {"websocket": Starlette()}
        (route,) = find_routes(app)
        assert (route.kind, route.path) == (Kind.STREAM, "/{path:path}")


async def test_a_websocket_of_litestar_is_reached() -> None:
    litestar = pytest.importorskip("litestar", reason="litestar is not installed")

    @litestar.websocket("/ws/{room:str}")
    async def live(socket: litestar.WebSocket) -> None:
        await socket.accept()
        await socket.close()

    app = litestar.Litestar([live], openapi_config=None)
    (route,) = find_routes(app)
    scope = await connect(app, route)

    assert [message["type"] for message in scope["sent"]] == [
        "websocket.accept", "websocket.close",
    ]  # fmt: skip
    assert isinstance(route, Route)
