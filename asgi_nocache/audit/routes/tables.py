"""Apps that keep plain pairs of a regular expression and a view, as Datasette does.

No framework: the list is the router, and the first expression that matches wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..values import Kind, Route
from .endpoints import unwrapped
from .samples import generated
from .where import Gate, Walk, Where

_GROUP = re.compile(r"\(\?P<(\w+)>")
#: What says no character of a path.
_SIGNS = re.compile(r"\\(?=[^\w\s])|^\^|\$$|\\Z$")


def is_app(app: Any) -> bool:
    """Tell whether *app* has a list of expressions and views."""
    routes = getattr(app, "routes", None)
    return isinstance(routes, list) and bool(routes) and all(map(_is_pair, routes))


def _is_pair(route: Any) -> bool:
    two = isinstance(route, tuple | list) and len(route) == 2
    return two and isinstance(route[0], re.Pattern) and callable(route[1])


def app_routes(app: Any, where: Where, walk: Walk) -> Iterator[Route]:  # noqa: ARG001
    """Yield a route for each pair; which methods a view takes is not known."""
    where = replace(where, heard=False)
    regexes = [regex for regex, _ in app.routes]
    for regex, view in app.routes:
        path = generated(regex.pattern)
        yield where.behind(_gate(regexes, regex, where)).route(
            template(regex.pattern),
            (path, f"{path}x", f"{path}a/b") if path else (),
            kind=Kind.ENDPOINT,
            endpoint=view,
            name=getattr(unwrapped(view), "__name__", ""),
            catch_all=regex.match(f"{path}/a/b/c") is not None,
        )


def template(pattern: str) -> str:
    """Return an expression for paths as a template with named parameters."""
    out, at = "", 0
    for found in _GROUP.finditer(pattern):
        if found.start() < at:
            continue  # a group in a group
        out += _SIGNS.sub("", pattern[at : found.start()])
        at = _end(pattern, found.end())
        out += f"{{{found[1]}}}"
    return out + _SIGNS.sub("", pattern[at:])


def _end(pattern: str, at: int) -> int:
    """Return where the group ends that *at* is in."""
    depth, escaped, in_set = 1, False, False
    while depth and at < len(pattern):
        char = pattern[at]
        at += 1
        if escaped or char == "\\":
            escaped = not escaped
        elif in_set or char == "[":
            in_set = char != "]"
        else:
            depth += {"(": 1, ")": -1}.get(char, 0)
    return at


def _gate(regexes: list[Any], own: Any, where: Where) -> Gate:
    def passes(path: str, *_: Any) -> bool:
        path = where.relative(path)
        return next((r for r in regexes if r.match(path)), None) is own

    return passes
