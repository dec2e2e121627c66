"""Walking through an app from the outside in, to every route that it has.

Who knows which app is in the table; what a framework's routes look like is the
business of its own module. What nobody knows becomes an opaque route, never silence.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..values import Layer, Route
from . import django, flask, litestar, starlette, tables
from .endpoints import closure_of
from .layers import is_ours, layer_of, shown
from .where import Walk, Where

#: Under which names middleware keeps what it wraps, the likely ones first.
_WRAPPED = (
    "app",
    "application",
    "wsgi_application",
    "asgi_app",
    "wsgi_app",
    "inner",
    "_app",
    "asgi",
)


class _Known(NamedTuple):
    """Who knows an app: by its looks, and then its routes."""

    recognises: Callable[[Any], bool]
    routes: Callable[[Any, Where, Walk], Iterator[Route]]


_KNOWN = (
    _Known(starlette.is_app, starlette.app_routes),
    _Known(starlette.is_router, starlette.router_routes),
    _Known(starlette.is_static, starlette.static_routes),
    _Known(starlette.is_route, starlette.lone_route),
    _Known(flask.is_app, flask.app_routes),
    _Known(flask.is_bare_app, flask.bare_routes),
    _Known(flask.is_dispatcher, flask.dispatched_routes),
    _Known(flask.is_bridge, flask.bridged_routes),
    _Known(litestar.is_app, litestar.app_routes),
    _Known(django.is_app, django.app_routes),
    _Known(django.is_static, django.static_routes),
    _Known(django.is_protocols, django.protocol_routes),
    _Known(tables.is_app, tables.app_routes),
)


def find_routes(app: Any) -> tuple[Route, ...]:
    """Return every route of *app*, in the order in which they are tried.

    Args:
        app: An ASGI or WSGI app, with any middleware around it.

    Raises:
        ConfigurationError: A middleware of ours that is declared cannot be made.
    """
    return tuple(_routes_of(app, Where()))


def find_layers(app: Any) -> tuple[Layer, ...]:
    """Return every middleware of ours that stands around a route of *app*.

    Each once, in the order in which they are met, outermost first.

    Raises:
        ConfigurationError: As for :func:`find_routes`.
    """
    found: dict[int, Layer] = {}
    for route in find_routes(app):
        for layer in route.layers:
            found.setdefault(id(layer.policy_set), layer)
    return tuple(found.values())


def _routes_of(app: Any, where: Where) -> Iterator[Route]:
    if inspect.ismethod(app) and app.__func__.__name__ == "__call__":
        app = app.__self__
    place = where if inspect.ismethod(app) else where.inside(app)
    if place is None:
        yield where.opaque(app, "the app inside itself, again")
        return
    if is_ours(app):
        layer = layer_of(app, place.root_path)
        yield from _routes_of(getattr(app, "app", None), place.under(layer))
        return
    for known in _KNOWN:
        if known.recognises(app):
            yield from known.routes(app, place, _routes_of)
            return
    inner = inner_app(app)
    if inner is None:
        yield place.opaque(app)
    else:
        yield from _routes_of(inner, place.past(*_shown(app)))


def inner_app(app: Any) -> Any:
    """Return what middleware wraps, of a kind that nobody knows, if it can be seen."""
    if isinstance(app, functools.partial):
        return app.func
    if inspect.isfunction(app):
        around = dict(closure_of(app))
        around |= {"app": inner} if (inner := getattr(app, "__wrapped__", None)) else {}
    else:
        around = {name: getattr(app, name, None) for name in _WRAPPED}
    named = [*_WRAPPED, *(name for name in around if name.endswith("_app"))]
    fitting = (around.get(name) for name in named)
    return next((a for a in fitting if callable(a) and not isinstance(a, type)), None)


def _shown(app: Any) -> tuple[str, ...]:
    if inspect.isfunction(app):
        parts = app.__code__.co_qualname.replace(".<locals>", "").split(".")
        return (parts[-2] if len(parts) > 1 else parts[0],)
    return shown(type(app))
