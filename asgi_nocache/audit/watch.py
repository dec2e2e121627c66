"""Which routes the responses of a test suite exercised, and what was wrong with them.

Judges what it is shown. How responses are caught, and what becomes of a test, is the
pytest plugin's business.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from .._core.cache_control import CacheControl
from .._core.facts import RequestFacts, ResponseFacts
from ..reuse import Exchange, Outcome, predict
from .checks.sightings import _confidence
from .load import Loaded
from .routes import find_routes
from .survey import decide_for, survey
from .values import Audited, Confidence, Route

#: A parameter in a template, of Starlette's and of Flask's kind.
_PARAMETER = re.compile(r"\{\w+(:path)?[^{}]*\}|<(path:)?[^<>]*>")


class Seen(NamedTuple):
    """One response that a test got; the target with its query, percent-encoded."""

    method: str
    target: str
    host: str
    request_fields: tuple[tuple[str, str], ...]
    status: int
    fields: tuple[tuple[str, str], ...]


@dataclass
class Watch:
    """The app's rows, which were exercised, and what was wrong since last asked."""

    loaded: Loaded
    rows: tuple[Audited, ...] = ()
    exercised: set[int] = field(default_factory=set)
    breaches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = tuple(r for r in survey(find_routes(self.loaded.app)) if r.method)

    def concerns(self, app: Any) -> bool:
        """Tell whether *app* is the audited one, or wraps it."""
        for _ in range(20):  # no real stack is deeper, and some go in circles
            if app is self.loaded.app:
                return True
            app = getattr(app, "app", None)
            if app is None:
                break
        return False

    def saw(self, seen: Seen) -> None:
        """Take note of a response, and of what is wrong with it."""
        row = _row_of(self.rows, seen)
        if row is not None:
            self.exercised.add(id(row.route))
        if problem := _problem(seen, row, self.rows):
            self.breaches.append(f"{seen.method} {seen.target}: {problem}")

    def summary(self) -> str:
        """Return how many routes were exercised, and some that were not."""
        routes: dict[int, str] = {}
        for row in self.rows:
            routes.setdefault(id(row.route), row.key)
        idle = [key for each, key in routes.items() if each not in self.exercised]
        more = ", ..." if idle[3:] else ""
        rest = f"; not: {', '.join(idle[:3])}{more}" if idle else ""
        count = len(routes) - len(idle)
        return f"{count} of {len(routes)} routes were exercised{rest}"


def _row_of(rows: tuple[Audited, ...], seen: Seen) -> Audited | None:
    """Return the row that answered; where the order does not tell, the plainest."""
    path = unquote(seen.target.partition("?")[0])
    methods = {seen.method, "GET"} if seen.method == "HEAD" else {seen.method}
    matching = [
        row
        for row in rows
        if (row.method in methods or not row.route.methods)
        and (not row.route.host or "{" in row.route.host or row.route.host == seen.host)
        and _pattern(row.route).fullmatch(path)
    ]
    return min(matching, key=_plainness, default=None)


def _plainness(row: Audited) -> int:
    """Flask takes the route with fewest parameters, the others take the first."""
    flask = row.route.framework == "flask"
    return len(_PARAMETER.findall(row.route.path)) if flask else 0


def _pattern(route: Route) -> re.Pattern[str]:
    return _compiled(route.path, route.catch_all)


@functools.cache
def _compiled(path: str, catch_all: bool) -> re.Pattern[str]:
    pieces, end = [], 0
    for found in _PARAMETER.finditer(path):
        pieces.append(re.escape(path[end : found.start()]))
        pieces.append(".*" if found[1] or found[2] else "[^/]+")
        end = found.end()
    pieces.append(re.escape(path[end:].rstrip("/") if catch_all else path[end:]))
    return re.compile("".join(pieces) + ("(?:/.*)?" if catch_all else ""), re.DOTALL)


def _problem(seen: Seen, row: Audited | None, rows: tuple[Audited, ...]) -> str:
    """Return what is wrong with a response, ``""`` if nothing is.

    What left goes through the policy once more: applied twice, it equals once.
    """
    if row is not None:
        if _confidence(row) is Confidence.GUESS:
            return ""  # set_policy: what the endpoint declared is not seen from here
        route, by = row.route, row.decided_by
    else:  # 404s and the like: the outermost middleware, if it is around all routes
        sets = {id(y.policy_set) for r in rows for y in r.route.layers[:1]}
        bare = len(sets) != 1 or not all(r.route.layers for r in rows)
        layers = () if bare else rows[0].route.layers[:1]
        route, by = Route(path=seen.target, layers=layers), "no route"
    decision = decide_for(
        replace(route, sample=seen.target),
        seen.method,
        seen.status,
        request_fields=seen.request_fields,
        sent=seen.fields,
    )
    lines = [v for n, v in seen.fields if n == "cache-control"]
    text = ", ".join(lines) or "no Cache-Control"
    if decision is None:
        return _storable(seen, text)
    left = CacheControl.parse([v.encode("latin-1", "replace") for v in lines])
    wanted = decision.cache_control
    if decision.mode == "report" or not wanted or (left and left.covers(wanted)):
        return ""
    return (
        f"answered {seen.status} with {text}, where the policy says {wanted} ({by}).\n"
        "  why: something outside the middleware changed the fields, or went round it\n"
        "  fix: let NoCacheMiddleware be the outermost, or declare it in a rule"
    )


def _storable(seen: Seen, text: str) -> str:
    """Return what is wrong with a response that no middleware stands around."""
    lines = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in seen.fields)
    request = RequestFacts(seen.method, seen.target)
    told = predict(
        Exchange(request, ResponseFacts(seen.status, lines)),
        request,
        cache="private",
        elapsed=1.0,
        response_time=1_000_000_000.0,
    )
    if told.outcome is Outcome.NOT_STORED:
        return ""
    return (
        f"answered {seen.status} with {text}, and no middleware stands around it: a "
        f"cache may store it: {told.reason} ({told.reference}).\n"
        "  why: what is stored can be shown again after it changed\n"
        "  fix: app = NoCacheMiddleware(app)"
    )
