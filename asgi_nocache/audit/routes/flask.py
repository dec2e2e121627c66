"""The routes of Flask and Quart apps, and of what bridges and combines them.

Duck-typed: both keep werkzeug's map of rules, and neither is imported.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..values import Kind, Route
from .endpoints import asks_who, methods_of_class, ordered, unwrapped
from .samples import COMMON, compose, file_in, values
from .where import Walk, Where

_PARAMETER = re.compile(r"<(?:[^<>:()]+(?:\(.*?\))?:)?([^<>]+)>")
#: What stands in for a host that nobody named.
_ANY_HOST = "localhost"


class _Words(NamedTuple):
    """What differs between Flask and its asynchronous twin."""

    framework: str
    shown: str
    inner: str


_FLASK = _Words("flask", "Flask app", "wsgi_app")
_QUART = _Words("quart", "Quart app", "asgi_app")


def _words(app: Any) -> _Words | None:
    if not (hasattr(app, "url_map") and hasattr(app, "view_functions")):
        return None
    found = (words for words in (_FLASK, _QUART) if hasattr(app, words.inner))
    return next(found, None)


def is_app(app: Any) -> bool:
    """Tell whether *app* is a Flask or Quart app."""
    return _words(app) is not None


def app_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of an app, under what was put around its inner app."""
    words = _words(app) or _FLASK
    if where.nested:
        where = where.past(words.shown)
    if words is _QUART:  # it leaves no endpoint in the scope
        where = replace(where, heard=False)
    yield from walk(getattr(app, words.inner), where)


def is_bare_app(app: Any) -> bool:
    """Tell whether *app* is the app's own inner app, its method."""
    if not inspect.ismethod(app):
        return False
    words = _words(app.__self__)
    return words is not None and app.__func__.__name__ == words.inner


def bare_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:  # noqa: ARG001
    """Yield the rules of an app's map."""
    owner = app.__self__
    for rule in list(owner.url_map.iter_rules()):  # asking it sorts them
        if not getattr(rule, "build_only", False):
            yield _route(owner, rule, where)


def is_bridge(app: Any) -> bool:
    """Tell whether *app* bridges from ASGI to WSGI."""
    plain = type(app).__name__ == "WSGIMiddleware" and hasattr(app, "app")
    return hasattr(app, "wsgi_application") or plain


def bridged_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes behind a bridge; only ours tells which endpoint answers."""
    ours = type(app).__module__.startswith("asgi_nocache.")
    inner = app.wsgi_application if hasattr(app, "wsgi_application") else app.app
    where = where if ours else replace(where, heard=False).past(type(app).__name__)
    yield from walk(inner, where)


def is_dispatcher(app: Any) -> bool:
    """Tell whether *app* combines WSGI apps by prefix, as werkzeug does."""
    return isinstance(getattr(app, "mounts", None), dict) and hasattr(app, "app")


def dispatched_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:
    """Yield the routes of the mounts, and of the app that takes all else."""

    def taken(path: str) -> str:
        path = where.relative(path)
        fitting = (m for m in app.mounts if path == m or path.startswith(f"{m}/"))
        return max(fitting, key=len, default="")

    for prefix, inner in app.mounts.items():
        place = where.behind(lambda path, *_, prefix=prefix: taken(path) == prefix)
        yield from walk(inner, place.below(prefix, (prefix,)))
    yield from walk(app.app, where.behind(lambda path, *_: not taken(path)))


def _route(app: Any, rule: Any, where: Where) -> Route:
    view = app.view_functions.get(rule.endpoint)
    words = _words(app) or _FLASK
    websocket = bool(getattr(rule, "websocket", False))
    static = _is_static(view, rule)
    kind = Kind.STREAM if websocket else Kind.STATIC if static else Kind.ENDPOINT
    tags = _blueprints(rule.endpoint)
    host = _host(app, rule)
    methods = () if websocket else ordered(rule.methods)
    match = _matcher(app, rule)
    place = where.behind(lambda path, method, _: match(where.relative(path), method))
    route = place.route(
        rule.rule if rule.rule.startswith("/") else f"/{rule.rule}",
        _samples(app, rule, static=static),
        methods=methods,
        kind=kind,
        framework=words.framework,
        endpoint=view,
        name=str(rule.endpoint),
        names=(rule.rule, str(rule.endpoint)),
        tags=tags,
        auth=_hooks(app, tags),
        host=host,
        catch_all=any(not c.part_isolating for c in rule._converters.values()),
    )
    return _without_missing(route, view)


def _without_missing(route: Route, view: Any) -> Route:
    """Return *route* without methods that its view is registered for, but lacks."""
    cls = unwrapped(view)
    if not isinstance(cls, type) or not hasattr(cls, "dispatch_request"):
        return route
    has = set(methods_of_class(cls)) | {"OPTIONS"}
    if has == {"OPTIONS"}:  # a View that answers by itself
        return route
    return replace(route, methods=tuple(m for m in route.methods if m in has))


def _is_static(view: Any, rule: Any) -> bool:
    written = unwrapped(view)
    module = getattr(written, "__module__", "").partition(".")[0]
    named = str(rule.endpoint).rpartition(".")[2] == "static"
    return named and module in ("flask", "quart")


def _blueprints(endpoint: Any) -> tuple[str, ...]:
    names = str(endpoint).split(".")[:-1]
    return tuple(".".join(names[: n + 1]) for n in range(len(names)))


def _hooks(app: Any, blueprints: Sequence[str]) -> Iterator[str]:
    """Yield what runs before the view and asks for credentials."""
    hooks = getattr(app, "before_request_funcs", {})
    for scope in (None, *blueprints):
        for hook in hooks.get(scope, ()):
            name = getattr(unwrapped(hook), "__name__", "")
            if asks_who(name):
                yield name


def _host(app: Any, rule: Any) -> str:
    """Return the host that a rule asks for, ``""`` if any will do."""
    if app.url_map.host_matching:
        return str(rule.host or "")
    server = app.config.get("SERVER_NAME") or _ANY_HOST
    return f"{rule.subdomain}.{server}" if rule.subdomain else ""


def _matcher(app: Any, rule: Any) -> Callable[[str, str], bool]:
    """Return what asks the app's own map whether a path comes to *rule*."""
    websocket = bool(getattr(rule, "websocket", False))
    if app.url_map.host_matching:
        adapter = app.url_map.bind(_filled(rule.host, rule) or _ANY_HOST)
    else:
        server = app.config.get("SERVER_NAME") or _ANY_HOST
        subdomain = _filled(rule.subdomain, rule) or None
        adapter = app.url_map.bind(server, subdomain=subdomain)

    def match(path: str, method: str) -> bool:
        try:
            found, _ = adapter.match(
                path, method, return_rule=True, websocket=websocket
            )
        except Exception:  # noqa: BLE001  (redirects, 404, and what converters raise)
            return False
        return bool(found is rule)

    return match


def _filled(template: str | None, rule: Any) -> str:
    """Return a host's template with its parameters filled."""
    return next(compose(_pieces(template or "", rule)), "")


def _samples(app: Any, rule: Any, *, static: bool) -> Iterator[str]:
    if static and (file := _static_file(app, str(rule.endpoint))):
        yield re.sub(r"<[^<>]*>", lambda _: file, rule.rule)
    yield from compose(_pieces(rule.rule, rule))


def _pieces(template: str, rule: Any) -> list[str | Sequence[str]]:
    pieces: list[str | Sequence[str]] = []
    end = 0
    for found in _PARAMETER.finditer(template):
        pieces.append(template[end : found.start()])
        pieces.append(_values(rule._converters.get(found[1])))
        end = found.end()
    return [*pieces, template[end:]]


def _values(converter: Any) -> tuple[str, ...]:
    """Return texts that werkzeug's *converter* takes."""
    given = getattr(converter, "items", None)
    likely = sorted(given) if isinstance(given, set) else []
    for name in ("min", "max"):
        if (bound := getattr(converter, name, None)) is not None:
            likely.append(str(bound))
    digits = getattr(converter, "fixed_digits", 0)
    fitting = values(getattr(converter, "regex", ""))
    likely += [v.zfill(digits) for v in (*fitting, *COMMON)] if digits else fitting
    return tuple(v for v in likely if _is_taken(converter, v))


def _is_taken(converter: Any, value: str) -> bool:
    if not re.fullmatch(converter.regex, value):
        return False
    try:
        converter.to_python(value)
    except Exception:  # noqa: BLE001  (whatever a converter of the app's may raise)
        return False
    return True


def _static_file(app: Any, endpoint: str) -> str:
    """Return the name of a file in the folder that *endpoint* serves."""
    blueprint = endpoint.rpartition(".")[0]
    owner = app.blueprints.get(blueprint) if blueprint else app
    return file_in(getattr(owner, "static_folder", None))
