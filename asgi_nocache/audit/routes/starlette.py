"""The routes of Starlette apps, and of what is built on them.

Duck-typed: Starlette is not imported. What FastAPI adds is in ``fastapi``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..._messages import chain
from ..values import Kind, Route
from . import fastapi
from .endpoints import methods_of_class, ordered
from .layers import around, is_ours, is_ours_to_make, layer_of, made, shown
from .samples import compose, file_in, values
from .where import Gate, Walk, Where

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


def is_app(app: Any) -> bool:
    """Tell whether *app* is a Starlette or FastAPI app."""
    needed = ("router", "user_middleware", "build_middleware_stack")
    return all(hasattr(app, name) for name in needed)


def app_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of a Starlette app, under what stands around them."""
    if where.nested:
        where = where.past(f"{_framework(app)[1]} app")
    if root_path := getattr(app, "root_path", ""):  # FastAPI puts it into the scope
        where = replace(where, root_path=root_path)
    installed = getattr(getattr(app, "build_middleware_stack", None), "__self__", None)
    outermost = getattr(installed, "_middleware", None)
    if is_ours(outermost):
        where = where.under(layer_of(outermost, where.root_path, "install()"))
    for entry in app.user_middleware:
        where = _declared(entry, app, where)
    yield from walk(app.router, where)


def _declared(entry: Any, app: Any, where: Where) -> Where:
    """Return the place under a middleware that is declared, and built later."""
    cls = getattr(entry, "cls", None)
    kwargs = getattr(entry, "kwargs", None) or getattr(entry, "options", {})
    if not is_ours_to_make(cls):
        dispatch = kwargs.get("dispatch")
        name = getattr(dispatch, "__name__", "")
        return where.past(name) if name else where.past(*shown(cls))
    ours = _built(cls, app) or made(cls, getattr(entry, "args", ()), kwargs)
    return where.under(layer_of(ours, where.root_path, "add_middleware"))


def _built(cls: Any, app: Any) -> Any:
    """Return the one of *cls* in the stack of an app that has served already."""
    stack = chain(getattr(app, "middleware_stack", None))
    return next((each for each in stack if type(each) is cls), None)


def _framework(app: Any) -> tuple[str, str]:
    """Return the framework's name for routes, and for people."""
    modules = {cls.__module__.partition(".")[0] for cls in type(app).__mro__}
    if "fastapi" in modules:
        return "fastapi", "FastAPI"
    return "starlette", "Starlette"


def is_router(app: Any) -> bool:
    """Tell whether *app* is a router, or the method of one that routes."""
    if inspect.ismethod(app):
        return app.__func__.__name__ == "app" and is_router(app.__self__)
    return isinstance(getattr(app, "routes", None), list) and hasattr(
        app, "redirect_slashes"
    )


def router_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of a router, in the order in which they are tried."""
    stack = getattr(app, "middleware_stack", None)
    if not inspect.ismethod(app) and stack is not None:
        yield from walk(stack, where)  # which ends at the router's own method
        return
    router: Any = app.__self__ if inspect.ismethod(app) else app
    entries = _entries(router.routes)
    for number, entry in enumerate(entries):
        yield from _routes(entry, router, where.behind(_gate(entries, number, where)),
                           walk)  # fmt: skip
    after = where.behind(_gate(entries, len(entries), where))
    for group, prefix in fastapi.frontends(router):
        yield from fastapi.frontend_routes(group, prefix, after)
    default = getattr(router, "default", None)
    if default is not None and getattr(default, "__self__", None) is not router:
        yield from walk(default, after.past("default"))


def is_route(app: Any) -> bool:
    """Tell whether *app* is a route by itself, which is an app, too."""
    return hasattr(app, "matches") and hasattr(app, "handle")


def lone_route(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of a route that is served without a router."""
    for entry in _entries([app]):
        yield from _routes(entry, None, where.behind(_gate([entry], 0, where)), walk)


class _Entry(NamedTuple):
    """A route as it was written, and as it is effective behind prefixes."""

    route: Any
    at: Any
    regex: Any
    methods: frozenset[str]

    @property
    def is_http(self) -> bool:
        """Whether it is an endpoint for requests."""
        return hasattr(self.route, "methods")

    def takes(self, path: str, method: str, websocket: bool) -> bool:
        """Tell whether it takes a request at *path*, as its router sees it."""
        if self.regex is None or self.regex.match(path) is None:
            return False
        if not hasattr(self.route, "endpoint"):
            return True  # a mount
        if websocket or not self.is_http:
            return websocket and not self.is_http
        return not self.methods or method in self.methods


def _entries(routes: Sequence[Any]) -> list[_Entry]:
    entries = []
    for route in routes:
        for original, at in fastapi.expanded(route):
            regex = getattr(at, "path_regex", None)
            methods = frozenset(getattr(at, "methods", None) or ())
            entries.append(_Entry(original, at, regex, methods))
    return entries


def _gate(entries: Sequence[_Entry], number: int, where: Where) -> Gate:
    """Return what lets pass what comes to the entry with this *number*.

    The one behind the last takes what no entry does.
    """
    before = entries[:number]
    own = entries[number] if number < len(entries) else None
    if own is not None and own.regex is None:
        own = None  # by the host, or in a way that nobody knows

    def passes(path: str, method: str, websocket: bool) -> bool:
        path = where.relative(path)
        if own is not None and not own.takes(path, method, websocket):
            return False
        return not any(each.takes(path, method, websocket) for each in before)

    return passes


def _routes(entry: _Entry, router: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of one entry of a router."""
    route, at = entry.route, entry.at
    path = getattr(at, "path", None)
    if hasattr(route, "host_regex") and hasattr(route, "app"):
        host = where.past(f"Host {at.host}")
        yield from walk(at.app, replace(host, host=at.host, mounted=at.app,
                                        name=at.name or ""))  # fmt: skip
    elif entry.regex is None or not isinstance(path, str):
        yield _unknown(route, path, where)
    elif hasattr(route, "endpoint"):
        yield _endpoint(entry, router, where)
    elif hasattr(route, "app"):
        samples = _samples(path, at.param_convertors, {})
        yield from walk(
            at.app, where.below(path, samples, mounted=at.app, name=at.name or "")
        )
    else:
        yield _unknown(route, path, where)


def _unknown(route: Any, path: Any, where: Where) -> Route:
    return where.past(type(route).__name__).route(
        path if isinstance(path, str) else "/{path:path}",
        (),
        kind=Kind.UNKNOWN,
        endpoint=route,
        catch_all=True,
    )


def _endpoint(entry: _Entry, router: Any, where: Where) -> Route:
    """Return the route of an endpoint, under what is declared around it."""
    at, endpoint = entry.at, entry.at.endpoint
    known = fastapi.details(entry.route, at)
    where = around(getattr(at, "app", None) or entry.route.app, where)
    http = entry.is_http
    methods = ordered(at.methods) if http else ()
    if http and not methods and isinstance(endpoint, type):
        methods = methods_of_class(endpoint)
    names = known.names
    if not names and http and at is entry.route and _tells(router):
        names = (at.path, at.name)
    return where.route(
        at.path,
        _samples(at.path, at.param_convertors, known.values),
        methods=methods,
        kind=known.kind if http else Kind.STREAM,
        framework="fastapi" if fastapi.is_router(router) else "starlette",
        endpoint=endpoint,
        name=at.name,
        names=names,
        tags=known.tags,
        auth=known.auth,
        media_type=known.media_type,
        catch_all=_takes_all(at),
    )


def _tells(router: Any) -> bool:
    """Tell whether *router* leaves its route in the scope: newer Starlettes do."""
    routing: Any = getattr(type(router), "app", None)
    own = getattr(routing, "__module__", "").startswith("starlette.")
    return own and "route" in routing.__code__.co_consts


def _takes_all(at: Any) -> bool:
    return any(c.regex in (".*", ".+") for c in at.param_convertors.values())


def _samples(
    path: str, convertors: Any, known: dict[str, tuple[str, ...]]
) -> Iterator[str]:
    """Return paths for a template, of values that its endpoint takes, if known."""
    pieces: list[str | Sequence[str]] = []
    end = 0
    for found in _PARAMETER.finditer(path):
        pieces.append(path[end : found.start()])
        pieces.append(_values(convertors[found[1]], known.get(found[1], ())))
        end = found.end()
    return compose([*pieces, path[end:]])


def _values(convertor: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return values that both the *convertor* and the endpoint take."""
    fitting = [v for v in known if re.fullmatch(convertor.regex, v)]
    fitting.sort(key=lambda value: "/" not in value)  # where slashes are taken
    likely = fitting or values(convertor.regex)
    return tuple(v for v in likely if _converts(convertor.convert, v))


def _converts(convert: Callable[[str], Any], value: str) -> bool:
    try:
        convert(value)
    except Exception:  # noqa: BLE001  (whatever a convertor of the app's may raise)
        return False
    return True


def is_static(app: Any) -> bool:
    """Tell whether *app* serves files from folders."""
    return hasattr(app, "lookup_path") and hasattr(app, "get_response")


def static_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:  # noqa: ARG001
    """Yield the one route of files, with a file that is there, if any."""
    folders = getattr(app, "all_directories", None) or ()
    file = next(filter(None, map(file_in, folders)), "")
    files = (f"/{file}", "/x.css") if file else ("/x.css",)
    route = where.everything(app, Kind.STATIC, files)
    yield replace(route, framework="starlette")
