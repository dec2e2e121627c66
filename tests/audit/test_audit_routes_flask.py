"""Flask's rules, under every bridge, and what combines WSGI apps."""

import functools
from pathlib import Path
from typing import Any

import pytest
from asgiref.wsgi import WsgiToAsgi
from flask import Blueprint, Flask
from flask.views import MethodView, View
from routes_driver import ask, by_path, samples
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Rule

from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.values import Kind
from asgi_nocache.flask import as_asgi


def login_required(view: Any) -> Any:
    @functools.wraps(view)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return decorated


def unwrapped_login_required(view: Any) -> Any:
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return decorated


class Items(MethodView):
    decorators = (login_required,)

    def get(self) -> str:
        return "items"

    def post(self) -> str:
        return "made"


class Plain(View):
    methods = ("GET", "PUT")

    def dispatch_request(self, **given: Any) -> str:
        return "plain"


class Odd(BaseConverter):
    regex = "[a-z]+"

    def to_python(self, value: str) -> str:
        if value != "abc":
            raise KeyError(value)
        return value


def make(**options: Any) -> Flask:
    return Flask(__name__, **{"static_folder": None, **options})


def answer(**given: Any) -> str:
    return "answer"


@pytest.mark.parametrize(
    ("template", "sample"),
    [
        ("/plain", "/plain"),
        ("/ü/<name>", "/%C3%BC/1"),
        ("/<int:n>/<string:s>", "/1/1"),
        ("/<int(min=30, max=40):n>", "/30"),
        ("/<int(max=3):n>", "/3"),
        ("/<int(fixed_digits=4):n>", "/0001"),
        ("/<int(signed=True):n>", "/1"),
        ("/<float:f>", "/1.5"),
        ("/<uuid:u>", "/3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f"),
        ("/<string(length=3):s>", "/abc"),
        ("/<string(length=12):s>", "/aaaaaaaaaaaa"),
        ("/<any(one, 'two(2)'):a>/x", "/one/x"),
        ("/w/<path:p>/edit", "/w/a/b/edit"),
        ("/<odd:o>", "/abc"),
    ],
)
async def test_converters(template: str, sample: str) -> None:
    app = make()
    app.url_map.converters["odd"] = Odd
    app.add_url_rule(template, view_func=answer)
    (route,) = find_routes(app)
    got, told = await ask(as_asgi(app), route)

    assert (route.sample, got.text) == (sample, "answer")
    assert route.catch_all == ("path" in template)
    assert told.names == route.names == {template, "answer"}


def test_a_rule_that_cannot_be_met() -> None:
    app = make()
    app.url_map.converters["odd"] = Odd
    app.add_url_rule("/<odd:one>-<int(min=9, max=8):two>", view_func=answer)
    app.add_url_rule("/go", redirect_to="/elsewhere", endpoint="go")
    app.url_map.add(Rule("/built", endpoint="built", build_only=True))

    assert samples(app) == {"/<odd:one>-<int(min=9, max=8):two>": "", "/go": ""}


def test_an_earlier_rule_takes_what_would_come_here() -> None:
    app = make()
    for name, template in (("one", "/<a>"), ("two", "/<b>"), ("three", "/1")):
        app.add_url_rule(template, name, answer)

    assert samples(app) == {"/<a>": "/x", "/<b>": "", "/1": "/1"}


async def test_views_of_all_kinds() -> None:
    app = make()
    app.add_url_rule("/items", view_func=Items.as_view("items"))
    app.add_url_rule("/wide", view_func=Items.as_view("wide"), methods=["GET", "PATCH"])
    app.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    app.add_url_rule("/asked", "asked", login_required(answer))
    app.add_url_rule("/hidden", "hidden", unwrapped_login_required(answer))
    routes = by_path(app)

    assert routes["/items"].methods == ("GET", "HEAD", "OPTIONS", "POST")
    assert routes["/wide"].methods == ("GET", "HEAD", "OPTIONS")
    assert routes["/plain"].methods == ("GET", "HEAD", "OPTIONS", "PUT")
    assert routes["/plain"].auth == ()
    for path in ("/items", "/asked", "/hidden"):
        assert routes[path].auth == ("login_required",) or (
            path == "/hidden" and routes[path].auth == ("unwrapped_login_required",)
        )
    assert routes["/items"].place is not None
    assert routes["/items"].place.file == __file__
    for route in routes.values():
        got, _ = await ask(as_asgi(app), route)
        assert got.status_code == 200


def test_hooks_that_ask() -> None:
    app, blog = make(), Blueprint("blog", __name__)

    @blog.before_request
    def require_login() -> None: ...

    @app.before_request
    def check_token() -> None: ...

    @app.before_request
    def start_timer() -> None: ...

    inner = Blueprint("inner", __name__)
    inner.add_url_rule("/x", view_func=answer)
    blog.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(blog, url_prefix="/blog")
    (route,) = find_routes(app)

    assert route.path == "/blog/inner/x"
    assert (route.name, route.tags) == ("blog.inner.answer", {"blog", "blog.inner"})
    assert route.auth == ("check_token", "require_login")


async def test_static(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("css")
    app = Flask(__name__, static_folder=str(tmp_path), static_url_path="/files")
    print_ = Blueprint("print", __name__, static_folder=str(tmp_path / "no"),
                       url_prefix="/print")  # fmt: skip
    app.register_blueprint(print_)
    app.add_url_rule("/static", "static_page.static", answer)
    routes = by_path(app)
    own = routes["/files/<path:filename>"]
    got, _ = await ask(as_asgi(app), own)

    assert (own.kind, own.sample, got.text) == (Kind.STATIC, "/files/app.css", "css")
    assert routes["/print/no/<path:filename>"].sample == "/print/no/a/b"
    assert routes["/static"].kind is Kind.ENDPOINT


async def test_hosts() -> None:
    app = make(host_matching=True)
    app.add_url_rule("/x", view_func=answer, host="api.example.org")
    app.add_url_rule("/x", "tenant", answer, host="<name>.example.org")
    api, tenant = find_routes(app)
    got, _ = await ask(as_asgi(app), api)

    assert (api.host, api.sample, got.text) == ("api.example.org", "/x", "answer")
    assert (tenant.host, tenant.sample) == ("<name>.example.org", "/x")


async def test_subdomains() -> None:
    app = make(subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/x", view_func=answer, subdomain="api")
    app.add_url_rule("/x", "tenant", answer, subdomain="<name>")
    app.add_url_rule("/x", "bare", answer)
    routes = find_routes(app)

    assert [(r.host, r.sample) for r in routes] == [
        ("api.example.org", "/x"), ("<name>.example.org", "/x"), ("", "/x"),
    ]  # fmt: skip


async def test_combined_by_prefix() -> None:
    main, sub, deep = make(), make(), make()
    for app in (main, sub, deep):
        app.add_url_rule("/<path:rest>", view_func=answer)
        app.add_url_rule("/", "root", answer)
    main.add_url_rule("/sub/taken", "taken", answer)
    main.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        ProxyFix(main.wsgi_app), {"/sub": sub, "/sub/deep": deep}
    )
    app = Starlette(routes=[Mount("/m", as_asgi(main))])
    routes = find_routes(app)

    assert {r.path: r.sample for r in routes if r.name != "root"} == {
        "/m/sub/<path:rest>": "/m/sub/a/b",
        "/m/sub/deep/<path:rest>": "/m/sub/deep/a/b",
        "/m/sub/taken": "",
        "/m/<path:rest>": "/m/a/b",
    }
    assert routes[-1].via == ("Mount /m", "Flask app", "ProxyFix")
    for route in routes:
        if route.sample:
            got, _ = await ask(app, route)
            assert got.text == "answer", route


@pytest.mark.parametrize("name", ["a2wsgi", "starlette.middleware.wsgi"])
async def test_other_bridges(name: str) -> None:
    module = pytest.importorskip(name, reason=f"{name} is not installed")
    app = make()
    app.add_url_rule("/x", view_func=answer)
    (route,) = find_routes(module.WSGIMiddleware(app))

    assert (route.path, route.via, route.heard) == ("/x", ("WSGIMiddleware",), False)


def test_wsgi_apps_that_nobody_knows() -> None:
    def wsgi(environ: Any, start_response: Any) -> list[bytes]: ...

    (route,) = find_routes(as_asgi(wsgi))
    (other,) = find_routes(WsgiToAsgi(wsgi))

    assert (route.kind, route.endpoint) == (Kind.OPAQUE, wsgi)
    assert other.kind is Kind.OPAQUE
