"""What FastAPI adds to Starlette: included routers, dependencies, typed parameters.

FastAPI is never imported: its module is taken from those that are loaded.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..values import Kind, Route
from .endpoints import asks_who, returned_type, unwrapped
from .samples import COMMON, DEEP, file_in, values
from .where import Where


class Details(NamedTuple):
    """What FastAPI knows of a route; of Starlette's, the defaults hold.

    Attributes:
        kind: What answers.
        names: What the middleware is told that the route is called.
        tags: The route's tags.
        auth: The dependencies that ask for credentials.
        media_type: What is answered with.
        values: By parameter, what it takes.
    """

    kind: Kind = Kind.ENDPOINT
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    auth: tuple[str, ...] = ()
    media_type: str = ""
    values: dict[str, tuple[str, ...]] = {}  # noqa: RUF012  (nobody writes it)


def is_router(router: Any) -> bool:
    """Tell whether *router* is FastAPI's."""
    return hasattr(router, "include_router")


def expanded(route: Any) -> Iterator[tuple[Any, Any]]:
    """Yield *route* as it was written and as it is effective.

    A router that was included (FastAPI 0.137 and later) is many of them. Of 0.137.0
    and 0.137.1, which have no way to ask, it stays what it is: unknown.
    """
    routing = sys.modules.get("fastapi.routing")
    ask: Any = getattr(routing, "iter_route_contexts", None)
    if ask is None or not hasattr(route, "original_router"):
        yield route, route
        return
    for context in ask([route]):
        # What FastAPI 0.137 keeps beside a context is the context itself later on.
        yield context.original_route, getattr(context, "starlette_route", 0) or context


def frontends(router: Any) -> Iterator[tuple[Any, str]]:
    """Yield what ``router.frontend()`` declared, which is in no list of routes."""
    ask = getattr(router, "_iter_low_priority_routes", None)
    for found in ask() if ask else ():
        yield (
            getattr(found, "original_route", found),
            getattr(found, "frontend_prefix", ""),
        )


def frontend_routes(group: Any, prefix: str, where: Where) -> Iterator[Route]:
    """Yield the routes of files that a frontend serves, last of all."""
    dependant = getattr(group, "dependant", None)
    auth = _walked(dependant)[0] if dependant else ()
    for route in getattr(group, "routes", ()):
        path = (prefix + getattr(route, "path", "")).rstrip("/")
        file = file_in(getattr(route.app, "directory", ""))
        yield where.route(
            path + "/{path:path}",
            (f"{path}/{file or 'index.html'}",),
            methods=("GET", "HEAD"),
            kind=Kind.STATIC,
            framework="fastapi",
            auth=auth,
            catch_all=True,
        )


def details(route: Any, at: Any) -> Details:
    """Return what FastAPI knows of a route.

    Args:
        route: The route as it was written.
        at: The same, as it is effective behind the prefixes of its routers.
    """
    if _is_own(at.endpoint):
        return Details(Kind.FRAMEWORK, media_type=_own_type(at.endpoint))
    dependant = getattr(at, "dependant", None)
    if dependant is None:
        return Details()
    auth, parameters = _walked(dependant)
    if not hasattr(route, "methods"):  # a websocket
        return Details(auth=auth, values=parameters)
    paths = (at.path, route.path, at.name)
    tags = [*(at.tags or ()), *(route.tags or ())]
    return Details(
        names=tuple(dict.fromkeys(paths)),
        tags=tuple(dict.fromkeys(map(str, tags))),
        auth=auth,
        media_type=_media_type(at),
        values=parameters,
    )


def _is_own(endpoint: Any) -> bool:
    """Tell whether it is one of the pages that FastAPI makes: /docs and the like."""
    return getattr(endpoint, "__module__", "") == "fastapi.applications"


def _own_type(endpoint: Any) -> str:
    return "application/json" if endpoint.__name__ == "openapi" else "text/html"


def _media_type(at: Any) -> str:
    if getattr(at, "is_sse_stream", False):
        return "text/event-stream"
    if getattr(at, "is_json_stream", False):
        return "application/jsonl"
    if at.status_code in (204, 304):
        return ""
    said = returned_type(at.endpoint)
    given: Any = at.response_class
    default = not isinstance(given, type)  # a placeholder around FastAPI's default
    if default and isinstance(said, type) and hasattr(said, "media_type"):
        return said.media_type or ""
    return getattr(getattr(given, "value", given), "media_type", None) or ""


def _walked(dependant: Any) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return who asks for credentials, and what the parameters of the path take."""
    auth: dict[str, None] = {}
    parameters: dict[str, tuple[str, ...]] = {}
    waiting = [dependant]
    while waiting:
        each = waiting.pop(0)
        for field in each.path_params:
            parameters.setdefault(field.alias, _values(field))
        if each is not dependant and (name := _asks_who(each.call)):
            auth[name] = None
        waiting += each.dependencies
    return tuple(auth), parameters


def _asks_who(call: Any) -> str:
    """Return the name of a dependency that asks for credentials, else ``""``."""
    bases = (cls for cls in type(call).__mro__ if cls.__name__ == "SecurityBase")
    if any(cls.__module__.startswith("fastapi.security") for cls in bases):
        return str(getattr(call, "scheme_name", "") or type(call).__name__)
    written = unwrapped(call)
    name = getattr(written, "__name__", type(written).__name__)
    return name if asks_who(name) else ""


def _values(field: Any) -> tuple[str, ...]:
    """Return texts that a parameter takes, as FastAPI itself judges them."""
    info = field.field_info
    likely = (*_of_type(info.annotation), *_bounds(info.metadata), *COMMON)

    def taken(value: str) -> bool:
        return not field.validate(value, {}, loc=("path",))[1]

    fitting = itertools.islice(filter(taken, dict.fromkeys(likely)), 3)
    return (*fitting, *filter(taken, DEEP[:1]))


def _of_type(annotation: Any) -> tuple[str, ...]:
    """Return the values of an Enum or a Literal."""
    members = getattr(annotation, "__members__", None)
    if members:
        return tuple(str(each.value) for each in members.values())
    given = getattr(annotation, "__args__", ())
    return tuple(str(each) for each in given if isinstance(each, str | int))


def _bounds(metadata: Any) -> Iterator[str]:
    """Yield values at the bounds that a parameter has."""
    for each in metadata:
        for name in ("ge", "le", "multiple_of"):
            if (bound := getattr(each, name, None)) is not None:
                yield str(bound)
        for name, step in (("gt", 1), ("lt", -1)):
            if (bound := getattr(each, name, None)) is not None:
                yield str(bound + step)
        if least := getattr(each, "min_length", None):
            yield "x" * least
        if pattern := getattr(each, "pattern", None):
            yield from values(getattr(pattern, "pattern", pattern))
