"""The routes of Litestar apps.

Litestar is never imported: an app of it has brought it along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..._route import of_litestar
from ..values import Kind, Route
from .endpoints import ordered, unwrapped
from .layers import is_ours_to_make, layer_of, made, shown
from .samples import compose
from .where import Gate, Walk, Where

#: What parameters are given, by the name of their type.
_OF_TYPE: dict[str, Sequence[str]] = {
    "str": ("x", "a"),
    "int": ("1", "7"),
    "float": ("1.5",),
    "Decimal": ("1.5",),
    "UUID": ("3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f",),
    "date": ("2024-01-31",),
    "datetime": ("2024-01-31T12:00:00",),
    "time": ("12:00:00",),
    "timedelta": ("P1D",),
    "Path": ("a/b", "x"),
}
#: Modules of Litestar whose handlers are pages that it makes itself.
_OWN = ("litestar.openapi", "litestar._openapi")


def is_app(app: Any) -> bool:
    """Tell whether *app* is a Litestar app."""
    return hasattr(app, "asgi_router") and hasattr(app, "asgi_handler")


def app_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of a Litestar app, a route for each handler."""
    if where.nested:
        where = where.past("Litestar app")
    for route in app.routes:
        one = getattr(route, "route_handler", None)
        # A handler for OPTIONS stands beside each, made by Litestar.
        for handler in [one] if one is not None else route.route_handlers:
            if not _answers_options(handler):
                yield from _handled(app, route, handler, where, walk)


def _answers_options(handler: Any) -> bool:
    made_here = getattr(handler.fn, "__module__", "") == "litestar.routes.http"
    return made_here and set(getattr(handler, "http_methods", ())) == {"OPTIONS"}


def _handled(
    app: Any, route: Any, handler: Any, where: Where, walk: Walk
) -> Iterator[Route]:
    place = _under(handler, where).behind(_gate(app, handler, where))
    if getattr(handler, "is_mount", False):
        path = route.path.rstrip("/")
        inside = replace(place, heard=False).below(path, (path,))  # it copies the scope
        yield from walk(unwrapped(handler.fn), inside)
        return
    methods = ordered(getattr(handler, "http_methods", ()))
    websocket = type(route).__name__ == "WebSocketRoute"
    endpoint = unwrapped(handler.fn)
    kind = Kind.STREAM if websocket else _kind(endpoint)
    told = of_litestar(handler, getattr(route, "path_format", route.path))
    yield place.route(
        route.path,
        compose(_pieces(route)),
        methods=() if websocket else methods,
        kind=kind,
        framework="litestar",
        endpoint=endpoint,
        name=handler.name or str(handler.handler_name),
        tags=told.tags,
        names=told.names,
        auth=map(_guard_name, handler.resolve_guards()),
        media_type="" if websocket else _media_type(handler),
        catch_all=any(_type(c) == "Path" for c in route.path_components),
    )


def _guard_name(guard: Any) -> str:
    written = unwrapped(getattr(guard, "func", guard))  # in Litestar's own wrapper
    return str(getattr(written, "__name__", type(written).__name__))


def _kind(endpoint: Any) -> Kind:
    module = getattr(endpoint, "__module__", "")
    if module.startswith(_OWN):
        return Kind.FRAMEWORK
    static = module.startswith("litestar.static_files")
    return Kind.STATIC if static else Kind.ENDPOINT


def _media_type(handler: Any) -> str:
    given = getattr(handler, "media_type", "")
    return str(getattr(given, "value", given) or "")


def _pieces(route: Any) -> list[str | Sequence[str]]:
    pieces: list[str | Sequence[str]] = []
    for component in route.path_components:
        pieces.append("/")
        literal = isinstance(component, str)
        pieces.append(component if literal else _OF_TYPE.get(_type(component), ()))
    return pieces or ["/"]


def _type(component: Any) -> str:
    return getattr(getattr(component, "type", None), "__name__", "")


def _under(handler: Any, where: Where) -> Where:
    """Return the place under the middleware that Litestar builds around a handler."""
    for each in handler.resolve_middleware():
        cls = getattr(each, "middleware", each)  # a DefineMiddleware, or a class
        if is_ours_to_make(cls):
            ours = made(cls, getattr(each, "args", ()), getattr(each, "kwargs", {}))
            layer = layer_of(ours, where.root_path, "add_middleware")
            where = where.under(layer)
        else:
            where = where.past(*shown(cls if isinstance(cls, type) else type(cls)))
    return where


def _gate(app: Any, handler: Any, where: Where) -> Gate:
    """Return what asks Litestar's own router whether a request comes to *handler*."""

    def passes(path: str, method: str, websocket: bool) -> bool:
        path = re.sub("/+", "/", where.relative(path)).rstrip("/") or "/"
        try:
            found = app.asgi_router.handle_routing(
                path=path, method=None if websocket else method
            )
        except Exception:  # noqa: BLE001  (404 and 405 are exceptions)
            return False
        return bool(found[1] is handler)

    return passes
