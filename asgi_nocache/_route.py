"""What a scope tells of the route that answered, whatever the framework.

Duck-typed, so that no framework is imported. What a rule does with a name or a
tag is the core's.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple


class Route(NamedTuple):
    """The route that answered.

    Attributes:
        endpoint: The dotted name of the endpoint, ``""`` if the host gave none.
        tags: The route's tags.
        template: The route's path template, ``""`` if not known.
        names: The template, and what the host calls the route.
    """

    endpoint: str = ""
    tags: frozenset[str] = frozenset()
    template: str = ""
    names: frozenset[str] = frozenset()


def route_of(scope: Any) -> Route:
    """Return what *scope* tells of the route that answered."""
    handler = scope.get("route_handler")
    if (
        handler is not None
        and (told := of_litestar(handler, scope.get("path_template"))).endpoint
    ):
        return told
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return Route()
    # A mount leaves its own route behind; only one that names this endpoint is
    # the one that answered. FastAPI's context knows the prefixes of includes.
    context = (scope.get("fastapi") or {}).get("effective_route_context")
    routes = [r for r in (context, scope.get("route")) if _serves(r, endpoint)]
    tags = frozenset(str(t) for r in routes for t in getattr(r, "tags", None) or ())
    paths = [p for r in routes if isinstance(p := getattr(r, "path", None), str)]
    names = [n for r in routes if isinstance(n := getattr(r, "name", None), str)]
    template = paths[0] if paths else ""
    return Route(_name(endpoint), tags, template, frozenset({*paths, *names}))


def of_litestar(handler: Any, template: Any) -> Route:
    """Return what a handler of Litestar tells of its route.

    Nothing for one that an app is mounted with: who answers is known there.

    Args:
        handler: ``scope["route_handler"]``.
        template: The route's path, without the types of its parameters.
    """
    endpoint = getattr(handler, "fn", None)
    if endpoint is None or getattr(handler, "is_mount", False):
        return Route()
    # Tags are joined from the app, its routers and controllers; only HTTP has them.
    tags = frozenset(map(str, getattr(handler, "resolve_tags", tuple)()))
    template = template if isinstance(template, str) else ""
    names = frozenset(filter(None, (template, getattr(handler, "name", None))))
    return Route(_name(endpoint), tags, template, names)


def _serves(route: Any, endpoint: Any) -> bool:
    return getattr(route, "endpoint", None) is endpoint


def _name(endpoint: Any) -> str:
    while isinstance(endpoint, functools.partial):
        endpoint = endpoint.func
    if not hasattr(endpoint, "__qualname__"):
        endpoint = type(endpoint)
    return f"{endpoint.__module__}.{endpoint.__qualname__}"
