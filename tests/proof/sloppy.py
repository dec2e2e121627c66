"""Real routers inside layers that read a path as sloppy servers do.

The mappings are written here once more, without the library's help: it is what
they are held against. Each request names those it wants, in order, in a field.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import fastapi
import flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from asgi_nocache import NO_STORE, PUBLIC, Rule
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install

#: Which mappings a request wants, and which handler ran.
WANTS, RAN = "x-mapping", "x-handler"
ROUTERS = ("starlette", "fastapi", "flask", "flask-defaults")

_STATIC = [
    Rule("/static/**", PUBLIC(max_age=3600)),
    Rule("/favicon.ico", PUBLIC(max_age=3600)),
]
#: Under the first, closedness comes from the rule alone; under the second, from
#: the default alone.
POLICIES: dict[str, dict[str, Any]] = {
    "open": {
        "default": PUBLIC(max_age=60),
        "rules": [Rule("/account/**", NO_STORE), *_STATIC],
    },
    "closed": {"rules": _STATIC},
}


def _dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[max(len(kept) - 1, 1) :]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept) or "/"


def _extension(path: str) -> str:
    folder, slash, last = path.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] if "." in last else last)


def _cut(character: str) -> Callable[[str], str]:
    return lambda path: path.partition(character)[0]


MAPPINGS: dict[str, Callable[[str], str]] = {
    "decode": unquote,
    "slashes": lambda path: re.sub("/+", "/", path),
    "dots": _dots,
    "normpath": lambda path: posixpath.normpath("/" + path.lstrip("/")),
    "params": lambda path: "/".join(s.partition(";")[0] for s in path.split("/")),
    "backslash": lambda path: path.replace("\\", "/"),
    "casefold": str.casefold,
    "extension": _extension,
    "tail": lambda path: path.rstrip("/. ") or "/",
    "cut-nul": _cut("\0"),
    "cut-tab": _cut("\t"),
    "cut-lf": _cut("\n"),
    "cut-cr": _cut("\r"),
    "cut-query": _cut("?"),
    "cut-fragment": _cut("#"),
    "absolute": lambda path: re.sub(r"(?i)\Ahttps?://[^/]*", "", path) or "/",
    "nfkc": lambda path: unicodedata.normalize("NFKC", path),
    "unreadable": lambda path: re.sub("\ufffd+", "/", path),
}


def mapped(path: str, names: Iterable[str]) -> str:
    """Return *path* as the layers called *names* leave it."""
    for name in names:
        path = MAPPINGS[name](path)
    return path


class Layer:
    """Maps the path, as an app asks its framework to, and in place."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Map one request."""
        wanted = dict(scope.get("headers", ())).get(WANTS.encode(), b"").decode()
        if wanted:
            scope["path"] = mapped(scope["path"], wanted.split())
        await self.app(scope, receive, send)


class WSGILayer:
    """The same, for WSGI."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Map one request."""
        wanted = environ.get("HTTP_" + WANTS.upper().replace("-", "_"), "")
        if wanted:
            path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            path = mapped(path, wanted.split())
            environ["PATH_INFO"] = path.encode().decode("latin-1")
        return self.app(environ, start_response)


#: No guard speaks for what it is not contradicted by: the readings must.
_TYPE = "application/octet-stream"


def _type_at(path: str) -> str:
    return "text/css" if path.endswith(".css") else _TYPE


async def account(request: fastapi.Request) -> Response:
    """What must never be stored, whatever it was asked for as."""
    return Response("secret", media_type=_TYPE, headers={RAN: "account"})


async def static(request: fastapi.Request) -> Response:
    """What may be."""
    kind = _type_at(request.url.path)
    return Response("a {}", media_type=kind, headers={RAN: "static"})


async def other(request: fastapi.Request) -> Response:
    """All else, so that no target is an error."""
    return Response("other", media_type=_TYPE, headers={RAN: "other"})


ROUTES = {
    "/account": account,
    "/account/{rest:path}": account,
    "/static/{rest:path}": static,
    "/{rest:path}": other,
}


def starlette_app(policy: dict[str, Any]) -> Any:
    """Return a Starlette app under *policy*; it redirects slashes."""
    routes = [Route(path, endpoint) for path, endpoint in ROUTES.items()]
    app = Starlette(routes=routes, middleware=[Middleware(Layer)])
    return install(app, **policy)


def fastapi_app(policy: dict[str, Any]) -> Any:
    """Return a FastAPI app under *policy*."""
    app = fastapi.FastAPI(openapi_url=None)
    for path, endpoint in ROUTES.items():
        app.add_api_route(path, endpoint)
    app.add_middleware(Layer)
    return install(app, **policy)


def flask_app(policy: dict[str, Any], *, defaults: bool = False) -> Any:
    """Return a Flask app under *policy*, permissive or with Flask's defaults."""
    app = flask.Flask(__name__, static_folder=None)
    if not defaults:
        app.url_map.strict_slashes = False
        app.url_map.merge_slashes = False

    def view(name: str, kind: str = "") -> Callable[..., Any]:
        def answer(rest: str = "") -> flask.Response:
            mimetype = kind or _type_at(flask.request.path)
            return flask.Response(name, mimetype=mimetype, headers={RAN: name})

        answer.__name__ = name
        return answer

    for rule, name in (
        ("/account", "account"),
        ("/account/<path:rest>", "account"),
        ("/static/<path:rest>", "static"),
        ("/", "other"),
        ("/<path:rest>", "other"),
    ):
        known = app.view_functions.get(name)
        app.add_url_rule(
            rule, name, known or view(name, "" if name == "static" else _TYPE)
        )
    app.wsgi_app = WSGILayer(app.wsgi_app)  # type: ignore[method-assign]
    return as_asgi(app, workers=2, **policy)


def build(router: str, policy: str) -> Any:
    """Return the app of *router* under the policy called *policy*."""
    if router == "starlette":
        return starlette_app(POLICIES[policy])
    if router == "fastapi":
        return fastapi_app(POLICIES[policy])
    return flask_app(POLICIES[policy], defaults=router == "flask-defaults")
