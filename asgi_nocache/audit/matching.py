"""Which route a path belongs to, told from the templates alone.

For what is asked or was seen from outside; the frameworks' own matchers are not
asked. Which routes there are is ``routes``' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .._core.facts import RequestFacts
from .values import Kind, Route

#: What stands for a parameter, as frameworks write it: ``{id:int}``, ``<int:id>``.
_PARAMETER = re.compile(r"\{([^{}]*)\}|<([^<>]*)>")
#: What a parameter of such a type takes; any other takes one segment.
_TYPES = {
    "int": r"[0-9]+",
    "float": r"[0-9]+(?:\.[0-9]+)?",
    "uuid": r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}",
    "path": r".*",
}


def routes_at(routes: Iterable[Route], target: str, host: str = "") -> list[Route]:
    """Return the routes whose templates take the path, the one that answers first.

    Whatever their methods. Flask takes the route with the fewest parameters, the
    others take the first.

    Args:
        routes: All of the app's, in the order in which they are tried.
        target: The request target.
        host: The host that is asked for; ``""`` fits any.
    """
    facts = RequestFacts("GET", target, ((b"host", host.encode("latin-1")),))
    found = [
        route
        for route in routes
        if route.kind is not Kind.STREAM
        and pattern_of(route).fullmatch(facts.path)
        and (not (host and route.host) or _host_fits(route.host, facts.host))
    ]
    return _plainest_first(found)


def takes(route: Route, method: str) -> bool:
    """Tell whether *route* answers *method*, or does not say which it does."""
    return not route.methods or method in route.methods


def _plainest_first(found: list[Route]) -> list[Route]:
    """Return *found* in the order in which the framework of the first looks at them."""
    if not found or found[0].framework != "flask":
        return found
    own = [route for route in found if route.framework == "flask"]
    others = [route for route in found if route.framework != "flask"]
    return [*sorted(own, key=lambda r: len(_PARAMETER.findall(r.path))), *others]


def _host_fits(template: str, host: str) -> bool:
    return re.fullmatch(_expression(template), host) is not None


def pattern_of(route: Route) -> re.Pattern[str]:
    """Return a route's template as a regular expression over paths."""
    return _compiled(route.path, route.catch_all)


@lru_cache(maxsize=4096)
def _compiled(path: str, catch_all: bool) -> re.Pattern[str]:
    out = _expression(path)
    if catch_all and not out.endswith(".*"):
        out = out.removesuffix("/") + "(?:/.*)?"
    return re.compile(out, re.DOTALL)


def _expression(template: str) -> str:
    out, at = "", 0
    for found in _PARAMETER.finditer(template):
        out += re.escape(template[at : found.start()])
        # Starlette has the type last, Flask first; a name alone has none.
        words = re.split(r"[:(]", found[1] or found[2] or "")
        typed = words[-1 if found[1] else 0] if len(words) > 1 else ""
        out += _TYPES.get(typed, "[^/]+")
        at = found.end()
    return out + re.escape(template[at:])
