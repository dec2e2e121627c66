"""The routes of Django's handlers, and of what Channels puts in front of them.

Django is never imported: a handler of it has brought it along, with its settings.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..values import Kind, Route
from .endpoints import closure_of, methods_of_class, ordered, unwrapped, wrappers
from .samples import compose, generated, values
from .where import Gate, Walk, Where

_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
#: Views that serve files.
_STATIC = ("django.views.static", "django.contrib.staticfiles.views")
#: Signs of a regular expression in a template, which say no character of a path.
_ANCHORS = re.compile(r"^\^|\\Z$|(?<!\\)\$$")


def is_app(app: Any) -> bool:
    """Tell whether *app* is Django's handler."""
    return _is_handler(app) and not is_static(app)


def _is_handler(app: Any) -> bool:
    return any(cls.__module__ == "django.core.handlers.base" for cls in _mro(app))


def _mro(app: Any) -> Sequence[type]:
    return type(app).__mro__


def app_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:  # noqa: ARG001
    """Yield the views of the root URL configuration."""
    if where.nested:
        where = where.past("Django app")
    where = replace(where, heard=False)  # it leaves no endpoint in the scope
    resolver = sys.modules["django.urls"].get_resolver()
    for patterns, view in _views(resolver.url_patterns, ()):
        yield _route(patterns, view, resolver, where)


def is_static(app: Any) -> bool:
    """Tell whether *app* serves Django's files, and hands the rest on."""
    names = (cls.__name__ for cls in _mro(app))
    return hasattr(app, "application") and "StaticFilesHandlerMixin" in names


def static_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the route of files, then those of the app inside."""
    base = app.base_url.path.rstrip("/")

    def is_file(path: str, *_: Any) -> bool:
        return where.relative(path).startswith(f"{base}/")

    files = replace(where, heard=False).behind(is_file)
    route = files.route(f"{base}/{{path:path}}", (f"{base}/x.css",),
                        methods=("GET", "HEAD"), kind=Kind.STATIC,
                        framework="django", catch_all=True)  # fmt: skip
    yield route
    yield from walk(app.application, where.behind(lambda *r: not is_file(*r)))


def is_protocols(app: Any) -> bool:
    """Tell whether *app* chooses an app by the type of the scope, as Channels does."""
    return isinstance(getattr(app, "application_mapping", None), dict)


def protocol_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes for HTTP, and one for all websockets."""
    given = app.application_mapping
    if "http" in given:
        yield from walk(given["http"], where)
    if "websocket" in given:
        sockets = replace(where, heard=False)
        yield sockets.route("/{path:path}", ("/",), kind=Kind.STREAM,
                            framework="channels", catch_all=True)  # fmt: skip


def _views(
    patterns: Any, before: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield each view with the patterns that lead to it, outermost first."""
    for each in patterns:
        chain = (*before, each.pattern)
        if hasattr(each, "url_patterns") and len(chain) < 32:
            yield from _views(each.url_patterns, chain)
        else:
            yield chain, each


def _route(patterns: tuple[Any, ...], view: Any, resolver: Any, where: Where) -> Route:
    template = "/" + "".join(_ANCHORS.sub("", str(each)) for each in patterns)
    endpoint = getattr(view, "callback", None)
    written = unwrapped(endpoint)
    module = getattr(written, "__module__", "") or ""
    converters = {k: v for p in patterns for k, v in p.converters.items()}
    place = where.behind(_gate(endpoint, resolver, where))
    return place.route(
        template,
        compose(["/", *(x for each in patterns for x in _pieces(each))]),
        methods=_methods(endpoint),
        kind=_kind(endpoint, module),
        framework="django",
        endpoint=endpoint,
        name=str(getattr(view, "name", None) or ""),
        catch_all=any("/" in v for c in converters.values() for v in values(c.regex)),
    )


def _kind(endpoint: Any, module: str) -> Kind:
    if endpoint is None:  # resolvers in each other, without an end
        return Kind.UNKNOWN
    if module.startswith(_STATIC):
        return Kind.STATIC
    return Kind.FRAMEWORK if module.startswith("django.") else Kind.ENDPOINT


def _methods(endpoint: Any) -> tuple[str, ...]:
    """Return the methods that a view answers; ``()`` if it takes any."""
    cls = unwrapped(endpoint)
    if isinstance(cls, type):
        allowed = set(ordered(getattr(cls, "http_method_names", ())))
        return tuple(m for m in methods_of_class(cls) if m in allowed)
    for wrapper in wrappers(endpoint):
        asked = dict(closure_of(wrapper)).get("request_method_list")
        if asked is not None:  # django.views.decorators.http
            return ordered(asked)
    return ()


def _pieces(pattern: Any) -> list[str | Sequence[str]]:
    """Return what fills one pattern: its route's parameters, or an expression."""
    if not hasattr(pattern, "_route"):
        text = str(pattern)
        return [text if not hasattr(pattern, "_regex") else generated(text)]
    template = str(pattern)
    pieces: list[str | Sequence[str]] = []
    end = 0
    for found in _PARAMETER.finditer(template):
        pieces.append(template[end : found.start()])
        pieces.append(values(pattern.converters[found[1]].regex))
        end = found.end()
    return [*pieces, template[end:]]


def _gate(endpoint: Any, resolver: Any, where: Where) -> Gate:
    """Return what asks Django's own resolver whether a path comes to *endpoint*."""

    def passes(path: str, *_: Any) -> bool:
        try:
            found = resolver.resolve(where.relative(path))
        except Exception:  # noqa: BLE001  (404 is an exception, and converters raise)
            return False
        return bool(found.func is endpoint)

    return passes
